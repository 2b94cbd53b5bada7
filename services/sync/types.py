"""Sync: what differs between this console and Supabase, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.foundation.messages import Message

Content = Mapping[str, Any]  # what both sides hold of a row, in one spelling


class SyncKind(StrEnum):
    """What is kept on both sides; in the order in which it is carried over."""

    MODEL = "model"
    PROMPT = "prompt"
    MAPPING = "mapping"


class SyncAction(StrEnum):
    """What one difference is."""

    PULL_ADD = "pull_add"  # only Supabase has it
    PULL_CHANGE = "pull_change"  # only Supabase changed it
    PULL_DELETE = "pull_delete"  # Supabase deleted it, here it is as it was
    PUSH_ADD = "push_add"
    PUSH_CHANGE = "push_change"
    PUSH_DELETE = "push_delete"
    CONFLICT = "conflict"  # both sides changed it since they last agreed
    INVALID = "invalid"  # the remote row cannot be used; nothing happens to it

    @property
    def is_pull(self) -> bool:
        """Whether it would change this console."""
        return self in (SyncAction.PULL_ADD, SyncAction.PULL_CHANGE, SyncAction.PULL_DELETE)

    @property
    def is_push(self) -> bool:
        """Whether it would change Supabase."""
        return self in (SyncAction.PUSH_ADD, SyncAction.PUSH_CHANGE, SyncAction.PUSH_DELETE)

    @property
    def is_delete(self) -> bool:
        """Whether something would be gone afterwards."""
        return self in (SyncAction.PULL_DELETE, SyncAction.PUSH_DELETE)


class Choice(StrEnum):
    """What is to happen with one difference; in a conflict pull keeps Supabase's side."""

    SKIP = "skip"
    PULL = "pull"
    PUSH = "push"


class Direction(StrEnum):
    """Which way a sync without a preview goes."""

    PUSH = "push"
    PULL = "pull"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class LocalRow:
    """One row of this console."""

    key: str
    title: str
    content: Content
    created_at: str  # ISO 8601, microseconds: what a replayed insert is recognised by
    remote_id: str = ""  # of an import or an earlier sync


@dataclass(frozen=True, slots=True)
class RemoteRow:
    """One row of Supabase as it was read; `problem` says why it cannot be used."""

    key: str
    title: str
    content: Content
    problem: Message | None = None
    owner: str = ""  # remote id of the prompt that carries this mapping


@dataclass(frozen=True, slots=True)
class LinkState:
    """Two rows that belong together, and what they last agreed on."""

    local_key: str
    remote_key: str
    base: Content


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs."""

    name: str
    here: Any
    there: Any


@dataclass(frozen=True, slots=True)
class SyncItem:
    """One difference with everything an operator needs to choose."""

    id: str
    kind: SyncKind
    action: SyncAction
    title: str
    local_key: str = ""
    remote_key: str = ""
    local: Content | None = None
    remote: Content | None = None
    base: Content | None = None
    breaks: tuple[str, ...] = ()  # ids of mappings that would lose a model or themselves
    note: Message | None = None
    created_at: str = ""
    owner: str = ""

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be chosen."""
        if self.action is SyncAction.INVALID:
            return (Choice.SKIP,)
        if self.action is SyncAction.CONFLICT:
            return (Choice.SKIP, Choice.PUSH, Choice.PULL)
        return (Choice.SKIP, Choice.PULL if self.action.is_pull else Choice.PUSH)

    @property
    def usual(self) -> Choice:
        """What is chosen before anybody looked: never a deletion, never a side of a conflict."""
        if self.action.is_delete or self.action in (SyncAction.CONFLICT, SyncAction.INVALID):
            return Choice.SKIP
        return self.choices[-1]

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """The fields in which the sides differ."""
        here, there = self.local or {}, self.remote or {}
        names = dict.fromkeys((*here, *there))
        found = (FieldChange(name, here.get(name), there.get(name)) for name in names)
        return tuple(change for change in found if change.here != change.there)


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """A preview; it changes nothing and holds for as long as both sides stay as they are."""

    id: str
    made_at: datetime
    kinds: tuple[SyncKind, ...]
    items: tuple[SyncItem, ...]
    agreed: Mapping[SyncKind, tuple[LinkState, ...]] = field(
        default_factory=dict[SyncKind, tuple[LinkState, ...]]
    )
    notes: tuple[Message, ...] = ()
    same: int = 0  # rows both sides have alike
    remote_count: int = 0
    local_count: int = 0
    took_ms: int = 0
    api_keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def count(self, action: SyncAction) -> int:
        """Return how many differences are of that kind."""
        return sum(item.action is action for item in self.items)


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A sync without a preview: which way, and how far it may go."""

    direction: Direction = Direction.PUSH
    kinds: tuple[SyncKind, ...] = tuple(SyncKind)
    overwrite: bool = False  # in a conflict the side it comes from wins
    delete_missing: bool = False
    local_keys: tuple[str, ...] = ()  # only these rows of this console


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did."""

    pulled: Mapping[str, int] = field(default_factory=dict[str, int])  # action to number
    pushed: int = 0
    queued: int = 0  # chosen, but not taken by Supabase yet
    conflicts: int = 0  # left as they are, both sides kept
    skipped: int = 0
    refused: int = 0
    reason: Message | None = None
    backups: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything that was chosen arrived."""
        return self.reason is None and not self.refused and not self.queued
