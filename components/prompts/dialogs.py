"""Dialogs: look at the difference before a prompt is saved, made live or rolled back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, choice_field, text_field
from components.prompts.diff_view import comparison
from components.words import tr
from services.prompts.types import Comparison, PromptType

MESSAGE_MOST = 500


@dataclass(frozen=True, slots=True)
class Review:
    """What is asked before a change of a prompt."""

    title: str
    note: str
    accept: str
    found: Comparison
    message: str = ""  # offered as the message; asks for none when `asks_message` is off
    asks_message: bool = True
    is_danger: bool = False


async def review(asked: Review) -> str | None:
    """Return the message of an operator who agreed after seeing the difference, else None."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog pr-wide"):
        with ui.element("h2").classes("t-section"):
            ui.label(asked.title)
        if asked.note:
            ui.label(asked.note).classes("c-muted t-wrap")
        comparison(asked.found)
        field = _message_field(asked)

        def agree() -> None:
            message = "" if field is None else str(field.control.value or "").strip()
            if field is not None and _is_missing(field, message):
                return
            dialog.submit(message)

        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(None))
            kind = "danger" if asked.is_danger else "primary"
            button(asked.accept, agree, kind=kind, acts=True).mark("accept-review")
    try:
        return await dialog
    finally:
        dialog.delete()


def _message_field(asked: Review) -> Field | None:
    if not asked.asks_message:
        return None
    field = text_field(
        tr("What changed, and why"),
        asked.message,
        placeholder=tr("e.g. asks for shorter answers"),
    )
    field.control.props(f"maxlength={MESSAGE_MOST} autofocus").mark("version-message")
    return field


def _is_missing(field: Field, message: str) -> bool:
    """Ask once for a message; a second click goes on without."""
    if message or field.control.props.get("aria-invalid") == "true":
        return False
    field.refuse(tr("A few words help whoever reads this later. Click again to go on without."))
    field.point_out()
    return True


async def conflict(note: str, found: Comparison) -> str:
    """Return `mine`, `theirs` or an empty text: what to do about a version that came in between."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog pr-wide"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Somebody saved a version meanwhile"))
        ui.label(note).classes("c-muted t-wrap")
        comparison(found)
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Back to my text"), lambda: dialog.submit(""))
            button(tr("Take theirs"), lambda: dialog.submit("theirs"))
            mine = button(
                tr("Save mine on top"), lambda: dialog.submit("mine"), kind="primary", acts=True
            )
            mine.mark("save-mine")
    try:
        return str(await dialog or "")
    finally:
        dialog.delete()


@dataclass(frozen=True, slots=True)
class NewPrompt:
    """A prompt that is begun."""

    name: str
    prompt_type: PromptType
    is_copy: bool  # begins with the text that is live


async def ask_new(
    types: Mapping[PromptType, str], taken: Callable[[str], bool]
) -> NewPrompt | None:
    """Return name and type of a new prompt, or None."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("New prompt"))
        name = text_field(tr("Name"))
        name.control.props("maxlength=200 autofocus").mark("new-name")
        kind = choice_field(
            tr("Type"), {str(k): v for k, v in types.items()}, str(next(iter(types)))
        )
        copies = ui.switch(tr("Begin with the text that is live"), value=True)

        def agree() -> None:
            text = str(name.control.value or "").strip()
            if not text or taken(text):
                name.refuse(tr("This name is taken") if text else tr("Must not be empty"))
                return
            dialog.submit(NewPrompt(text, PromptType(kind.control.value), bool(copies.value)))

        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(None))
            button(tr("Begin"), agree, kind="primary", acts=True).mark("begin-prompt")
    try:
        return await dialog
    finally:
        dialog.delete()


async def describe(
    name: str,
    description: str,
    store: Callable[[str, str, dict[str, Field]], Awaitable[bool]],
) -> None:
    """Ask for another name and description; close when they were stored."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Name and description"))
        fields = {
            "name": text_field(tr("Name"), name),
            "description": text_field(tr("Description"), description),
        }

        async def agree() -> None:
            values = [str(field.control.value or "").strip() for field in fields.values()]
            if await store(values[0], values[1], fields):
                dialog.submit(None)

        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(None))
            button(tr("Save"), agree, kind="primary", acts=True)
    try:
        await dialog
    finally:
        dialog.delete()
