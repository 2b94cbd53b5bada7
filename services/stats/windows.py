"""Pure: the windows figures are counted over, and which roll-ups make up a stretch of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.stats.types import WINDOWS, check_window

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)
_QUARTERS, _HALF = 96, 48  # of a day, of half a day


class Grain(StrEnum):
    """How long the time of one roll-up is; hours and days are UTC's."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


_LENGTHS = {Grain.MINUTE: MINUTE, Grain.HOUR: HOUR, Grain.DAY: DAY}
_FINER = {Grain.DAY: Grain.HOUR, Grain.HOUR: Grain.MINUTE}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time on whole minutes; the end does not belong to it."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies in it."""
        return self.start >= self.end


@dataclass(frozen=True, slots=True)
class Piece:
    """Roll-ups of one grain that lie one after the other."""

    grain: Grain
    span: Span


def floor(moment: datetime, grain: Grain) -> datetime:
    """Return the beginning of the minute, hour or day (UTC) the moment lies in."""
    moment = moment.astimezone(UTC).replace(second=0, microsecond=0)
    if grain is Grain.MINUTE:
        return moment
    return moment.replace(minute=0) if grain is Grain.HOUR else moment.replace(minute=0, hour=0)


def window(word: str, now: datetime) -> Span:
    """Return the window that ends with the present minute; raise InputError.

    It begins on a whole minute, so it is up to 60 s longer than its name.
    """
    minute = floor(now, Grain.MINUTE)
    return Span(minute - WINDOWS[check_window(word)], minute + MINUTE)


def before(word: str, now: datetime) -> Span:
    """Return the window before that one; the far end of the longest lies on a whole hour."""
    start = window(word, now).start
    far = start - WINDOWS[word]
    return Span(floor(far, Grain.HOUR) if word == "30d" else far, start)


def cover(span: Span, coarsest: Grain = Grain.DAY) -> list[Piece]:
    """Return the fewest roll-ups that make up the span, in the order of time."""
    if span.is_empty:
        return []
    length = _LENGTHS[coarsest]
    if coarsest is Grain.MINUTE:
        return [Piece(coarsest, span)]
    start = floor(span.start, coarsest)
    if start < span.start:
        start += length
    end = floor(span.end, coarsest)
    finer = _FINER[coarsest]
    if start >= end:
        return cover(span, finer)
    return [
        *cover(Span(span.start, start), finer),
        Piece(coarsest, Span(start, end)),
        *cover(Span(end, span.end), finer),
    ]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with those joined that are of one grain and touch."""
    whole: list[Piece] = []
    for piece in pieces:
        last = whole[-1] if whole else None
        if last and last.grain is piece.grain and last.span.end == piece.span.start:
            whole[-1] = Piece(piece.grain, Span(last.span.start, piece.span.end))
        else:
            whole.append(piece)
    return whole


def bins(word: str, now: datetime, zone: ZoneInfo) -> list[Span]:
    """Return the points of a chart of the window: minutes, hours, or the days of the zone.

    The first and the last may be cut by the window; a day of a clock change has 23 or 25 hours.
    """
    whole = window(word, now)
    edges = _day_edges(whole, zone) if word == "30d" else _even_edges(word, whole)
    points = [whole.start, *(edge for edge in edges if whole.start < edge < whole.end), whole.end]
    return [Span(start, end) for start, end in pairwise(points)]


def day_span(day: date, zone: ZoneInfo) -> Span:
    """Return the day of the zone: 23, 24 or 25 hours, sometimes others."""
    return Span(_midnight(day, zone), _midnight(day + DAY, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of the day; where midnight is skipped, the moment after the gap."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _even_edges(word: str, whole: Span) -> Iterator[datetime]:
    grain = Grain.MINUTE if word == "1h" else Grain.HOUR
    edge = floor(whole.start, grain)
    while edge < whole.end:
        yield edge
        edge += _LENGTHS[grain]


def _day_edges(whole: Span, zone: ZoneInfo) -> Iterator[datetime]:
    day = whole.start.astimezone(zone).date()
    while (edge := _midnight(day, zone)) < whole.end:
        yield edge
        day += DAY


def quarter_masks(span: Span) -> list[tuple[date, int, int]]:
    """Return each UTC day of the span with a bit a quarter of an hour: before noon, from noon on.

    Quarters the span only touches are in it; days of every zone in use begin on a whole quarter.
    """
    masks: list[tuple[date, int, int]] = []
    day = floor(span.start, Grain.DAY)
    while day < span.end:
        first = max(0, (span.start - day) // QUARTER)
        last = min(_QUARTERS, -((day - span.end) // QUARTER))
        bits = (1 << last) - (1 << first)
        masks.append((day.date(), bits & ((1 << _HALF) - 1), bits >> _HALF))
        day += DAY
    return masks
