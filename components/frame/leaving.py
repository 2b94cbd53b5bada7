"""Leaving: asked when the native window is closed while something runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.theme.apply import add_sheet
from components.words import tr, trn

LISTED = 6
add_sheet(Path(__file__).with_name("leaving.css"))


@dataclass(frozen=True, slots=True)
class LeavingActs:
    """What each answer does."""

    wait: Callable[[], Any]
    cancel: Callable[[], Any]
    keep: Callable[[], Any]
    stay: Callable[[], Any]


class LeavingDialog:
    """The question on one page, with what runs now."""

    def __init__(self, acts: LeavingActs) -> None:
        """Draw it closed on the present page."""
        self._acts = acts
        with ui.dialog().props("persistent") as self._dialog, ui.card() as card:
            card.classes("gb-dialog gb-dialog--wide").props("role=alertdialog")
            with ui.element("h2").classes("t-section"):
                self._title = ui.label()
            self._text = ui.label().classes("c-muted t-wrap")
            self._list = ui.element("ul").classes("gb-leaving__list")
            self._row = ui.element("div").classes("gb-dialog__acts gb-leaving__acts")

    def show(self, names: Sequence[str], *, waiting: bool) -> None:
        """Ask about these runs, or say that the window waits for them."""
        count = len(names)
        self._title.text = (
            trn("Quits when {n} run has ended", "Quits when {n} runs have ended", count)
            if waiting
            else trn("{n} run is still going", "{n} runs are still going", count)
        )
        self._text.text = (
            tr("The window closes by itself then, and the console stops.")
            if waiting
            else tr("Quitting stops the console, and with it the scheduled checks.")
        )
        self._list.clear()
        with self._list:
            for name in names[:LISTED]:
                with ui.element("li"):
                    ui.label(name).classes("t-clip")
            if count > LISTED:
                with ui.element("li").classes("c-muted"):
                    ui.label(trn("and {n} more", "and {n} more", count - LISTED))
        self._row.clear()
        with self._row:
            self._buttons(waiting=waiting)
        self._dialog.open()

    @property
    def is_open(self) -> bool:
        """Whether it is asked now."""
        return bool(self._dialog.value)

    def hide(self) -> None:
        """Take the question away."""
        self._dialog.close()

    def _buttons(self, *, waiting: bool) -> None:
        acts = self._acts
        if waiting:
            button(tr("Do not quit"), acts.stay)
            button(tr("Cancel them and quit"), acts.cancel, kind="danger", acts=True)
            return
        button(tr("Stay"), acts.stay)
        button(tr("Only close the window"), acts.keep)
        button(tr("Cancel them and quit"), acts.cancel, kind="danger", acts=True)
        button(tr("Quit when they have ended"), acts.wait, kind="primary").props("autofocus")
