"""Undo: what of our own configuration changed since the last OK and can be taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.words import tr
from services.e2e.types import Cell, CellDetail
from services.targets.types import SELF_ID


@dataclass(frozen=True, slots=True)
class PromptUndo:
    """Bring back that version of a prompt."""

    prompt_id: int
    version_no: int
    is_tools: bool
    model_key: str


@dataclass(frozen=True, slots=True)
class MappingUndo:
    """Make that model the first choice of a key again."""

    model_key: str
    model: str


Undo = PromptUndo | MappingUndo


def undos(detail: CellDetail) -> list[Undo]:
    """Return what can be taken back; nothing of a service whose prompts are not ours."""
    before, cell = detail.last_ok, detail.cell
    if before is None or detail.launch.target_id != SELF_ID:
        return []
    found: list[Undo] = []
    for part in ("system", "tools"):
        undo = _prompt(part, before, cell)
        if undo is not None:
            found.append(undo)
    if before.resolved_model and cell.resolved_model not in ("", before.resolved_model):
        found.append(MappingUndo(cell.model_key, before.resolved_model))
    return found


def _prompt(part: str, before: Cell, cell: Cell) -> PromptUndo | None:
    names = (f"{part}_prompt_id", f"{part}_version_no")
    then, now = (tuple(one.prompt.get(name) for name in names) for one in (before, cell))
    number, version = then
    if not isinstance(number, int) or not isinstance(version, int) or now == then:
        return None
    if not isinstance(now[0], int):  # the call never came that far: unknown, not changed
        return None
    return PromptUndo(number, version, part == "tools", cell.model_key)


def undo_row(found: list[Undo], on_undo: Callable[[Undo], Any]) -> None:
    """Draw a button for each in the present slot."""
    with ui.element("div").classes("gb-row gb-wrap"):
        for undo in found:
            made = button(
                undo_word(undo), partial(on_undo, undo), icon="history", small=True, acts=True
            )
            made.mark("undo-change")


def undo_word(undo: Undo) -> str:
    """Return what a button that takes it back says."""
    if isinstance(undo, MappingUndo):
        return tr("Back to {model}", model=undo.model)
    if undo.is_tools:
        return tr("Roll the tools prompt back to v{n}", n=undo.version_no)
    return tr("Roll the prompt back to v{n}", n=undo.version_no)
