"""Roll back from a red cell: the difference first, then the old prompt or mapping is in force."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.e2e.undo import MappingUndo, PromptUndo, Undo
from components.primitives.toast import toast
from components.prompts.dialogs import Review, review
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.run_actions import BY
from services.mapping.types import ModelMapping
from services.prompts.types import Comparison, Diff, DiffPart, PartKind

if TYPE_CHECKING:
    from services.console import Console


async def take_back(console: "Console", undo: Undo) -> bool:
    """Return whether something was rolled back."""
    if isinstance(undo, PromptUndo):
        return await _prompt(console, undo)
    return await _mapping(console, undo)


async def _prompt(console: "Console", undo: PromptUndo) -> bool:
    head = console.prompts.get(undo.prompt_id)
    if head is None:
        toast(tr("This prompt is gone"), tone="failed")
        return False
    message = await _agreed(console, undo, head.name)
    if message is None:
        return False
    done = await act(
        lambda: console.prompts.roll_back(
            head.id, undo.version_no, edited_by=BY, message=message, goes_live=True
        )
    )
    if done is not None:
        path = f"/prompts?id={head.id}&v={done.version_no}"
        text = tr("v{n} restored from v{old}", n=done.version_no, old=undo.version_no)
        toast(text, action=tr("Open"), on_action=lambda: ui.navigate.to(path))
    return done is not None


async def _agreed(console: "Console", undo: PromptUndo, name: str) -> str | None:
    """Return the message of an operator who saw the difference and agreed."""
    prompts = console.prompts
    found = await act(lambda: prompts.compare_with_live(undo.prompt_id, undo.version_no))
    if found is None:
        return None
    if found.is_same:
        toast(tr("v{n} is the text in force already; nothing was added", n=undo.version_no))
        return None
    title = tr("Roll back {name} to v{n}?", name=name, n=undo.version_no)
    note = tr("A new version with the old text is live at once, for every model.")
    offered = tr("{model} went wrong after the change", model=undo.model_key)
    return await review(Review(title, note, tr("Roll back"), found, message=offered))


async def _mapping(console: "Console", undo: MappingUndo) -> bool:
    mapping = _mapping_of(console, undo.model_key)
    if mapping is None:
        toast(tr("{key} is not mapped any more", key=undo.model_key), tone="failed")
        return False
    if mapping.default_model == undo.model:
        toast(tr("{model} is the first choice already; see the mapping", model=undo.model))
        return False
    found = Comparison(
        Diff(
            (
                DiffPart(PartKind.SAME, f"{mapping.id}\n"),
                DiffPart(PartKind.REMOVED, mapping.default_model),
                DiffPart(PartKind.ADDED, undo.model),
            )
        ),
        Diff(()),
    )
    title = tr("Make {model} the first choice again?", model=undo.model)
    note = tr("{key} gets it on its next call.", key=undo.model_key)
    asked = Review(title, note, tr("Roll back"), found, asks_message=False)
    if await review(asked) is None:
        return False
    done = await act(lambda: console.mapping.activate(mapping.id, undo.model))
    if done is None:
        return False
    now = console.mapping.resolve(undo.model_key)
    if now is not None and now.model == undo.model:
        toast(tr("{key} gets {model} again", key=undo.model_key, model=undo.model))
    else:
        text = tr(
            "{model} is the first choice, but {key} does not get it: see the mapping",
            model=undo.model,
            key=undo.model_key,
        )
        toast(text, tone="failed")
    return True


def _mapping_of(console: "Console", key: str) -> ModelMapping | None:
    row = next((one for one in console.mapping.mapped() if one.name == key), None)
    return None if row is None else console.mapping.get(row.mapping_id)
