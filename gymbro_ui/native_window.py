"""Native window: its pages are known by a cookie; closing it asks in them when something runs."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi import APIRouter
from nicegui import Client, app
from starlette.responses import RedirectResponse, Response

from components.frame.leaving import LeavingActs, LeavingDialog
from components.live import on_batch
from components.words import speaking, tr, trn
from gymbro_ui.actions import act
from gymbro_ui.run_actions import name_of
from services.desktop.types import COOKIE, PATH

if TYPE_CHECKING:
    from services.console import Console

_dialogs: "WeakKeyDictionary[Client, LeavingDialog]" = WeakKeyDictionary()


def attach(console: "Console") -> None:
    """Let the window of this console ask, leave and be known."""

    def leave() -> None:
        console.begin_stop()
        app.shutdown()

    desktop = console.desktop
    desktop.leave = leave
    desktop.ask = lambda: _ask(console)
    desktop.ask_plainly = lambda: _question(console)


def router(console: "Console") -> APIRouter:
    """Return the address the window opens first."""
    pages = APIRouter(include_in_schema=False)

    @pages.get(PATH)
    async def enter(key: str = "") -> Response:  # pyright: ignore[reportUnusedFunction]
        """Mark every page of the window, then lead on."""
        answer = RedirectResponse("/", 303)
        if key == console.desktop.key:
            answer.set_cookie(COOKIE, key, httponly=True, samesite="strict")
        return answer

    return pages


def is_in_window(console: "Console", client: Client) -> bool:
    """Return whether the page is in the window and not in a browser."""
    return client.request.cookies.get(COOKIE) == console.desktop.key


def _ask(console: "Console") -> bool:
    """Ask in the window's page; return False when it has none that listens."""
    for client in reversed(list(Client.instances.values())):
        if client.has_socket_connection and is_in_window(console, client):
            with client:
                _dialog(console, client)
            return True
    return False


def _dialog(console: "Console", client: Client) -> None:
    if client not in _dialogs:
        _dialogs[client] = _build(console)
    _draw(console, _dialogs[client])


def _build(console: "Console") -> LeavingDialog:
    desktop = console.desktop

    def wait() -> None:
        desktop.quit_when_idle()
        _draw(console, dialog)

    async def cancel() -> None:
        await act(desktop.cancel_and_quit)
        _draw(console, dialog)

    def stay() -> None:
        desktop.stay()
        dialog.hide()

    dialog = LeavingDialog(LeavingActs(wait, cancel, desktop.keep_running, stay))
    on_batch(console.executions.changed, lambda _: _draw(console, dialog, again=True))
    return dialog


def _draw(console: "Console", dialog: LeavingDialog, *, again: bool = False) -> None:
    """Show what runs now; where nothing does any more there is nothing left to ask."""
    if again and not dialog.is_open:
        return
    running = console.executions.running()
    if not running and not console.desktop.is_waiting:
        dialog.hide()
        return
    dialog.show([name_of(console, one) for one in running], waiting=console.desktop.is_waiting)


def _question(console: "Console") -> tuple[str, str]:
    """Return title and text for the system's own dialog, where no page can ask."""
    count = len(console.executions.running())
    with speaking(console.desktop.language):
        title = trn("{n} run is still going", "{n} runs are still going", count)
        text = tr("Cancel what runs and quit? What it has done so far is kept.")
    return title, text
