"""Simulator page: the form, the conversation, what it was made of, and the history beneath."""

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from nicegui import context, ui

from components.simulator.history import Wanted
from components.words import tr
from gymbro_ui.chat_and_load import PATHS, tabs
from gymbro_ui.pages.simulator.chatting import Chatting
from gymbro_ui.pages.simulator.choosing import Choosing
from gymbro_ui.pages.simulator.history import History
from gymbro_ui.pages.simulator.inspecting import Inspecting
from services.dialogs.types import Dialog, DialogRequest, Identity
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

PATH = PATHS["chat"]


class SimulatorPage:
    """One open page; the conversation and the filters live in the address."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what is wanted."""
        self._console = console
        query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
        given = parse_qs(query, max_num_fields=20) if query.count("&") < 20 else {}
        value = {name: values[0][:300] for name, values in given.items()}
        self._last = value.get("turn", "")[:40]
        self._model = value.get("model", "")
        self._replayed = value.get("again", "")[:40]
        self._said = value.get("say", "")
        kinds = {str(identity): identity for identity in Identity}
        self._identity = kinds.get(value.get("as", ""), Identity.ANONYMOUS)
        self._wanted = Wanted(
            value.get("q", "")[:200],
            value.get("of", ""),
            value.get("verdict", "")[:20],
            value.get("days", "")[:2],
        )

    def draw(self) -> None:
        """Draw the head and the three panels; the history follows."""
        tabs("chat")
        self._choosing = Choosing(self._console)
        self._inspecting = Inspecting(self._console)
        self._chatting = Chatting(self._console, self._choosing, self._inspecting, self._went)
        with ui.element("div").classes("si-grid"):
            with ui.element("section").classes("si-panel si-panel--form") as form:
                form.props["aria-label"] = tr("How to ask")
                self._choosing.draw()
            self._chatting.draw()
            self._inspecting.draw()
        self._history = History(self._console, self._wanted, self._filtered)
        self._history.draw()

    async def load(self) -> None:
        """Read the saved users, the conversation of the address and the history."""
        again, last = await self._known(self._replayed), await self._known(self._last)
        asked = DialogRequest(self._model, self._said, identity=self._identity)
        if again is not None:
            asked = again.request
        elif last is not None and not self._model:
            asked = replace(last.request, message="", after="")
        await self._choosing.load(asked)
        if asked.message:
            self._chatting.write(asked.message)
        if asked.after:  # a turn that is repeated follows the same one as before
            last = await self._known(asked.after)
        if last is not None:
            await self._chatting.open(last)
        elif self._last and self._console.dialogs.live(self._last) is not None:
            await self._chatting.follow(self._last)
        await self._history.load()

    async def _known(self, dialog_id: str) -> Dialog | None:
        if not dialog_id:
            return None
        live = self._console.dialogs.live(dialog_id)
        if live is not None and live.result is None:
            return None
        try:
            return await self._console.dialogs.get(dialog_id)
        except ConsoleError:
            return None

    def _went(self, dialog_id: str) -> None:
        """Keep the conversation in the address, so that a reload shows it again."""
        self._last = dialog_id
        self._keep()

    async def _filtered(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._keep()
        await self._history.load()

    def _keep(self) -> None:
        query = self._wanted.query
        if "model" in query:
            query["of"] = query.pop("model")  # `model` is the one to be asked
        if self._last:
            query["turn"] = self._last
        ui.navigate.history.replace(f"{PATH}?{urlencode(query)}" if query else PATH)
