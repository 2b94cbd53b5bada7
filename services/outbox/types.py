"""Outbox: a push that waits, how pushing it ended, and the state of the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from services.foundation.messages import Message


class OutboxState(StrEnum):
    """Where a push stands."""

    WAITING = "waiting"
    CONFLICT = "conflict"  # both sides changed: somebody must choose
    DEAD = "dead"  # refused too often: its reason is on screen


class Op(StrEnum):
    """What the push does to the remote row."""

    SAVE = "save"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Entry:
    """One push; the newest wish for a thing replaces older ones."""

    kind: str
    key: str  # of the local row; empty while there is none yet
    op: Op
    payload: Mapping[str, Any]
    id: int = 0  # 0: it was never stored, it is being tried for the first time
    version: int = 0
    attempts: int = 0
    title: str = ""
    state: OutboxState = OutboxState.WAITING
    reason: Message | None = None
    created_at: datetime | None = None
    secret: str = field(default="", repr=False)  # a supplier's key of this very act; never stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one push ended."""

    entry: Entry
    settle: Callable[[Any, str], None] | None = None  # gets the session and the local row's key
    conflict: Message | None = None  # why it was not made: the other side changed too


class Carrier(Protocol):
    """Who knows how a kind of thing is written; safe to repeat."""

    kind: str

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Return one outcome an entry; raise RemoteError when none was taken."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxView:
    """The outbox as it stands."""

    waiting: int = 0
    conflicts: int = 0
    dead: int = 0
    oldest_at: datetime | None = None
    next_try_at: datetime | None = None  # None: now, or when somebody resumes
    failures: int = 0  # in a row; over 0 the breaker is open
    reason: Message | None = None  # of the last failure
    stopped: Mapping[str, Message] = field(default_factory=dict[str, Message])  # kind to reason
    is_held: bool = False  # after a restore, until an operator lets pushing go on
    done: int = 0  # of the flush that runs
    total: int = 0

    @property
    def count(self) -> int:
        """Everything that has not arrived."""
        return self.waiting + self.conflicts + self.dead


@dataclass(frozen=True, slots=True)
class FlushReport:
    """What one flush did."""

    pushed: int = 0
    conflicts: int = 0
    refused: int = 0
    left: int = 0
    reason: Message | None = None  # why something was left
