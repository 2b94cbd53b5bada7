"""Windows: which roll-ups make up a stretch of time, on days of 23, 24 and 25 hours too."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stats.windows import MINUTE, Grain, Span, bins, cover, day_span, joined, window

NOW = datetime(2026, 11, 24, 5, 31, 20, tzinfo=UTC)
minutes = st.integers(0, 60 * 24 * 70).map(lambda n: datetime(2026, 9, 20, tzinfo=UTC) + n * MINUTE)


@given(minutes, minutes)
def test_pieces_make_up_the_span_without_gap_or_overlap(one: datetime, other: datetime) -> None:
    span = Span(min(one, other), max(one, other))
    at = span.start
    for piece in cover(span):
        assert piece.span.start == at
        assert not piece.span.is_empty
        at = piece.span.end
        if piece.grain is Grain.DAY:
            assert (piece.span.start.hour, piece.span.end.hour) == (0, 0)
    assert at == span.end or span.is_empty
    assert len(cover(span)) <= 5


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York"]
)
def test_a_month_is_drawn_by_the_days_of_the_zone(zone: str) -> None:
    spans = bins("30d", NOW, ZoneInfo(zone))
    whole = window("30d", NOW)
    assert (spans[0].start, spans[-1].end) == (whole.start, whole.end)
    for before, after in itertools.pairwise(spans):
        assert before.end == after.start
        local = after.start.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (0, 0)
    assert len(spans) == 31
    pieces = joined([piece for span in spans for piece in cover(span, Grain.HOUR)])
    assert pieces[0].span.start == whole.start


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 11, 24), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # midnight itself is skipped
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
    ],
)
def test_days_of_a_clock_change_have_their_hours(zone: str, day: date, hours: float) -> None:
    span = day_span(day, ZoneInfo(zone))
    assert span.end - span.start == timedelta(hours=hours)
    assert day_span(day + timedelta(days=1), ZoneInfo(zone)).start == span.end
