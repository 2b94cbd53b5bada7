"""Waiting section: what has not arrived at Supabase, tried again or given up."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.primitives.button import button
from components.primitives.card import card
from components.primitives.confirm import confirm
from components.sync.waiting import WaitingCalls, WaitingList
from components.words import tr, trn
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
                toolbar=self._acts,
            ),
        ):
            self._list = WaitingList(WaitingCalls(self._retry, self._discard))

    def _acts(self) -> None:
        self._again = button(
            tr("Try again now"), self._outbox.resume, icon="refresh", small=True, acts=True
        )
        self._go_on = button(
            tr("I have compared: push again"),
            self._let_go,
            icon="cloud_upload",
            small=True,
            acts=True,
        ).mark("let-go")

    async def _let_go(self) -> None:
        view = self._outbox.view
        agreed = await confirm(
            tr("Push what waits?"),
            trn(
                "{n} change of the copy that was put back is written to Supabase, over what is there.",
                "{n} changes of the copy that was put back are written to Supabase, over what is there.",
                view.count,
            ),
            accept=tr("Push again"),
            danger=True,
        )
        if agreed:
            await act(self._outbox.let_go, done=tr("Pushing goes on"))

    async def show(self) -> None:
        """Show what waits now."""
        view = self._outbox.view
        entries = await self._outbox.entries(limit=SHOWN) if view.count else []
        if self._box.is_deleted:
            return
        self._box.classes(add="" if entries else "gb-hide", remove="gb-hide" if entries else "")
        self._again.set_visibility(not view.is_held)
        self._go_on.set_visibility(view.is_held)
        self._list.show(entries, view.count)

    async def _retry(self, entry: Entry) -> None:
        await act(lambda: self._outbox.retry(entry.id), done=tr("It is tried again"))

    async def _discard(self, entry: Entry) -> None:
        await act(
            lambda: self._outbox.discard(entry.id),
            done=tr("Given up; the next comparison shows the difference"),
        )
