"""Field: a labelled input whose message stands beneath it."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.disableable_element import DisableableElement

from components.words import sentence
from services.foundation.messages import Message


class Field(ui.element):
    """Label, control, hint and error in one column; `with field:` holds the control."""

    def __init__(self, label: str, hint: str = "") -> None:
        """Draw the label; the control is put inside afterwards."""
        super().__init__("div")
        self.classes("gb-field")
        self.label = label
        self.control: Any = None
        self._fixed_hint = hint
        with self:
            with ui.element("div").classes("gb-field__label"):
                self._name = ui.label(label)
                self.aside = ui.label("")
            self._slot = ui.element("div")
            self._hint = ui.label(hint).classes("gb-field__hint" if hint else "gb-hide")
            self._error = ui.label("").classes("gb-field__error gb-hide").props("role=alert")

    def hold(self, control: Any) -> Any:
        """Name the control for screen readers and keep it; return it."""
        control.move(self._slot)
        control.props["aria-label"] = self.label
        control.classes("").style("width:100%")
        self.control = control
        return control

    def rename(self, label: str) -> None:
        """Change the label."""
        self.label = label
        self._name.set_text(label)
        if self.control is not None:
            self.control.props["aria-label"] = label
            self.control.update()

    def refuse(self, message: Message | str) -> None:
        """Show why the value cannot be taken; an empty text clears it."""
        text = sentence(message) if isinstance(message, Message) else message
        self._error.set_text(text)
        self._error.classes(add="" if text else "gb-hide", remove="gb-hide" if text else "")
        if self.control is not None:
            self.control.props(add="error" if text else "", remove="" if text else "error")
            self.control.props["aria-invalid"] = "true" if text else "false"

    def point_out(self) -> None:
        """Bring the field into view and put the cursor in it."""
        self.run_method("scrollIntoView", {"block": "center"})
        if isinstance(self.control, DisableableElement):
            self.control.run_method("focus")

    def note(self, text: str) -> None:
        """Change the hint beneath."""
        self._hint.set_text(text)
        self._hint.classes(
            add="gb-field__hint" if text else "gb-hide", remove="gb-hide" if text else ""
        )


def text_field(
    label: str,
    value: str = "",
    *,
    hint: str = "",
    placeholder: str = "",
    secret: bool = False,
    on_change: Callable[..., Any] | None = None,
) -> Field:
    """Return a one-line text; a secret one can be shown with a click."""
    field = Field(label, hint)
    control = ui.input(
        value=value,
        placeholder=placeholder,
        password=secret,
        password_toggle_button=secret,
        on_change=on_change,
    )
    if secret:
        control.props("autocomplete=new-password")
    field.hold(control)
    return field


def long_field(
    label: str,
    value: str = "",
    *,
    most: int,
    hint: str = "",
    on_change: Callable[..., Any] | None = None,
) -> Field:
    """Return a text of several lines with a counter that turns red past `most` characters."""
    field = Field(label, hint)

    def count(text: str) -> None:
        field.aside.set_text(f"{len(text):,} / {most:,}")
        field.aside.classes(
            add="c-tone" if len(text) > most else "", remove="" if len(text) > most else "c-tone"
        )

    def changed(event: Any) -> None:
        count(event.value or "")
        if on_change is not None:
            on_change(event)

    field.aside.props("data-tone=failed")
    field.hold(ui.textarea(value=value, on_change=changed).props("autogrow"))
    count(value)
    return field


def number_field(
    label: str,
    value: float | None,
    *,
    low: float,
    high: float,
    unit: str = "",
    hint: str = "",
) -> Field:
    """Return a whole number with its range as the hint.

    The control knows no bounds: it would change a wrong number silently instead of refusing it.
    """
    field = Field(label, hint or f"{low:,.0f} – {high:,.0f}")
    control = ui.number(value=value, step=1, suffix=unit or None)
    control.props("inputmode=numeric")
    field.hold(control)
    return field


def choice_field(
    label: str,
    choices: Mapping[str, str] | list[str],
    value: str | None,
    *,
    hint: str = "",
    filtered: bool = False,
) -> Field:
    """Return a choice from a list, None being no choice yet; `filtered` adds a search for long ones."""
    field = Field(label, hint)
    options: Any = dict(choices) if isinstance(choices, Mapping) else choices
    field.hold(ui.select(options, value=value, with_input=filtered))
    return field


def empty_choice(choice: ui.select) -> None:
    """Empty a choice whose value was just taken, with the text that stands in it.

    The browser's value was empty before too: it sees no change and would keep the text.
    """
    choice.set_value(None)
    choice.run_method("updateInputValue", "", True)
