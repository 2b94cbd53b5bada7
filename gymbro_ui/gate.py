"""Gate: pages, their socket and their files are for whoever signed in; this machine may need not."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from html import escape
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from nicegui import Client

from gymbro_ui.page_headers import PageSender
from gymbro_ui.visitors import connection_of, pages_of, secret_of
from services.access.types import Visitor
from services.foundation.actor import act_as

if TYPE_CHECKING:
    from services.console import Console

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/login", "/login/style.css", "/login/state", "/metrics"})
SIGNED_OUT = 4401  # close code of a page's socket whose session has ended
LEAVE_S = 0.5  # a page is told to load anew before its socket is cut
_MESSAGE = ("4",)  # of engine.io: a message of the client; 2 and 3 are pings


class Doorway(Protocol):
    """What the guard hands a page's connection to."""

    async def serve(  # as Gate.serve
        self, app: AsgiApp, scope: Scope, receive: Receive, send: PageSender | Send
    ) -> None: ...


class Gate:
    """Lets in or leads to the sign-in; cuts what is open when a session ends."""

    def __init__(self, console: "Console") -> None:
        """Follow the ends of sessions."""
        self._console = console
        self._access = console.access
        self._sockets: defaultdict[str, set[_Socket]] = defaultdict(set)
        console.access.sessions.ended.subscribe(self._ended)

    async def serve(
        self, app: AsgiApp, scope: Scope, receive: Receive, send: PageSender | Send
    ) -> None:
        """Serve one connection whose Host and Origin are ours."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        approach = self._console.access.approach_of(connection_of(scope, headers))
        if isinstance(send, PageSender):
            send.is_secure = approach.is_secure
        state: dict[str, Any] = scope.setdefault("state", {})
        state["approach"] = approach
        secret = secret_of(headers, is_secure=approach.is_secure)
        visitor = self._access.visitor_of(approach, secret)
        state["visitor"] = visitor
        if scope["path"] in OPEN_PATHS:
            await app(scope, receive, send)
        elif visitor is None:
            await _turn_away(scope, headers, send)
        else:
            await self._let_in(visitor, app, scope, receive, send)

    async def _let_in(
        self, visitor: Visitor, app: AsgiApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if visitor.session_id:
            act_as(visitor.actor, may_change=visitor.may_change)
        if scope["type"] != "websocket":
            if _is_deed(scope):
                self._access.sessions.touch(visitor.session_id)
            await app(scope, receive, send)
            return
        socket = _Socket(self._access, visitor, receive, send)
        self._sockets[visitor.session_id].add(socket)
        try:
            await app(scope, socket.receive, socket.send)
        finally:
            left = self._sockets[visitor.session_id]
            left.discard(socket)
            if not left:
                del self._sockets[visitor.session_id]

    def _ended(self, ids: frozenset[str]) -> None:
        """Other tabs load anew, which leads them to the sign-in; then nothing of theirs is open."""
        clients = pages_of(ids)
        for client in clients:
            client.run_javascript("window.location.reload()")
        sockets = [socket for key in ids for socket in self._sockets.get(key, ())]
        if clients or sockets:
            self._console.tasks.start(self._cut(clients, sockets), "sign out pages")

    async def _cut(self, clients: "list[Client]", sockets: "list[_Socket]") -> None:
        await self._console.clock.sleep(LEAVE_S)
        for socket in sockets:
            await socket.cut()
        for client in clients:
            if client.id in Client.instances:
                client.delete()


class _Socket:
    """A page's socket that ends with its session."""

    def __init__(self, access: Any, visitor: Visitor, receive: Receive, send: Send) -> None:
        self._access = access
        self._visitor = visitor
        self._receive = receive
        self._send = send
        self._is_cut = False

    async def receive(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        if not self._access.is_good(self._visitor):
            await self.cut()
        if self._is_cut:
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        if (message.get("text") or "").startswith(_MESSAGE):
            self._access.sessions.touch(self._visitor.session_id)
        return message

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if not self._is_cut:
            await self._send(message)

    async def cut(self) -> None:
        """Close; what the page's tasks still send goes nowhere."""
        if not self._is_cut:
            self._is_cut = True
            await self._send(
                {"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"}
            )


def _is_deed(scope: Scope) -> bool:
    """Whether a person did something: opened a page or clicked; not a poll or its pong."""
    if not scope["path"].startswith("/_nicegui"):
        return scope["method"] in ("GET", "POST")
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return scope["method"] == "POST" and length != b"1"


async def _turn_away(scope: Scope, headers: Mapping[bytes, bytes], send: Send) -> None:
    """Lead a person to the sign-in and back; answer 401 to everything else."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    is_page = b"text/html" in headers.get(b"accept", b"") and scope["method"] in ("GET", "HEAD")
    if not is_page or scope["path"].startswith("/_nicegui"):
        await _answer(
            send, 401, b"Sign in first.", (b"www-authenticate", b'Cookie realm="console"')
        )
        return
    wanted = quote(scope["path"], safe="/")
    if query := scope.get("query_string", b"").decode("latin-1"):
        wanted += f"?{quote(query, safe='=&%+,:')}"
    if headers.get(b"sec-fetch-site") == b"cross-site":
        # A strict cookie does not come with a link from elsewhere: ask once more, from here.
        page = f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(wanted)}">'
        await _answer(send, 200, page.encode(), (b"content-type", b"text/html; charset=utf-8"))
        return
    target = f"/login?next={quote(wanted, safe='')}"
    await _answer(send, 303, b"", (b"location", target.encode("latin-1")))


async def _answer(send: Send, status: int, body: bytes, header: tuple[bytes, bytes]) -> None:
    headers = [header, (b"content-length", str(len(body)).encode())]
    if header[0] != b"content-type":
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
