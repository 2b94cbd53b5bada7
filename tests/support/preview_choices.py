"""Preview parts: what an operator chose: settings, services under test, the schedule that follows them."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.signals import Signal
from services.schedules import triggers
from services.schedules.types import ScheduleView, Slot, SlotState
from services.settings import rules
from services.settings.types import AppSettings, Preferences
from services.targets.types import Target, TargetEdit
from tests.support import preview_data as data


class FakeSettings:
    """Preferences that are checked and kept in memory."""

    def __init__(self) -> None:
        self.preferences = Preferences(e2e_interval_hours=3, e2e_timezone="Asia/Shanghai")
        self.app = AppSettings()
        self.problems: list[str] = []
        self.changed: Signal[Preferences] = Signal("settings.changed")

    async def change(self, patch: dict[str, Any]) -> Preferences:
        self.preferences = rules.change_preferences(self.preferences, patch)
        self.changed.emit(self.preferences)
        return self.preferences


class FakeTargets:
    """Three services under test."""

    def __init__(self) -> None:
        self._all = list(data.TARGETS)
        self.changed: Signal[None] = Signal("targets.changed")

    @property
    def current(self) -> Target:
        return next(target for target in self._all if target.is_current)

    def all(self) -> tuple[Target, ...]:
        return tuple(self._all)

    def get(self, target_id: int) -> Target:
        for target in self._all:
            if target.id == target_id:
                return target
        raise NotFoundError("There is no service {id}", id=target_id)

    async def select(self, target_id: int) -> None:
        self._all = [replace(t, is_current=t.id == target_id) for t in self._all]
        self.changed.emit(None)

    async def save(self, edit: TargetEdit) -> Target:
        if not edit.api_base.startswith("http"):
            raise InputError(
                "Must be an http or https address, not {value}",
                field="api_base",
                value=edit.api_base,
            )
        made = Target(
            edit.id or len(self._all) + 1,
            edit.name,
            edit.api_base,
            edit.auth_url,
            edit.colour,
            edit.is_production,
        )
        kept = [t for t in self._all if t.id != made.id]
        self._all = sorted(
            [
                *kept,
                replace(made, is_current=any(t.id == made.id and t.is_current for t in self._all)),
            ],
            key=lambda t: t.id,
        )
        self.changed.emit(None)
        return made

    async def delete(self, target_id: int) -> None:
        if self.get(target_id).is_current:
            raise ConflictError(
                "The service under test cannot be deleted; select another one first"
            )
        self._all = [t for t in self._all if t.id != target_id]
        self.changed.emit(None)


class FakeSchedules:
    """A schedule that follows the settings."""

    def __init__(self, settings: FakeSettings, *, late: bool) -> None:
        self._settings = settings
        self._late = late
        self.changed: Signal[ScheduleView] = Signal("schedules.changed")

    def preview(self, hours: int | None, daily: time, zone: str) -> ScheduleView:
        rule = triggers.rule_of(hours, daily)
        return replace(
            self.view(),
            rule=rule,
            next_at=triggers.next_slot(rule, zone, data.NOW),
            launches_per_day=triggers.launches_per_day(rule),
        )

    def view(self) -> ScheduleView:
        preferences = self._settings.preferences
        rule = triggers.rule_of(preferences.e2e_interval_hours, preferences.daily_time)
        next_at = data.NOW + (
            timedelta(minutes=-3) if self._late else timedelta(hours=2, minutes=13)
        )
        slot = Slot(
            data.NOW - timedelta(minutes=47), SlotState.FIRED, data.NOW - timedelta(minutes=47)
        )
        return ScheduleView(
            preferences.e2e_enabled,
            rule,
            preferences.e2e_timezone,
            next_at if preferences.e2e_enabled else None,
            slot,
            data.NOW - timedelta(seconds=12),
            (replace(slot, slot_at=data.NOW - timedelta(hours=41), state=SlotState.MISSED),),
            triggers.launches_per_day(rule),
        )

    async def off_spans(self, start: Any, end: Any, **_: Any) -> list[Any]:
        return []
