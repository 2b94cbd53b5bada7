"""The gate: each message of a page's socket is let through only while its session holds."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gymbro_ui import visitors
from gymbro_ui.gate import SIGNED_OUT, Gate
from services.access.types import Approach, Role, Visitor
from services.foundation.actor import current_actor
from services.foundation.signals import Signal

READER = Visitor("eve", Role.READ_ONLY, 7, "s" * 64)


class Door:
    """Stands for the access service; `is_in` says whether the one session still holds."""

    def __init__(self) -> None:
        self.is_in = True
        self.touched = 0
        self.sessions = SimpleNamespace(ended=Signal("ended"), touch=self._touch)

    def _touch(self, _session_id: str) -> None:
        self.touched += 1

    def approach_of(self, _call: Any) -> Approach:
        return Approach("10.0.0.2", is_local=False, is_secure=False)

    def visitor_of(self, _approach: Approach, secret: str) -> Visitor | None:
        return READER if secret == "good" and self.is_in else None

    def is_good(self, _visitor: Visitor) -> bool:
        return self.is_in


App = Callable[[Any, Any, Any], Awaitable[None]]


async def connect(door: Door, app: App, messages: list[Any]) -> list[Any]:
    gate = Gate(SimpleNamespace(access=door, tasks=None, clock=None))  # pyright: ignore[reportArgumentType]
    sent: list[Any] = []
    waiting = iter(messages)

    async def receive() -> Any:
        return next(waiting)()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/_nicegui_ws/socket.io/",
        "headers": [(b"cookie", b"a=b; gymbro_session=good; c=d")],
    }
    await gate.serve(app, scope, receive, send)
    return sent


def text(content: str) -> Callable[[], Any]:
    return lambda: {"type": "websocket.receive", "text": content}


async def test_a_message_after_the_end_of_the_session_reaches_nobody() -> None:
    door, heard = Door(), list[Any]()

    def late() -> Any:
        door.is_in = False
        return {"type": "websocket.receive", "text": '42["event","run"]'}

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            heard.append((message["text"], current_actor().name, current_actor().may_change))
        heard.append(message)
        await send({"type": "websocket.send", "text": "what the page's tasks still say"})

    sent = await connect(door, app, [text('42["event","look"]'), text("3"), late])
    assert heard == [
        ('42["event","look"]', "account:eve", False),
        ("3", "account:eve", False),
        {"type": "websocket.disconnect", "code": SIGNED_OUT},
    ]
    assert [one["type"] for one in sent] == ["websocket.close"]
    assert door.touched == 1  # a pong is nothing a person did


async def test_without_a_session_the_application_never_hears_of_the_socket() -> None:
    door = Door()
    door.is_in = False

    async def app(*_: Any) -> None:
        pytest.fail("it was let in")

    assert await connect(door, app, []) == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("header", "is_secure", "found"),
    [
        (b"gymbro_session=abc", False, "abc"),
        (b"x=1; gymbro_session=abc; y=2", False, "abc"),
        (b"gymbro_session=abc", True, ""),  # planted over http
        (b"__Host-gymbro_session=abc", True, "abc"),
        (b"xgymbro_session=abc", False, ""),
        (b"gymbro_session", False, ""),
        (b"\xff\xfe;;;=", False, ""),
        (b"", False, ""),
    ],
)
def test_only_the_cookie_of_that_way_counts(header: bytes, is_secure: bool, found: str) -> None:
    assert visitors.secret_of({b"cookie": header}, is_secure=is_secure) == found
