"""Chatting: the turns of one conversation, the composer, and the turn that runs now."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from components.live import on_batch, on_return
from components.primitives.button import button
from components.primitives.card import heading
from components.primitives.field import Field, long_field
from components.rights import may_change
from components.simulator.turn_view import TurnView, advice_acts
from components.words import tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.simulator.choosing import Choosing
from gymbro_ui.pages.simulator.inspecting import Inspecting
from services.dialogs.types import MESSAGE_MAX, Dialog, DialogRequest, LiveDialog

if TYPE_CHECKING:
    from services.console import Console


class Chatting:
    """The middle panel; every page that shows a running turn follows it by itself."""

    def __init__(
        self,
        console: "Console",
        choosing: Choosing,
        inspecting: Inspecting,
        went: Callable[[str], None],
    ) -> None:
        """`went` hears the newest turn of the conversation, empty after clearing."""
        self._console = console
        self._choosing = choosing
        self._inspecting = inspecting
        self._went = went
        self._root = ""  # of the conversation
        self._last = ""  # newest turn that has ended
        self._running = ""
        self._view: TurnView | None = None
        self._pieces = 0  # of the running turn that are shown

    def draw(self) -> None:
        """Draw the panel and follow what runs."""
        with ui.element("section").classes("si-panel") as panel:
            panel.props["aria-label"] = tr("Conversation")
            with ui.element("header").classes("si-panel__head"):
                heading(tr("Conversation"))
                self._note = ui.label("").classes("t-meta c-faint t-clip")
                ui.element("div").classes("gb-grow")
                self._clear = button(tr("Clear"), self._end, icon="ink_eraser", kind="quiet")
                self._clear.mark("clear")
            self._scroll = ui.element("div").classes("si-panel__body")
            with self._scroll:
                self._turns = ui.element("div").classes("si-turns")
            self._draw_composer()
        self._nothing()
        on_batch(self._console.dialogs.changed, self._heard, keep=lambda one: one == self._running)
        on_batch(
            self._console.dialogs.finished, lambda _: self._show_acts()
        )  # its user is kept by now
        on_return(self._back)

    def _draw_composer(self) -> None:
        with ui.element("form").classes("si-composer").on("submit.prevent", self._send) as form:
            self.field: Field = long_field(tr("Message"), most=MESSAGE_MAX)
            self.field.control.mark("message")
            self.field.control.on("keydown.ctrl.enter", self._send)
            with ui.element("div").classes("gb-row"):
                self._cost = ui.label("").classes("t-meta c-faint")
                ui.element("div").classes("gb-grow")
                self._stop = button(tr("Cancel"), self._cancel, kind="danger", acts=True)
                self._stop.mark("cancel")
                self._go = button(tr("Send"), None, icon="send", kind="primary", acts=True)
                self._go.props("type=submit").mark("send")
        form.props["aria-label"] = tr("Message")
        self._show_acts()

    # -- what stands there

    def _nothing(self) -> None:
        self._turns.clear()
        with self._turns, ui.element("div").classes("si-start"):
            ui.label(
                tr("Write a message and send it: the reply streams here, its events beside it.")
            )

    def write(self, text: str) -> None:
        """Put a message into the composer."""
        self.field.control.set_value(text)

    async def open(self, last: Dialog) -> None:
        """Show the conversation that ends with that turn."""
        turns = await act(lambda: self._console.dialogs.conversation(last.dialog_id)) or [last]
        if self._turns.is_deleted:
            return
        self._turns.clear()
        with self._turns:
            for one in turns:
                self._add(one)
        self._ended(turns[-1])
        self._inspecting.show(turns[-1])
        self._scroll.run_method("scrollTo", 0, 1_000_000)

    def _add(self, one: Dialog) -> None:
        view = TurnView(one.request, self._inspecting.show)
        view.finish(one)

    async def follow(self, dialog_id: str) -> None:
        """Show a turn that runs, from wherever it is."""
        live = self._console.dialogs.live(dialog_id)
        if live is None or self._turns.is_deleted:
            return
        if live.request.after:
            before = await act(lambda: self._console.dialogs.get(live.request.after))
            if before is not None:
                await self.open(before)
        else:
            self._turns.clear()
        self._begin(dialog_id, live.request)
        self._heard([])

    # -- sending

    async def _send(self) -> None:
        form = self._choosing.form
        if form is None or self._running:
            return
        text = str(self.field.control.value or "")
        fields = {"message": self.field, **form.fields}

        async def start() -> str:
            values = form.values()
            if form.uses_token:
                values["token_key"] = self._console.dialogs.take_token(form.token_text)
            values |= {"message": text, "after": self._last, "holds_user": True}
            return (await self._console.dialogs.start(values)).execution_id

        dialog_id = await act(start, busy=self._go, fields=fields)
        if dialog_id is None or self._turns.is_deleted:
            return
        with self._turns:
            if not self._last:
                self._turns.clear()
            self.field.control.set_value("")
            self._begin(dialog_id, DialogRequest(form.values()["model"], text.strip()))
            self._went(dialog_id)
        self._heard([])

    def _begin(self, dialog_id: str, request: DialogRequest) -> None:
        self._running, self._pieces = dialog_id, 0
        with self._turns:
            self._view = TurnView(request, self._inspecting.show)
        self._view.begin("")
        self._inspecting.begin()
        self._show_acts()
        self._scroll.run_method("scrollTo", 0, 1_000_000)

    async def _cancel(self) -> None:
        if self._running:
            dialog_id = self._running
            await act(lambda: self._console.dialogs.cancel(dialog_id), busy=self._stop)

    async def _end(self) -> None:
        """Forget the conversation here and release its user; its turns stay in the history."""
        root = self._root
        self._root = self._last = ""
        self._nothing()
        self._inspecting.clear()
        self._went("")
        self._show_acts()
        if root:
            await act(lambda: self._console.dialogs.end(root))

    async def _again(self, one: Dialog) -> None:
        """Send the same once more, after the same turn as it did."""
        self.write(one.request.message)
        self._last = one.request.after
        await self._send()

    # -- following

    def _heard(self, _: list[str]) -> None:
        live = self._console.dialogs.live(self._running) if self._running else None
        view = self._view
        if live is None or view is None:
            return
        if live.result is not None:
            self._finish(view, live.result)
            return
        view.tell(live)
        view.grow("".join(live.pieces[self._pieces :]))
        self._pieces = len(live.pieces)
        self._inspecting.grow(live)

    def _finish(self, view: TurnView, result: Dialog) -> None:
        self._running, self._view = "", None
        view.finish(result)
        with view:
            advice_acts(result, partial(self._again, result))
        self._inspecting.show(result)
        self._ended(result)
        self._scroll.run_method("scrollTo", 0, 1_000_000)

    def _ended(self, last: Dialog) -> None:
        self._last, self._root = last.dialog_id, last.root or last.dialog_id
        self._show_acts()
        who = last.user_id[:8]
        count = trn("{n} turn", "{n} turns", last.turn)
        self._note.set_text(f"{count} · {tr('user {id}', id=who)}" if who else count)

    def _show_acts(self) -> None:
        is_running = bool(self._running)
        self._stop.set_visibility(is_running)
        self._go.set_enabled(not is_running and may_change())
        self._clear.set_visibility(bool(self._last) and not is_running)
        is_known = bool(self._root) and self._console.dialogs.holds_user(self._root)
        self._cost.set_text(
            tr("1 conversation, same user") if is_known else tr("1 conversation, 1 sign-in")
        )
        if not self._last:
            self._note.set_text("")

    def _back(self) -> None:
        """Show a running turn whole: what came while the browser was away is lost."""
        live: LiveDialog | None = self._console.dialogs.live(self._running)
        if live is not None and self._view is not None and live.result is None:
            self._view.begin("".join(live.pieces))
            self._pieces = len(live.pieces)
            self._inspecting.back(live)
