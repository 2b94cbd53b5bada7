"""Actor: who is acting now, so that what is changed can say by whom."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from services.foundation.errors import NotAllowedError

CONSOLE = "console"  # a page of this console, where nobody had to sign in


@dataclass(frozen=True, slots=True)
class Actor:
    """A name, the request it came with, and whether it may do more than look."""

    name: str = CONSOLE
    request_id: str = ""
    may_change: bool = True


_NOBODY = Actor()
_acting: ContextVar[Actor] = ContextVar("acting", default=_NOBODY)


def current_actor() -> Actor:
    """Return who acts in this task; `console` when nobody said so."""
    return _acting.get()


def ensure_may_change() -> None:
    """Return when whoever acts may change things; raise NotAllowedError when they only read."""
    if not _acting.get().may_change:
        raise NotAllowedError("This account or token only reads: ask an operator to do it")


def act_as(name: str, request_id: str = "", *, may_change: bool = True) -> None:
    """Say who acts from here on in this task (a request has its own)."""
    _acting.set(Actor(name[:200] or CONSOLE, request_id[:64], may_change))


@contextmanager
def acting_as(name: str, request_id: str = "", *, may_change: bool = True) -> Generator[None]:
    """Act as somebody inside the block."""
    token = _acting.set(Actor(name[:200] or CONSOLE, request_id[:64], may_change))
    try:
        yield
    finally:
        _acting.reset(token)
