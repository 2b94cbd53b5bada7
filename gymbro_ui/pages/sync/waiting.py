"""Waiting section: what has not arrived at Supabase, tried again or given up."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.primitives.button import button
from components.primitives.card import card
from components.sync.waiting import WaitingCalls, WaitingList
from components.words import tr
from gymbro_ui.actions import act
from services.outbox.types import Entry

if TYPE_CHECKING:
    from services.console import Console

SHOWN = 200


class WaitingSection:
    """Hidden while everything has arrived."""

    def __init__(self, console: "Console") -> None:
        """Draw it, still empty."""
        self._outbox = console.cloud.outbox
        self._box = ui.element("div").classes("gb-hide")
        with (
            self._box,
            card(
                tr("Waiting for Supabase"),
                toolbar=lambda: button(
                    tr("Try again now"), self._outbox.resume, icon="refresh", small=True, acts=True
                ),
            ),
        ):
            self._list = WaitingList(WaitingCalls(self._retry, self._discard))

    async def show(self) -> None:
        """Show what waits now."""
        view = self._outbox.view
        entries = await self._outbox.entries(limit=SHOWN) if view.count else []
        if self._box.is_deleted:
            return
        self._box.classes(add="" if entries else "gb-hide", remove="gb-hide" if entries else "")
        self._list.show(entries, view.count)

    async def _retry(self, entry: Entry) -> None:
        await act(lambda: self._outbox.retry(entry.id), done=tr("It is tried again"))

    async def _discard(self, entry: Entry) -> None:
        await act(
            lambda: self._outbox.discard(entry.id),
            done=tr("Given up; the next comparison shows the difference"),
        )
