"""Editor: text and tools of a prompt, counted and checked while they are written."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field
from components.prompts.diff_view import size_text
from components.words import tr, trn

TOOLS_MOST = 500_000  # characters of JSON


class BadToolsError(Exception):
    """The tools cannot be read; its text is a sentence in the page's language."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor holds: the text, and the tools as they are typed."""

    text: str
    tools: str

    def tools_json(self) -> Any:
        """Return the tools, an empty list for none; raise BadToolsError."""
        return read_tools(self.tools)


@dataclass(frozen=True, slots=True)
class EditorCalls:
    """What the page does for the editor."""

    changed: Callable[[Draft], Any]
    review: Callable[[], Any]
    discard: Callable[[], Any]


class Editor:
    """Two plain texts; the page keeps what is typed."""

    def __init__(self, start: Draft, base: Draft, calls: EditorCalls) -> None:
        """Show `start`; it counts as unsaved where it differs from `base`."""
        self._base = base
        self._calls = calls
        with ui.element("div").classes("pr-editor gb-col gap-12"):
            self.text = self._area(tr("Text"), start.text)
            with ui.element("div").classes("pr-tools"):
                self.tools = self._area(
                    tr("Tools (JSON)"),
                    start.tools,
                    tr('A list of tools, or an object with a list under "tools". Empty: none.'),
                )
            with ui.element("div").classes("gb-row gb-wrap"):
                self._mark = ui.label(tr("Unsaved changes")).classes("pr-unsaved")
                ui.element("div").classes("gb-grow")
                button(tr("Discard"), calls.discard, kind="quiet").mark("discard-draft")
                self.review = button(tr("Review changes"), calls.review, kind="primary")
                self.review.mark("review-draft")
        self._show(start)

    @property
    def draft(self) -> Draft:
        """What is typed now."""
        return Draft(str(self.text.control.value or ""), str(self.tools.control.value or ""))

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the version it began with."""
        return self.draft != self._base

    @property
    def fields(self) -> dict[str, Field]:
        """The fields by the names the service uses."""
        return {"content": self.text, "tools_json": self.tools}

    def _area(self, label: str, value: str, hint: str = "") -> Field:
        field = Field(label, hint)
        control = ui.textarea(value=value, on_change=self._changed)
        control.props("debounce=250 spellcheck=false autocomplete=off")
        field.hold(control)
        return field

    def _changed(self) -> None:
        draft = self.draft
        self._show(draft)
        self._calls.changed(draft)

    def _show(self, draft: Draft) -> None:
        self.text.aside.set_text(size_text(draft.text))
        self._mark.set_visibility(self.is_changed)
        self.review.set_enabled(self.is_changed)
        try:
            tools = draft.tools_json()
        except BadToolsError as error:
            self.tools.refuse(str(error))
            self.tools.aside.set_text("")
            return
        self.tools.refuse("")
        self.tools.aside.set_text(trn("{n} tool", "{n} tools", _count(tools)))


def read_tools(text: str) -> Any:
    """Return the tools of a typed text, an empty list for none; raise BadToolsError."""
    if not text.strip():
        return []
    if len(text) > TOOLS_MOST:
        raise BadToolsError(tr("At most {longest} characters", longest=f"{TOOLS_MOST:,}"))
    try:
        value: object = json.loads(text)
    except RecursionError:
        raise BadToolsError(tr("Nested too deeply")) from None
    except json.JSONDecodeError as error:
        raise BadToolsError(
            tr(
                "Not valid JSON: line {line}, column {column}",
                line=error.lineno,
                column=error.colno,
            )
        ) from None
    if not isinstance(value, list | dict):
        raise BadToolsError(tr("Tools are a list, or an object with a list under tools"))
    return value  # pyright: ignore[reportUnknownVariableType]  # any JSON


def write_tools(tools_json: Any) -> str:
    """Return tools as they are edited; nothing for none."""
    if tools_json is None or tools_json in ([], {}):
        return ""
    return json.dumps(tools_json, ensure_ascii=False, indent=2)


def _count(tools: Any) -> int:
    found: object = (
        cast("dict[str, object]", tools).get("tools") if isinstance(tools, dict) else tools
    )
    return len(cast("list[object]", found)) if isinstance(found, list) else 0
