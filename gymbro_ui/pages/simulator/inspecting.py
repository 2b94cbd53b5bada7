"""Inspecting: timings, raw events, checks and token of the turn that is looked at."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.primitives.toolbar import Segment
from components.simulator.event_list import EventList
from components.simulator.timings import TimingList
from components.simulator.token_view import claims_view, token_view
from components.status.checks import check_line
from components.words import tr
from services.dialogs.types import Dialog, EventLine, LiveDialog, TokenLook

if TYPE_CHECKING:
    from services.console import Console


class Inspecting:
    """The right panel."""

    def __init__(self, console: "Console") -> None:
        """Stand empty."""
        self._console = console
        self._tab = "events"
        self._dialog: Dialog | None = None
        self._live: LiveDialog | None = None
        self._look: TokenLook | None = None
        self._shown = 0  # events of the running turn that are drawn

    def draw(self) -> None:
        """Draw the panel."""
        with ui.element("section").classes("si-panel") as panel:
            panel.props["aria-label"] = tr("What happened")
            with ui.element("header").classes("si-panel__head"):
                names = {"events": tr("Events"), "checks": tr("Checks"), "token": tr("Token")}
                self._segment = Segment(names, "events", self._choose, name=tr("What happened"))
            with ui.element("div").classes("si-inspect"):
                with ui.element("div").classes("si-times"):
                    self._times = TimingList()
                with ui.element("div").classes("si-tab si-tab--bare") as self._events_tab:
                    self._events = EventList(self._find)
                self._other_tab = ui.element("div").classes("si-tab")
        self.clear()

    # -- which turn

    def clear(self) -> None:
        """Show nothing."""
        self._dialog, self._live, self._look, self._shown = None, None, None, 0
        self._events.show((), is_live=False)
        self._times.show_nothing()
        self._draw_tab()

    def begin(self) -> None:
        """Make room for a turn that begins."""
        self.clear()
        self._events.show((), is_live=True)

    def grow(self, live: LiveDialog) -> None:
        """Show what is new of a running turn."""
        self._live = live
        self._events.add(live.events[self._shown :])
        self._shown = len(live.events)
        self._times.show_live(live)
        if live.look is not None and self._look is None:
            self._look = live.look
            self._draw_tab()

    def back(self, live: LiveDialog) -> None:
        """Show a running turn whole."""
        self._events.show(live.events, is_live=True)
        self._shown = len(live.events)

    def show(self, dialog: Dialog) -> None:
        """Show a turn that has ended."""
        was_running = self._live is not None and self._live.dialog_id == dialog.dialog_id
        self._dialog = dialog
        if was_running and self._live is not None:
            self._events.add(dialog.events[self._shown :])
            self._look = self._live.look
        elif self._live is not None or not was_running:
            self._events.show(dialog.events, is_live=False)
            self._look = None
        self._live, self._shown = None, 0
        self._times.show_result(dialog)
        self._draw_tab()

    def _find(self, number: int) -> EventLine | None:
        source = self._live if self._live is not None else self._dialog
        events = source.events if source is not None else ()
        return events[number - 1] if 0 < number <= len(events) else None

    # -- tabs

    def _choose(self, tab: str) -> None:
        self._tab = tab
        self._draw_tab()

    def _draw_tab(self) -> None:
        is_events = self._tab == "events"
        self._events_tab.set_visibility(is_events)
        self._other_tab.set_visibility(not is_events)
        self._other_tab.clear()
        if is_events:
            return
        with self._other_tab:
            if self._tab == "checks":
                self._checks()
            else:
                self._token()

    def _checks(self) -> None:
        dialog = self._dialog
        if dialog is None or not dialog.checks:
            ui.label(tr("No reply came yet, so there is nothing to check.")).classes("c-muted")
            return
        for check in sorted(dialog.checks, key=lambda check: check.ok is not False):
            check_line(check)

    def _token(self) -> None:
        zone = self._console.settings.preferences.e2e_timezone
        if self._look is not None:
            token_view(self._look, zone)
        elif self._dialog is not None:
            claims_view(self._dialog.claims, zone)
        else:
            ui.label(tr("The token's claims appear after the sign-in.")).classes("c-muted")
