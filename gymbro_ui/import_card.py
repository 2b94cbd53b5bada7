"""Import card of the settings: an original database looked at, then taken over as an execution."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.live import on_batch
from components.primitives.card import card
from components.primitives.field import Field
from components.primitives.toast import toast
from components.settings.import_panel import ImportDialog, ImportPanel
from components.words import tr
from gymbro_ui.actions import act
from services.executions.types import Execution
from services.imports.types import KIND

if TYPE_CHECKING:
    from services.console import Console


def import_card(console: "Console") -> None:
    """Draw where the file is named, and how the last import went."""
    importing = console.importing

    async def save(kind: str) -> None:
        last = await importing.last()
        content = last and importing.report_file(last.execution_id, kind)
        if last and content:
            ui.download.content(content, f"import-{last.execution_id}.{kind}")

    note = tr("Providers, mappings, prompts, runs and figures of an original GymBro server")
    with card(tr("Move in"), note=note):
        panel = ImportPanel(
            lambda: console.settings.preferences.e2e_timezone,
            importing.upload_place,
            partial(_look, console),
            save,
        )

    async def load() -> None:
        last = await importing.last()
        has_report = last is not None and importing.report(last.execution_id) is not None
        with panel.element:
            panel.show(last, has_report=has_report)

    def changed(_batch: list[Execution]) -> None:
        background_tasks.create(load(), name="last import")

    on_batch(console.executions.changed, changed, 0.5, keep=lambda one: one.execution_type == KIND)
    changed([])


async def _look(console: "Console", path: Path, fields: dict[str, Field]) -> None:
    """Show what an import would do; start it when that is agreed to."""
    importing = console.importing
    report = await act(lambda: importing.preview(path), fields=fields)
    if report is None:
        await importing.forget_upload(path)
        return

    async def go() -> bool:
        started = await act(lambda: importing.start(path))
        if started is not None:
            address = f"/executions/{started.execution_id}"
            toast(
                tr("The import was started"),
                action=tr("Open"),
                on_action=lambda: ui.navigate.to(address),
            )
        return started is not None

    ImportDialog(report, go, partial(importing.forget_upload, path))
