"""Actor: who is acting now, so that what is changed can say by whom."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

CONSOLE = "console"  # a page of this console, where nobody had to sign in


@dataclass(frozen=True, slots=True)
class Actor:
    """A name and the request it came with."""

    name: str = CONSOLE
    request_id: str = ""


_NOBODY = Actor()
_acting: ContextVar[Actor] = ContextVar("acting", default=_NOBODY)


def current_actor() -> Actor:
    """Return who acts in this task; `console` when nobody said so."""
    return _acting.get()


def act_as(name: str, request_id: str = "") -> None:
    """Say who acts from here on in this task (a request has its own)."""
    _acting.set(Actor(name[:200] or CONSOLE, request_id[:64]))


@contextmanager
def acting_as(name: str, request_id: str = "") -> Generator[None]:
    """Act as somebody inside the block."""
    token = _acting.set(Actor(name[:200] or CONSOLE, request_id[:64]))
    try:
        yield
    finally:
        _acting.reset(token)
