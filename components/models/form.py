"""Endpoint form: one supplier's address, key and models in a dialog; checked at the field."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from components.models.form_notes import AddressHint, KeyNote
from components.primitives.button import button
from components.primitives.field import (
    Field,
    choice_field,
    long_field,
    number_field,
    text_field,
)
from components.words import tr, trn
from services.models.types import AddressNote, Endpoint, EndpointEdit

DESCRIPTION_MAX = 5_000
_NEW = Endpoint(0, "", "", "openai", "")


@dataclass(frozen=True, slots=True)
class FormCalls:
    """What the page does; both tell at the field what is wrong."""

    look: Callable[[str, Field], Awaitable[AddressNote | None]]
    save: Callable[[EndpointEdit, dict[str, Field]], Awaitable[bool]]


class EndpointForm:
    """One dialog; a stored key is never shown, an empty key field leaves it as it is."""

    def __init__(self, endpoint: Endpoint | None, calls: FormCalls) -> None:
        """Open it for the endpoint, or for a new one."""
        self._old = endpoint or _NEW
        self._is_new = endpoint is None
        self._calls = calls
        self._fields: dict[str, Field] = {}
        with (
            ui.dialog().props("persistent") as self._dialog,
            ui.card().classes("gb-dialog mo-form"),
        ):
            self._draw()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    # -- drawing

    def _draw(self) -> None:
        old = self._old
        title = tr("Add a provider") if self._is_new else tr("Edit {name}", name=old.name)
        with ui.element("h2").classes("t-section"):
            ui.label(title)
        with ui.element("form").classes("gb-form").on("submit.prevent", self._save):
            self._fields["name"] = text_field(tr("Name"), old.name)
            self._draw_protocol()
            if not old.is_demo:
                self._draw_address()
                self._draw_key()
            self._draw_models()
            self._fields["timeout"] = number_field(
                tr("Timeout"), old.timeout, low=1, high=600, unit=tr("s")
            )
            self._fields["description"] = long_field(
                tr("Description"), old.description, most=DESCRIPTION_MAX
            )
            with ui.element("div").classes("mo-switches gb-form__wide"):
                self._active = ui.switch(tr("On"), value=old.is_active)
                self._default = ui.switch(tr("Default endpoint"), value=old.is_default)
                self._default.set_enabled(not old.is_default)
            with ui.element("div").classes("gb-form__acts gb-form__wide"):
                button(tr("Cancel"), self._dialog.close).props("type=button")
                self._submit = button(tr("Save"), None, kind="primary", acts=True).props(
                    "type=submit"
                )

    def _draw_protocol(self) -> None:
        if self._old.is_demo:
            choices = {"demo": tr("Demo")}
        else:
            choices = {"openai": tr("OpenAI-compatible"), "claude": tr("Anthropic messages")}
        field = choice_field(tr("Protocol"), choices, self._old.provider_protocol)
        field.control.on_value_change(self._address_changed)
        self._fields["provider_protocol"] = field

    def _draw_address(self) -> None:
        field = text_field(
            tr("Address"),
            self._old.base_url,
            placeholder="https://api.example.com",
            on_change=self._address_changed,
        ).classes("gb-form__wide")
        field.control.on("blur", self._look)
        field.control.props("spellcheck=false autocomplete=off")
        self._fields["base_url"] = field
        self._hint = AddressHint(self._old.base_url, is_allowed=self._old.allows_local)

    def _draw_key(self) -> None:
        old = self._old
        hint = tr("Stored: {key}; leave empty to keep it", key=old.api_key_masked)
        field = text_field(tr("API key"), secret=True, hint=hint if old.has_api_key else "")
        self._fields["api_key"] = field.classes("gb-form__wide")
        self._note = KeyNote(has_key=old.has_api_key)

    def _draw_models(self) -> None:
        old = self._old
        model = text_field(tr("Default model"), old.model)
        model.control.props("spellcheck=false")
        self._fields["model"] = model.classes("gb-form__wide")
        names = Field(tr("Models"), tr("One name a line; a probe fills an empty list"))
        self._count = names.aside
        area = ui.textarea(value="\n".join(old.model_list), on_change=self._count_models)
        names.hold(area.props("rows=6 spellcheck=false").classes("t-mono"))
        self._fields["model_list"] = names.classes("gb-form__wide")
        self._count_models()

    def _count_models(self, _event: object = None) -> None:
        n = len(self._names())
        self._count.set_text(trn("{n} model", "{n} models", n))

    # -- reading

    def _text(self, name: str) -> str:
        field = self._fields.get(name)
        return str(field.control.value or "").strip() if field is not None else ""

    def _names(self) -> tuple[str, ...]:
        area = str(self._fields["model_list"].control.value or "") if self._fields else ""
        return tuple(dict.fromkeys(name for line in area.splitlines() if (name := line.strip())))

    def _edit(self) -> EndpointEdit:
        seconds: float | None = self._fields["timeout"].control.value
        key: str | None = self._text("api_key") or None
        if key is None and not self._old.is_demo and self._note.deletes:
            key = ""
        is_default = bool(self._default.value)
        return EndpointEdit(
            id=None if self._is_new else self._old.id,
            name=self._text("name"),
            base_url=self._text("base_url"),
            provider_protocol=str(self._fields["provider_protocol"].control.value),
            model=self._text("model"),
            model_list=self._names(),
            api_key=key,
            is_active=bool(self._active.value),
            is_default=True if is_default and not self._old.is_default else None,
            timeout=0 if seconds is None else int(seconds),
            description=str(self._fields["description"].control.value or ""),
            allows_local=None if self._old.is_demo else self._hint.is_allowed,
        )

    # -- what happens

    def _address_changed(self, _event: object = None) -> None:
        if self._is_new or self._old.is_demo:
            return
        moved = self._text("base_url") != self._old.base_url or (
            self._fields["provider_protocol"].control.value != self._old.provider_protocol
        )
        self._note.warn(moved=moved)

    async def _look(self) -> bool:
        """Return whether the address may be stored as it is typed."""
        typed = self._text("base_url")
        if not typed or self._hint.knows(typed):
            return bool(typed)
        field = self._fields["base_url"]
        field.refuse("")
        note = await self._calls.look(typed, field)
        if note is not None:
            self._hint.show(typed, note)
        return note is not None

    async def _save(self) -> None:
        if not self._old.is_demo and self._text("base_url"):
            if not await self._look():
                return
            if self._hint.is_refused:
                self._fields["base_url"].refuse(
                    tr(
                        "This is this machine or a private network: allow it beneath, if you mean it"
                    )
                )
                return
        self._submit.props("loading")
        try:
            is_stored = await self._calls.save(self._edit(), self._fields)
        finally:
            self._submit.props(remove="loading")
        if is_stored:
            self._dialog.close()
