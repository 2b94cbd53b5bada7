"""Freshness: until when a verdict counts as present, for the server and for the browser."""

from datetime import datetime, timedelta

from services.schedules.types import Every, ScheduleView

LEEWAY = 0.1  # a verdict may be this much older than the interval


def interval_of(view: ScheduleView) -> timedelta:
    """Return the time between two checks of the schedule."""
    return timedelta(hours=view.rule.hours if isinstance(view.rule, Every) else 24)


def fresh_until(judged_at: datetime, view: ScheduleView) -> datetime:
    """Return when a verdict turns stale: its interval and 10 % after it was made."""
    return judged_at + interval_of(view) * (1 + LEEWAY)


def is_stale(judged_at: datetime | None, view: ScheduleView, now: datetime) -> bool:
    """Whether what is shown may no longer be true; nothing judged is not stale but unknown."""
    return judged_at is not None and now > fresh_until(judged_at, view)
