"""Upkeep panels: how long data are kept and what the last clean-up did; the copies there are."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button, copy_button
from components.primitives.field import Field, number_field
from components.primitives.formats import age_words, count_text, epoch_ms, moment_text
from components.primitives.status_dot import Age, StatusDot
from components.rights import for_operators
from components.settings.schedule_values import plain
from components.status.looks import EXECUTION_LOOKS, Look
from components.words import tr, trn, word
from services.backup.types import StoredBackup
from services.executions.types import ExecutionState
from services.retention.types import DataKind, RetentionResult
from services.settings.types import Preferences

Save = Callable[[dict[str, Any], dict[str, Field]], Awaitable[object]]
KIND_WORDS: Mapping[DataKind, str] = {
    DataKind.E2E: word("E2E launches and replies"),
    DataKind.EXECUTIONS: word("Executions"),
    DataKind.MESSAGES: word("Messages and conversations"),
    DataKind.AUDIT: word("Audit"),
    DataKind.STATS: word("Statistics by user"),
    DataKind.LOAD: word("Load tests and their calls"),
}
_DAYS: Mapping[str, tuple[DataKind, int]] = {
    "retention_e2e_days": (DataKind.E2E, 3650),
    "retention_executions_days": (DataKind.EXECUTIONS, 3650),
    "retention_days": (DataKind.MESSAGES, 365),
    "retention_audit_days": (DataKind.AUDIT, 3650),
    "retention_stats_days": (DataKind.STATS, 3650),
    "retention_load_days": (DataKind.LOAD, 3650),
}
_VERIFIED = Look("ok", "tick", "tint", word("Verified"))
_UNKNOWN = Look("none", "hollow", "plain", word("Not verified"))
_SHOWN = 10


class Numbers(ui.element):
    """Number fields that save by themselves when one leaves them or presses Enter."""

    def __init__(self, fields: Mapping[str, Field], now: Preferences, save: Save) -> None:
        """Take fields that stand in this element's parent."""
        super().__init__("div")
        self.classes("gb-form")
        self._now, self._save, self._fields = now, save, fields
        for name, field in fields.items():
            field.move(self)
            for_operators(field.control)
            field.control.on("change", partial(self._changed, name))

    def load(self, now: Preferences) -> None:
        """Show other values."""
        self._now = now
        for name, field in self._fields.items():
            field.control.value = getattr(now, name)

    async def _changed(self, name: str) -> None:
        value = plain(self._fields[name].control.value)
        if value != getattr(self._now, name):
            await self._save({name: value}, {name: self._fields[name]})


class RetentionPanel(ui.element):
    """Days of each kind of data, and the last result."""

    def __init__(self, now: Preferences, zone: Callable[[], str], save: Save) -> None:
        """Show the present days; show() adds the last result."""
        super().__init__("div")
        self.classes("gb-col")
        self._zone = zone
        with self:
            fields = {
                name: number_field(
                    tr(KIND_WORDS[kind]), getattr(now, name), low=1, high=most, unit=tr("days")
                )
                for name, (kind, most) in _DAYS.items()
            }
            fields["retention_remote_days"] = number_field(
                tr("Figures by day in Supabase"),
                now.retention_remote_days,
                low=1,
                high=3650,
                unit=tr("days"),
            )
            self._numbers = Numbers(fields, now, save)
            ui.label(
                tr("A load test marked as baseline is kept until the mark is taken off.")
            ).classes("t-meta c-faint")
            self._last = ui.element("div").classes("gb-col").mark("retention-last")

    def load(self, now: Preferences) -> None:
        """Show other days."""
        self._numbers.load(now)

    def show(self, last: RetentionResult | None) -> None:
        """Show the newest run."""
        self._last.clear()
        with self._last:
            if last is None:
                ui.label(tr("It has not run yet.")).classes("t-meta c-faint")
            else:
                self._draw(last)

    def _draw(self, last: RetentionResult) -> None:
        look = EXECUTION_LOOKS[last.status]
        with ui.element("div").classes("gb-next"):
            StatusDot(look.tone, look.shape, look.weight, look.label)
            Age(epoch_ms(last.at), age_words(), title=moment_text(last.at, self._zone()))
            if last.status is ExecutionState.SUCCEEDED:
                ui.label(
                    tr("Rows deleted: {count}", count=count_text(last.total))
                    + f" · {tr('{size} given back to the disk', size=size_text(last.freed_bytes))}"
                )
            ui.element("div").classes("gb-grow")
            ui.link(tr("Open"), f"/executions/{last.execution_id}")
        parts = [
            f"{tr(KIND_WORDS[kind])} {count_text(last.deleted[kind])}"
            for kind in DataKind
            if last.deleted.get(kind)
        ]
        if parts:
            ui.label(" · ".join(parts)).classes("t-meta c-muted t-wrap")
        if last.error:
            ui.label(last.error).classes("gb-field__error t-wrap")
        if last.unpushed:
            text = trn(
                "{n} change waits for Supabase and is kept, whatever its age",
                "{n} changes wait for Supabase and are kept, whatever their age",
                last.unpushed,
            )
            ui.label(text).classes("t-meta c-muted t-wrap")
        if last.never_pushed:
            text = trn(
                "{n} day of figures was deleted that never arrived at Supabase",
                "{n} days of figures were deleted that never arrived at Supabase",
                last.never_pushed,
            )
            ui.label(text).classes("t-meta c-muted t-wrap")


