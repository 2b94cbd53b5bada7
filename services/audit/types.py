"""Audit: one thing that was changed, and what a list of them shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.foundation.ids import is_demo_id

Values = Mapping[str, Any]


class AuditKind(StrEnum):
    """What can be changed."""

    MODEL = "model"
    BLOCKED = "blocked"
    MAPPING = "mapping"
    PROMPT = "prompt"
    SETTINGS = "settings"  # dashboard_config
    GATEWAY = "gateway"  # llm_app_settings
    TARGET = "target"
    ACCESS = "access"
    SUPABASE = "supabase"  # which project, which keys
    SYNC = "sync"  # a sync as a whole


class AuditAction(StrEnum):
    """What was done to it."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    DONE = "done"  # an act without before and after, such as a sync


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the log; secrets are never in it."""

    id: int
    at: datetime
    actor: str
    request_id: str
    kind: str
    subject_id: str
    subject: str
    action: str
    before: Values | None
    after: Values | None
    group_id: str = ""
    undone_by: str = ""
    undone_at: datetime | None = None

    @property
    def is_demo(self) -> bool:
        """Whether it is demo data: nobody ever did it."""
        return is_demo_id(self.group_id)

    @property
    def changed_fields(self) -> tuple[str, ...]:
        """The names whose values differ, in order."""
        before, after = self.before or {}, self.after or {}
        names = dict.fromkeys((*before, *after))
        return tuple(name for name in names if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries a list shows; empty means all."""

    kinds: tuple[str, ...] = ()
    actor: str = ""
    subject_id: str = ""
    text: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A piece of the log, newest first."""

    entries: tuple[AuditEntry, ...]
    next_before: int | None = None  # pass it as `before` for older ones; None: that was all


@dataclass(frozen=True, slots=True)
class SyncNote:
    """What of a sync is worth an entry of its own."""

    title: str
    counts: Values
