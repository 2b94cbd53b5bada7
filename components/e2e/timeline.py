"""Launches to the horizontal axis of the matrix: columns, gaps, off-times, marks and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from components.primitives.formats import zone_of
from services.e2e.types import Launch, Mark
from services.schedules.types import OffSpan

COLUMN_PX = 24  # a scheduled launch
MANUAL_PX = 14  # a launch by hand: about half, yet wide enough for its glyph
GAP_PX = 12  # one missed slot
GAP_MAX_PX = 60
LABEL_PX = 38  # what a time label needs: 05:00 and some air
AIR_PX = 6  # of it may be taken by a label that moved to the left
FLAG_PX = 64  # what the flag of a mark may take
DAY_PX = 46  # what a day label needs
LATE_RATIO = 1.5  # a distance over this many intervals is drawn as a gap


@dataclass(frozen=True, slots=True)
class Column:
    """One launch on the axis."""

    launch: Launch
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without launches; `is_off` says that the console did not run."""

    start: datetime
    end: datetime
    x: int
    width: int
    is_off: bool


@dataclass(frozen=True, slots=True)
class MarkLine:
    """A thin vertical line: everything that changed between two columns."""

    marks: tuple[Mark, ...]
    x: int


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of text under which a column or a day begins."""

    text: str
    x: int
    is_day: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Everything the header and the lines of the matrix need; x in pixels from its left end."""

    columns: tuple[Column, ...]
    gaps: tuple[Gap, ...]
    marks: tuple[MarkLine, ...]
    labels: tuple[Label, ...]
    width: int


def lay_out(
    launches: Sequence[Launch],
    *,
    marks: Sequence[Mark] = (),
    off_spans: Sequence[OffSpan] = (),
    interval: timedelta | None = None,
    zone: str = "UTC",
) -> Axis:
    """Return the axis of the launches, oldest at the left; interval is the schedule's own."""
    columns: list[Column] = []
    gaps: list[Gap] = []
    x = 0
    for index, launch in enumerate(launches):
        if index:
            gap = _gap_between(launches[index - 1], launch, off_spans, interval, x)
            if gap is not None:
                gaps.append(gap)
                x += gap.width
        width = COLUMN_PX if launch.trigger == "schedule" else MANUAL_PX
        columns.append(Column(launch, x, width))
        x += width
    tail = _off_after(launches[-1].started_at, off_spans, x, interval) if launches else None
    if tail is not None:
        gaps.append(tail)
        x += tail.width
    x = max(x, DAY_PX) if launches else 0  # room for the labels of a first, narrow column
    lines = _mark_lines(columns, marks)
    return Axis(
        columns=tuple(columns),
        gaps=tuple(gaps),
        marks=lines,
        labels=_labels(columns, lines, zone_of(zone), x),
        width=x,
    )


def _gap_between(
    before: Launch,
    after: Launch,
    off_spans: Sequence[OffSpan],
    interval: timedelta | None,
    x: int,
) -> Gap | None:
    start, end = before.started_at, after.started_at
    off = [span for span in off_spans if span.start < end and span.end > start]
    if off:
        first, last = max(start, off[0].start), min(end, off[-1].end)
        return Gap(first, last, x, _gap_width(last - first, interval), is_off=True)
    if interval is None or end - start <= interval * LATE_RATIO:
        return None
    return Gap(start, end, x, _gap_width(end - start - interval, interval), is_off=False)


def _off_after(
    last_at: datetime, off_spans: Sequence[OffSpan], x: int, interval: timedelta | None
) -> Gap | None:
    off = [span for span in off_spans if span.end > last_at]
    if not off:
        return None
    start, end = max(last_at, off[0].start), off[-1].end
    return Gap(start, end, x, _gap_width(end - start, interval), is_off=True)


def _gap_width(length: timedelta, interval: timedelta | None) -> int:
    slots = max(1, round(length / interval)) if interval else 1
    return min(GAP_MAX_PX, GAP_PX * slots)


def _mark_lines(columns: Sequence[Column], marks: Sequence[Mark]) -> tuple[MarkLine, ...]:
    """Put each mark before the first column that started after it; none before the first one."""
    lines: list[MarkLine] = []
    for before, after in pairwise(columns):
        between = tuple(
            mark for mark in marks if before.launch.started_at < mark.at <= after.launch.started_at
        )
        if between:
            lines.append(MarkLine(between, after.x))
    if columns:
        newest = columns[-1]
        later = tuple(mark for mark in marks if mark.at > newest.launch.started_at)
        if later:
            lines.append(MarkLine(later, newest.x + newest.width))
    return tuple(lines)


def _labels(
    columns: Sequence[Column], marks: Sequence[MarkLine], zone: ZoneInfo, width: int
) -> tuple[Label, ...]:
    """Return day labels where a day begins and time labels where there is room for them.

    A label that would stand out beyond the right end moves to the left, yet never over the label
    before it, nor beyond the left end, where the names of the models would cover it.
    """
    flags = [(mark.x - LABEL_PX, mark.x + FLAG_PX) for mark in marks]
    labels: list[Label] = []
    day, day_free, time_free = "", 0, 0
    for column in columns:
        local = local_time(column.launch.started_at, zone)
        date = local.strftime("%m-%d")
        if date != day:
            day = date
            if column.x >= day_free:
                labels.append(Label(date, _moved(column.x, DAY_PX, width), is_day=True))
                day_free = column.x + DAY_PX
        at = _moved(column.x, LABEL_PX, width)
        is_free = column.x >= time_free and at + AIR_PX >= time_free
        if is_free and not any(a < column.x < b for a, b in flags):
            labels.append(Label(local.strftime("%H:%M"), at))
            time_free = column.x + LABEL_PX
    return tuple(labels)


def _moved(x: int, needed: int, width: int) -> int:
    return max(0, min(x, width - needed))


def local_time(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment in the operator's zone; a naive one is taken for UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
