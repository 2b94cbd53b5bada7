"""Due rules: intervals, daily times, daylight saving, absences."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from time import tzset

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.schedules import triggers
from services.schedules.types import DailyAt, Every, OffSpan


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAILY = DailyAt(time(5, 0))


@pytest.mark.parametrize(
    ("interval", "daily", "zone", "base", "expected"),
    [
        (6, "05:00", "UTC", "2026-03-02 04:50", "2026-03-02 10:50"),
        (3, "05:00", "Asia/Shanghai", "2026-03-02 23:30", "2026-03-03 02:30"),
        (24, "05:00", "America/New_York", "2026-03-07 09:00", "2026-03-08 09:00"),
        (None, "05:00", "UTC", "2026-03-02 04:50", "2026-03-02 05:00"),
        (None, "05:00", "UTC", "2026-03-02 05:00", "2026-03-03 05:00"),
        (None, "05:00", "Asia/Shanghai", "2026-03-02 04:50", "2026-03-02 21:00"),
        (None, "05:00", "Pacific/Kiritimati", "2026-03-02 15:30", "2026-03-03 15:00"),
        (None, "00:00", "Pacific/Apia", "2026-03-02 11:30", "2026-03-03 11:00"),
        (None, "23:59", "Asia/Kathmandu", "2026-03-02 18:14", "2026-03-03 18:14"),
        # New York goes to summer time on 2026-03-08 at 02:00: 05:00 comes an hour earlier in UTC.
        (None, "05:00", "America/New_York", "2026-03-07 10:00", "2026-03-08 09:00"),
        # 02:30 does not exist that day: it runs once, at 03:30 summer time.
        (None, "02:30", "America/New_York", "2026-03-07 07:30", "2026-03-08 07:30"),
        (None, "02:30", "America/New_York", "2026-03-08 07:30", "2026-03-09 06:30"),
        # 01:30 comes twice on 2026-11-01: it runs once, the first time.
        (None, "01:30", "America/New_York", "2026-10-31 05:30", "2026-11-01 05:30"),
        (None, "01:30", "America/New_York", "2026-11-01 05:30", "2026-11-02 06:30"),
        # Lord Howe moves its clock by half an hour only.
        (None, "02:15", "Australia/Lord_Howe", "2026-10-02 15:45", "2026-10-03 15:45"),
        (None, "05:00", "UTC", "2038-01-19 03:14:08", "2038-01-19 05:00"),
    ],
)
def test_the_next_slot(
    interval: int | None, daily: str, zone: str, base: str, expected: str
) -> None:
    rule = triggers.rule_of(interval, time.fromisoformat(daily))
    assert triggers.next_slot(rule, zone, utc(base)) == utc(expected)


def test_the_zone_of_the_machine_moves_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        tzset()
        base = utc("2026-03-07 09:00")
        found.add(
            (triggers.next_slot(DAILY, "UTC", base), triggers.next_slot(Every(3), "UTC", base))
        )
    monkeypatch.undo()
    tzset()
    assert found == {(utc("2026-03-08 05:00"), utc("2026-03-07 12:00"))}


def test_an_interval_wins_over_the_daily_time() -> None:
    assert triggers.rule_of(6, time(5)) == Every(6)
    assert triggers.rule_of(None, time(5)) == DailyAt(time(5))


@pytest.mark.parametrize("rule", [Every(3), Every(24), DAILY, DailyAt(time(23, 59))])
def test_a_rule_survives_being_stored(rule: Every | DailyAt) -> None:
    assert triggers.unspell(triggers.spell(rule)) == rule


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1_704_067_200, 2_051_222_400),
    st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Asia/Shanghai", "Pacific/Apia"]),
    st.times(),
)
def test_a_daily_time_comes_once_every_local_day(base: int, zone: str, at: time) -> None:
    rule = DailyAt(at.replace(second=0, microsecond=0, tzinfo=None))
    slot = datetime.fromtimestamp(base, UTC)
    slots = []
    for _ in range(5):
        slot = triggers.next_slot(rule, zone, slot)
        slots.append(slot)
    for earlier, later in pairwise(slots):
        assert timedelta(hours=22) <= later - earlier <= timedelta(hours=26)


@pytest.mark.parametrize("rule", [Every(3), DAILY])
def test_a_clock_at_the_end_of_time_does_no_harm(rule: Every | DailyAt) -> None:
    now = utc("9999-12-31 23:59:59")
    assert triggers.next_slot(rule, "Asia/Shanghai", now) > now
    assert triggers.look(rule, "UTC", now - timedelta(hours=30), now).fire is None
    assert triggers.next_slot(rule, "UTC", utc("2038-01-19 03:14:08")).year == 2038


def test_nothing_is_due_before_the_slot_and_the_slot_is_due_at_its_second() -> None:
    base = utc("2026-03-02 05:00")
    assert triggers.look(Every(6), "UTC", base, utc("2026-03-02 10:59:59")).fire is None
    due = triggers.look(Every(6), "UTC", base, utc("2026-03-02 11:00"))
    assert due == triggers.Due(utc("2026-03-02 11:00"), is_made_up=False, missed=())


def test_one_missed_slot_is_made_up() -> None:
    due = triggers.look(Every(6), "UTC", utc("2026-03-02 05:00"), utc("2026-03-02 12:30"))
    assert due == triggers.Due(utc("2026-03-02 11:00"), is_made_up=True, missed=())


def test_of_five_missed_slots_the_latest_is_made_up_and_four_were_missed() -> None:
    due = triggers.look(Every(3), "UTC", utc("2026-03-02 00:00"), utc("2026-03-02 16:00"))
    assert due.fire == utc("2026-03-02 15:00")
    assert due.is_made_up
    assert due.missed == tuple(utc(f"2026-03-02 {hour:02}:00") for hour in (3, 6, 9, 12))


@pytest.mark.parametrize("rule", [Every(3), DAILY])
def test_an_absence_of_three_years_is_one_catch_up_and_a_bounded_list(
    rule: Every | DailyAt,
) -> None:
    due = triggers.look(rule, "UTC", utc("2026-03-02 05:00"), utc("2029-03-02 16:00"))
    assert due.fire is not None
    assert utc("2029-03-02 16:00") - due.fire < timedelta(hours=24)
    assert 40 <= len(due.missed) <= triggers.NOTED_MAX + 2
    if isinstance(rule, Every):
        assert (due.fire - utc("2026-03-02 05:00")) % timedelta(hours=3) == timedelta(0)


def test_a_slot_counts_from_the_later_of_anchor_and_last_slot() -> None:
    now = utc("2026-03-02 10:30")
    last, anchor = utc("2026-03-02 05:00"), utc("2026-03-02 10:00")
    assert triggers.base_of(Every(6), anchor, last, now) == anchor
    assert triggers.base_of(Every(6), last, anchor, now) == anchor
    assert triggers.base_of(Every(6), anchor, None, now) == anchor


def test_a_last_slot_far_in_the_future_is_not_waited_for() -> None:
    now = utc("2026-03-02 10:30")
    ahead = utc("2027-03-02 05:00")
    assert triggers.base_of(Every(6), now, ahead, now) == now
    an_hour = utc("2026-03-02 11:30")  # a clock set back an hour
    assert triggers.base_of(Every(6), now, an_hour, now) == an_hour


@pytest.mark.parametrize(
    ("rule", "count"), [(Every(3), 8), (Every(5), 5), (Every(24), 1), (DAILY, 1)]
)
def test_launches_a_day(rule: Every | DailyAt, count: int) -> None:
    assert triggers.launches_per_day(rule) == count


def test_off_spans_are_what_no_stretch_covers() -> None:
    ran = [
        (utc("2026-03-02 01:00"), utc("2026-03-02 03:00")),
        (utc("2026-03-02 02:00"), utc("2026-03-02 04:00")),  # a second process
        (utc("2026-03-02 04:00:40"), utc("2026-03-02 05:00")),  # a quick restart
        (utc("2026-03-02 08:00"), utc("2026-03-02 09:00")),
    ]
    start, end = utc("2026-03-02 00:00"), utc("2026-03-02 10:00")
    assert triggers.off_spans(ran, start, end) == [
        OffSpan(start, utc("2026-03-02 01:00")),
        OffSpan(utc("2026-03-02 05:00"), utc("2026-03-02 08:00")),
        OffSpan(utc("2026-03-02 09:00"), end),
    ]
    assert triggers.off_spans([], start, end) == [OffSpan(start, end)]
    assert triggers.off_spans([(start, end)], start, end) == []
