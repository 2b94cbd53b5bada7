"""Detail: one kept turn with its request, reply, verdicts, events and timings; and two compared."""

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from nicegui import context, ui

from components.executions.copy_text import CopyText
from components.primitives.button import button, copy_button
from components.primitives.card import card, page_head
from components.primitives.empty import empty
from components.primitives.formats import moment_text
from components.simulator.comparing import compare_view
from components.simulator.event_list import EventList
from components.simulator.timings import TimingList, id_pairs, setting_pairs
from components.simulator.token_view import claims_view
from components.simulator.turn_view import TurnView
from components.status.checks import check_line
from components.words import tr
from services.dialogs.types import Dialog, EventLine
from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

_KEY = re.compile(r"exe_[0-9A-Za-z]{1,36}")


async def render_one(console: "Console") -> None:
    """Draw the turn of the present address, or say that there is none."""
    path = context.client.sub_pages_router.current_path
    key = path.partition("?")[0].partition("#")[0].rstrip("/").rsplit("/", 1)[-1]
    found = await _find(console, key)
    live = console.dialogs.live(key)
    is_running = live is not None and not live.is_over
    if found is None and not is_running:
        _nothing(key)
        return
    if found is None or is_running or found.is_open:
        ui.navigate.to(f"/simulator?turn={key}")
        return
    _Detail(console, found).draw()


async def render_compare(console: "Console") -> None:
    """Draw the two turns the address names side by side."""
    query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
    given = parse_qs(query) if query.count("&") < 10 else {}
    keys = [given.get(name, [""])[0][:40] for name in ("a", "b")]
    found = [await _find(console, key) for key in keys]
    missing = next((key for key, one in zip(keys, found, strict=True) if one is None), None)
    if missing is not None:
        _nothing(missing)
        return
    with page_head(tr("Two turns compared")):
        ui.element("div").classes("gb-grow")
        ui.link(tr("Back to the conversations"), "/simulator").classes("gb-link")
    compare_view(await console.dialogs.compare(*keys), console.settings.preferences.e2e_timezone)


async def _find(console: "Console", key: str) -> Dialog | None:
    if not _KEY.fullmatch(key):
        return None
    try:
        return await console.dialogs.get(key)
    except NotFoundError:
        return None


def _nothing(key: str) -> None:
    text = tr(
        "Nothing is known under {key}. It may have been removed with the old history.", key=key[:60]
    )
    with empty(tr("There is no such conversation"), text, symbol="search_off"):
        ui.link(tr("All conversations"), "/simulator").classes("gb-link")


class _Detail:
    """The page of one turn."""

    def __init__(self, console: "Console", dialog: Dialog) -> None:
        self._console = console
        self._dialog = dialog
        self._zone = console.settings.preferences.e2e_timezone

    def draw(self) -> None:
        """Draw everything that is kept of it."""
        one = self._dialog
        with page_head(tr("Conversation, turn {n}", n=one.turn)):
            ui.label(moment_text(one.created_at, self._zone)).classes("t-meta c-faint")
            ui.element("div").classes("gb-grow")
            CopyText(tr("Copy as curl"), self._curl)
            button(tr("Replay"), partial(self._go, f"again={one.dialog_id}"), icon="replay")
            button(tr("Go on from here"), partial(self._go, f"turn={one.dialog_id}"), icon="forum")
        with ui.element("div").classes("si-detail"):
            with ui.element("div").classes("gb-col"):
                self._main(one)
            with ui.element("div").classes("gb-col"):
                self._side(one)

    def _main(self, one: Dialog) -> None:
        with card(tr("Question and reply")):
            TurnView(one.request).finish(one)
        with card(tr("Raw events"), note=f"{len(one.events)}", tight=True):
            EventList(self._event).show(one.events, is_live=False)

    def _side(self, one: Dialog) -> None:
        with card(tr("Timings")), ui.element("div").classes("si-times--card"):
            TimingList().show_result(one)
        with card(tr("Checks")):
            if not one.checks:
                ui.label(tr("No reply came, so there was nothing to check.")).classes("c-muted")
            for check in sorted(one.checks, key=lambda check: check.ok is not False):
                check_line(check)
        with card(tr("How it was sent")), ui.element("dl").classes("gb-facts"):
            for name, value in setting_pairs(one):
                _fact(name, value)
            for name, value in id_pairs(one):
                _fact(name, value, is_id=True)
        with card(tr("Token")):
            claims_view(one.claims, self._zone)

    def _event(self, number: int) -> EventLine | None:
        events = self._dialog.events
        return events[number - 1] if 0 < number <= len(events) else None

    async def _curl(self) -> str:
        return self._console.dialogs.as_curl(self._dialog)

    def _go(self, query: str) -> None:
        ui.navigate.to(f"/simulator?{query}")


def _fact(name: str, value: str, *, is_id: bool = False) -> None:
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        ui.label(value).classes("t-mono t-clip gb-grow" if is_id else "t-wrap")
        if is_id:
            copy_button(value, tr("Copy {name}", name=name))
