"""Upkeep cards of the settings: how long data are kept, and the copies of the database."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.toast import toast
from components.settings.journal_panel import JournalPanel
from components.settings.restore_dialog import RestoreDialog
from components.settings.settings_file import SettingsFileDialog
from components.settings.upkeep_panels import BackupPanel, RetentionPanel
from components.status.refusals import why
from components.words import tr, trn
from gymbro_ui.actions import act, save_preferences
from services.backup.types import KIND as BACKUP
from services.backup.types import StoredBackup
from services.executions.types import Execution
from services.retention.types import KIND as RETENTION
from services.settings.types import FilePlan, Preferences

if TYPE_CHECKING:
    from services.console import Console


def retention_card(console: "Console") -> None:
    """Draw the days of each kind of data, and the last clean-up."""
    note = tr("What is older is deleted once a day")
    with _card(console, RETENTION, tr("Retention"), tr("Clean up now"), "auto_delete", note):
        panel = RetentionPanel(*_panel_of(console))

    async def load() -> None:
        last = await console.upkeep.retention.last()
        with panel:
            panel.show(last)

    _keep_fresh(console, panel, RETENTION, load)


def settings_file_card(console: "Console") -> None:
    """Draw the way of the settings into a file and back."""

    def save() -> None:
        name = f"gymbro-settings-{console.clock.now():%Y%m%d-%H%M}.json"
        ui.download.content(console.settings.as_file(), name, "application/json")

    async def read(content: bytes) -> FilePlan | None:
        async def plan() -> FilePlan:
            return console.settings.read_file(content)

        return await act(plan)

    async def taken(plan: FilePlan) -> bool:
        await console.settings.apply(plan)
        return True

    async def apply(plan: FilePlan) -> bool:
        done = await act(
            lambda: taken(plan),
            done=tr("Saved"),
            undo=lambda: console.settings.apply(plan, back=True),
        )
        return bool(done)

    note = tr("Without keys, passwords and tokens")
    with card(tr("Settings in a file"), note=note), ui.element("div").classes("gb-row gb-wrap"):
        button(tr("Save to a file"), save, icon="download").mark("settings-save")
        button(
            tr("Take from a file …"),
            lambda: SettingsFileDialog(read, apply),
            icon="upload",
            acts=True,
        ).mark("settings-take")


def backup_card(console: "Console") -> None:
    """Draw the copies; with PostgreSQL, what to do instead."""
    if not console.upkeep.backups.is_possible:
        with card(tr("Backup")):
            ui.label(
                tr("The data are in PostgreSQL: use pg_dump and pg_restore of its server.")
            ).classes("c-muted t-wrap")
        return
    note = tr("Whole copies of the database, each one checked")
    with _card(console, BACKUP, tr("Backup"), tr("Back up now"), "database", note):
        panel = BackupPanel(*_panel_of(console), partial(_restore, console))

    async def load() -> None:
        copies = await console.upkeep.backups.list()
        with panel:
            panel.show(copies)

    _keep_fresh(console, panel, BACKUP, load)


def journal_card(console: "Console") -> None:
    """Draw what waits to be written back, and a button that does it now."""
    journal = console.journal

    async def replay() -> None:
        report = await act(journal.replay)
        if report is None:
            return
        if report.left:
            toast(
                tr("The database still refuses: {reason}", reason=why(report.reason)), tone="slow"
            )
        else:
            toast(trn("{n} result written back", "{n} results written back", report.rows))

    def toolbar() -> None:
        button(tr("Write back now"), replay, icon="replay", small=True, acts=True).mark("replay")

    note = tr("Results the database refused, kept beside it until it takes them")
    with card(tr("Journal"), toolbar=toolbar, note=note):
        panel = JournalPanel(lambda: console.settings.preferences.e2e_timezone)
    panel.show(journal.view)
    on_batch(journal.changed, lambda _: panel.show(journal.view), 0.5)


def _card(
    console: "Console", kind: str, title: str, start: str, icon: str, note: str
) -> AbstractContextManager[object]:
    """Return a card whose button starts a run of the kind."""
    run = partial(_start, console, kind)

    def toolbar() -> None:
        button(start, run, icon=icon, small=True, acts=True).mark(f"run-{kind}")

    return card(title, toolbar=toolbar, note=note)


def _panel_of(
    console: "Console",
) -> tuple[Preferences, Callable[[], str], Callable[..., Awaitable[object]]]:
    """What both panels are made of: the present settings, the zone now, how they are saved."""
    settings = console.settings
    return (
        settings.preferences,
        lambda: settings.preferences.e2e_timezone,
        partial(save_preferences, console),
    )


def _keep_fresh(
    console: "Console",
    panel: RetentionPanel | BackupPanel,
    kind: str,
    load: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Load now, and again whenever a run of the kind changes or ends."""

    def changed(_batch: list[Execution]) -> None:
        background_tasks.create(load(), name=f"result of {kind}")

    on_batch(console.executions.changed, changed, 0.5, keep=lambda one: one.execution_type == kind)
    on_batch(console.settings.changed, lambda batch: panel.load(batch[-1]))
    changed([])


async def _start(console: "Console", kind: str) -> None:
    started = await act(lambda: console.executions.start(kind, {}))
    if started is not None:
        address = f"/executions/{started.execution_id}"
        toast(
            tr("The run was started"), action=tr("Open"), on_action=lambda: ui.navigate.to(address)
        )


async def _restore(console: "Console", copy: StoredBackup) -> None:
    """Show what the copy would change; put it back when that is agreed to."""

    async def go() -> bool:
        asked = await act(lambda: _asked(console, copy.name))
        if asked:
            console.ask_to_stop()
        return bool(asked)

    dialog = RestoreDialog(
        copy.name,
        console.settings.preferences.e2e_timezone,
        lambda: act(lambda: console.upkeep.restores.preview(copy.name)),
        go,
    )
    await dialog.fill()


async def _asked(console: "Console", name: str) -> bool:
    await console.upkeep.restores.ask(name)
    return True
