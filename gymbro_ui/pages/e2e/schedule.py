"""Schedule dialog of the E2E page: the settings' own form in a dialog."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.primitives.field import Field
from components.settings.schedule_form import Patch, ScheduleActs, ScheduleForm
from components.words import tr
from gymbro_ui.actions import act
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest

if TYPE_CHECKING:
    from services.console import Console


def edit_schedule(console: "Console") -> None:
    """Open the form; it closes itself once saved."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Schedule"))

        async def save(patch: Patch, fields: dict[str, Field]) -> None:
            before = {name: getattr(console.settings.preferences, name) for name in patch}
            stored = await act(
                lambda: console.settings.change(patch),
                done=tr("Saved"),
                undo=lambda: console.settings.change(before),
                fields=fields,
            )
            if stored is not None:
                dialog.close()

        def calls(user_types: tuple[str, ...]) -> int:
            kinds = tuple(UserType(kind) for kind in user_types)
            request = LaunchRequest(user_types=kinds)
            return console.e2e.forecast(request).conversations if kinds else 0

        acts = ScheduleActs(preview=console.schedules.preview, calls=calls, save=save)
        ScheduleForm(console.settings.preferences, console.schedules.view(), acts)
    dialog.on("hide", dialog.delete)
    dialog.open()
