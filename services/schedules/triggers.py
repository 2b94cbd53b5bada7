"""Pure: which slots a rule has, which are due, and when the next one comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.schedules.types import DailyAt, Every, OffSpan, Rule

LATE_S = 60  # a slot fired later than this was made up
_NEVER = datetime.max.replace(tzinfo=UTC)
_LAST_YEAR = 9998  # a clock beyond it is wrong; nothing comes after it
NOTED_MAX = 50  # missed slots noted one by one; a longer absence is still one catch-up


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at the clock asks for."""

    fire: datetime | None  # the one slot to start now
    is_made_up: bool
    missed: tuple[datetime, ...]  # passed over, oldest first


def rule_of(interval_hours: int | None, daily_time: time) -> Rule:
    """Return the rule of the settings: an interval wins over the daily time."""
    return DailyAt(daily_time) if interval_hours is None else Every(interval_hours)


def spell(rule: Rule) -> str:
    """Return the rule as it is stored, e.g. `every:6` or `daily:05:00`."""
    return f"every:{rule.hours}" if isinstance(rule, Every) else f"daily:{rule.at:%H:%M}"


def unspell(spelled: str) -> Rule:
    """Return the rule that `spell` wrote."""
    word, _, value = spelled.partition(":")
    return Every(int(value)) if word == "every" else DailyAt(time.fromisoformat(value))


def launches_per_day(rule: Rule) -> int:
    """Return how many slots a day has, rounded up."""
    return -(-24 // rule.hours) if isinstance(rule, Every) else 1


def next_slot(rule: Rule, zone: str, base: datetime) -> datetime:
    """Return the first slot after base: the last scheduled slot, or when the rule was set."""
    if base.year > _LAST_YEAR:
        return _NEVER
    if isinstance(rule, Every):
        return base + timedelta(hours=rule.hours)
    zone_info = ZoneInfo(zone)
    day = base.astimezone(zone_info).date() - timedelta(days=1)
    for _ in range(
        4
    ):  # yesterday, today and tomorrow are enough; a shifted date line needs one more
        slot = _local_instant(day, rule.at, zone_info)
        if slot > base:
            return slot
        day += timedelta(days=1)
    raise AssertionError("a daily time comes every day")


def _local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return that local time as UTC: moved by the gap where it does not exist, the first of two."""
    return datetime.combine(day, at, zone).replace(fold=0).astimezone(UTC)


def base_of(rule: Rule, anchor: datetime, last_slot: datetime | None, now: datetime) -> datetime:
    """Return what the next slot is counted from.

    That is the last slot, or the anchor (when the rule was set) if that is later. A last slot more
    than one interval ahead of now is the trace of a clock that was wrong: it is not waited for.
    """
    base = anchor if last_slot is None else max(anchor, last_slot)
    return now if is_ahead(rule, base, now) else base


def is_ahead(rule: Rule, slot: datetime, now: datetime) -> bool:
    """Whether the slot lies further ahead than a right clock could have put it."""
    return slot - now > longest_gap(rule)


def longest_gap(rule: Rule) -> timedelta:
    """Return the longest time from one slot to the next."""
    return timedelta(hours=rule.hours) if isinstance(rule, Every) else timedelta(hours=26)


def look(rule: Rule, zone: str, base: datetime, now: datetime) -> Due:
    """Return what is due: the latest passed slot fires, all before it were missed."""
    if isinstance(rule, Every) and base < now:  # a long absence is not walked slot by slot
        step = timedelta(hours=rule.hours)
        base += step * max(0, (now - base) // step - NOTED_MAX)
    elif now - base > timedelta(days=NOTED_MAX):
        base = now - timedelta(days=NOTED_MAX)
    passed: list[datetime] = []
    slot = next_slot(rule, zone, base)
    while slot <= now and len(passed) <= NOTED_MAX + 2:
        passed.append(slot)
        slot = next_slot(rule, zone, slot)
    if not passed:
        return Due(None, is_made_up=False, missed=())
    late = (now - passed[-1]).total_seconds()
    return Due(passed[-1], is_made_up=late > LATE_S, missed=tuple(passed[:-1]))


def off_spans(
    ran: Sequence[tuple[datetime, datetime]],
    start: datetime,
    end: datetime,
    tolerance: timedelta = timedelta(seconds=90),
) -> list[OffSpan]:
    """Return the times between start and end that no stretch of running covers.

    Gaps within the tolerance (heartbeats come every 30 s) do not count.
    """
    spans: list[OffSpan] = []
    covered = start
    for began, seen in sorted(ran):
        if began - covered > tolerance:
            spans.append(OffSpan(covered, min(began, end)))
        covered = max(covered, seen)
        if covered >= end:
            return spans
    if end - covered > tolerance:
        spans.append(OffSpan(covered, end))
    return spans
