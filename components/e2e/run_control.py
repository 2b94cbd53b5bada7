"""Run control: start an E2E with its cost on the button; progress and cancel while one runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.words import tr, trn


@dataclass(frozen=True, slots=True)
class RunChoice:
    """One entry of the run menu."""

    key: str
    label: str
    conversations: int


@dataclass(frozen=True, slots=True)
class RunCalls:
    """What the page does: start a choice, cancel what runs."""

    start: Callable[[str], Any]
    cancel: Callable[[], Any]


class RunControl(ui.element):
    """Shows the start button, or how far the running E2E is."""

    def __init__(self, calls: RunCalls) -> None:
        """Start idle; `idle` and `running` tell what to show."""
        super().__init__("div")
        self.classes("gb-row gap-4 gx-run")
        self._calls = calls
        self._choices: tuple[RunChoice, ...] = ()
        self._is_running = False
        with self:
            self._start = button("", lambda: self._begin("all"), icon="play_arrow", acts=True)
            self._more = icon_button("arrow_drop_down", tr("Run a part"), acts=True)
            self._more.classes("gb-btn-default")
            with self._more:
                self._menu = ui.menu()
            with ui.element("div").classes("gx-progress gb-hide").props("role=status") as box:
                self._done_text = ui.label("")
                with ui.element("div").classes("gx-progress__track"):
                    self._fill = ui.element("i")
                self._cancel = button(tr("Cancel"), self._stop, small=True, kind="danger")
            self._box = box

    def idle(self, choices: Sequence[RunChoice]) -> None:
        """Offer the choices; the first one is the button itself."""
        if tuple(choices) != self._choices:
            self._choices = tuple(choices)
            first = self._choices[0]
            self._start.set_text(tr("Run E2E · {n}", n=first.conversations))
            self._start.props["title"] = _cost(first.conversations)
            self._start.set_enabled(first.conversations > 0)
            self._fill_menu()
        self._show(is_running=False)

    def running(self, done: int, total: int) -> None:
        """Show how many of how many cells are judged."""
        share = 100 * done / total if total else 0
        self._done_text.set_text(tr("{done} of {total}", done=done, total=total))
        self._fill.style(f"width:{share:.1f}%")
        self._show(is_running=True)

    def _fill_menu(self) -> None:
        self._menu.clear()
        with self._menu:
            for choice in self._choices:
                item = ui.menu_item(on_click=partial(self._begin, choice.key))
                with item, ui.element("div").classes("gb-row gb-spread gap-24 gb-grow"):
                    ui.label(choice.label)
                    ui.label(str(choice.conversations)).classes("c-faint")
                item.set_enabled(choice.conversations > 0)

    def _show(self, *, is_running: bool) -> None:
        if is_running == self._is_running:
            return
        self._is_running = is_running
        for part in (self._start, self._more):
            part.classes(
                add="gb-hide" if is_running else "", remove="" if is_running else "gb-hide"
            )
        self._box.classes(
            add="" if is_running else "gb-hide", remove="gb-hide" if is_running else ""
        )
        self._cancel.set_enabled(True)

    def _begin(self, key: str, _event: object = None) -> Any:
        return self._calls.start(key)

    def _stop(self) -> Any:
        self._cancel.set_enabled(False)
        return self._calls.cancel()


def _cost(count: int) -> str:
    return trn("{n} conversation", "{n} conversations", count)