class BackupPanel(ui.element):
    """Whether and how many copies are kept, and each copy with how to put it back."""

    def __init__(
        self,
        now: Preferences,
        zone: Callable[[], str],
        save: Save,
        restore: Callable[[StoredBackup], Any],
    ) -> None:
        """Show the present settings; show() adds the copies, each with a way back to it."""
        super().__init__("div")
        self.classes("gb-col")
        self._restore = restore
        self._now, self._save, self._zone = now, save, zone
        with self:
            self._daily = ui.switch(
                tr("Copy the whole database once a day"),
                value=now.backup_daily,
                on_change=self._switched,
            )
            for_operators(self._daily)
            kept = number_field(tr("Copies kept"), now.backups_kept, low=1, high=100)
            self._numbers = Numbers({"backups_kept": kept}, now, save)
            self._list = ui.element("div").classes("gb-list").props("role=list").mark("backups")
            ui.label(
                tr(
                    "A copy holds no keys: they stay in the folder of keys. The database that a copy"
                    " replaces is kept beside it. With the console stopped, the command does the same."
                )
            ).classes("gb-field__hint t-wrap")

    def load(self, now: Preferences) -> None:
        """Show other settings."""
        self._now = now
        self._daily.value = now.backup_daily
        self._numbers.load(now)

    def show(self, copies: Sequence[StoredBackup]) -> None:
        """Show the copies, the newest first."""
        self._list.clear()
        with self._list:
            if not copies:
                ui.label(tr("No copy yet")).classes("t-meta c-faint").props("role=listitem")
            for one in copies[:_SHOWN]:
                self._row(one)
        if len(copies) > _SHOWN:
            with self._list:
                more = len(copies) - _SHOWN
                older = trn("{n} older copy", "{n} older copies", more)
                ui.label(older).classes("c-faint").props("role=listitem")

    def _row(self, one: StoredBackup) -> None:
        look = _VERIFIED if one.is_verified else _UNKNOWN
        with ui.element("div").classes("gb-list__row").props("role=listitem"):
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                ui.label(one.name).classes("t-mono t-clip")
                with ui.element("div").classes("gb-row gb-wrap t-meta c-muted"):
                    Age(
                        epoch_ms(one.made_at),
                        age_words(),
                        title=moment_text(one.made_at, self._zone()),
                    )
                    ui.label(size_text(one.size_bytes))
                    if one.rows:
                        ui.label(tr("Rows: {count}", count=count_text(one.rows)))
            StatusDot(look.tone, look.shape, look.weight, look.label)
            button(tr("Put back …"), partial(self._restore, one), small=True, acts=True).mark(
                "restore"
            )
            copy_button(f"python main.py restore {one.name}", tr("Copy the restore command"))

    async def _switched(self) -> None:
        value = bool(self._daily.value)
        if value != self._now.backup_daily:
            await self._save({"backup_daily": value}, {})


def size_text(size_bytes: int) -> str:
    """Return 840 kB, 12.4 MB or 3.1 GB."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= size:
            return f"{size_bytes / size:.1f} {unit}"
    return f"{size_bytes / 1e3:.0f} kB"
