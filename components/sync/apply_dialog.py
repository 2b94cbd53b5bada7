"""Apply dialog: what will happen, deletions and broken mappings by name, before anything does."""

from collections.abc import Sequence

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.button import button
from components.words import tr, trn
from services.sync.types import Choice, SyncItem

NAMED = 200  # names listed one by one


async def confirm_apply(chosen: Sequence[tuple[SyncItem, Choice]]) -> bool:
    """Return whether the operator agreed after every deletion was named."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Carry this out?"))
        _counts(chosen)
        gone = [item for item, choice in chosen if _is_deletion(item, choice)]
        if gone:
            banner(trn("{n} row is deleted:", "{n} rows are deleted:", len(gone)), tone="failed")
            _names([item.title for item in gone])
        broken = sorted({one for item, choice in chosen for one in _breaks(item, choice)})
        if broken:
            text = trn("{n} mapping loses a model:", "{n} mappings lose a model:", len(broken))
            banner(text, tone="structure")
            _names(broken)
        ui.label(
            tr("This side changes in one transaction; a backup of it is written before.")
        ).classes("c-muted t-wrap")
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(result=False))
            accept = tr("Delete and apply") if gone else tr("Apply")
            kind = "danger" if gone else "primary"
            button(accept, lambda: dialog.submit(result=True), kind=kind)
    try:
        return bool(await dialog)
    finally:
        dialog.delete()


def _counts(chosen: Sequence[tuple[SyncItem, Choice]]) -> None:
    pulls = sum(choice is Choice.PULL for _, choice in chosen)
    pushes = sum(choice is Choice.PUSH for _, choice in chosen)
    with ui.element("div").classes("gb-col gap-4"):
        if pulls:
            ui.label(trn("{n} change on this side", "{n} changes on this side", pulls))
        if pushes:
            ui.label(trn("{n} change at Supabase", "{n} changes at Supabase", pushes))


def _is_deletion(item: SyncItem, choice: Choice) -> bool:
    if choice is Choice.PULL:
        return item.remote is None
    return choice is Choice.PUSH and item.local is None


def _breaks(item: SyncItem, choice: Choice) -> tuple[str, ...]:
    return item.breaks if choice is Choice.PULL else ()


def _names(names: Sequence[str]) -> None:
    with ui.element("ul").classes("sy-named"):
        for name in names[:NAMED]:
            with ui.element("li"):
                ui.label(name)
    if len(names) > NAMED:
        rest = len(names) - NAMED
        ui.label(trn("and {n} more", "and {n} more", rest)).classes("c-faint")
