"""Schedules: when things start by themselves."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many hours, counted from the last scheduled slot."""

    hours: int  # 3..24


@dataclass(frozen=True, slots=True)
class DailyAt:
    """Once a day at a local time."""

    at: time


Rule = Every | DailyAt


class SlotState(StrEnum):
    """What became of a slot."""

    FIRED = "fired"
    MADE_UP = "made_up"  # fired late, once, for one or several missed slots
    MISSED = "missed"  # the console was off or asleep
    SKIPPED = "skipped"  # the run before was still going


@dataclass(frozen=True, slots=True)
class Slot:
    """One due time and what became of it."""

    slot_at: datetime
    state: SlotState
    noted_at: datetime
    execution_id: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """The schedule as the pages show it."""

    is_enabled: bool
    rule: Rule
    zone: str
    next_at: datetime | None  # None when switched off
    last_slot: Slot | None
    last_tick_at: datetime | None
    missed: tuple[Slot, ...] = ()  # recent, newest first
    launches_per_day: int = 1


@dataclass(frozen=True, slots=True)
class OffSpan:
    """A time in which the console did not run."""

    start: datetime
    end: datetime
