"""Pure: which entries of the log can be taken back."""

from collections.abc import Mapping
from typing import Any, cast

from services.audit.types import AuditAction, AuditEntry, AuditKind

_KINDS = frozenset(
    (
        AuditKind.MODEL,
        AuditKind.BLOCKED,
        AuditKind.MAPPING,
        AuditKind.PROMPT,
        AuditKind.SETTINGS,
        AuditKind.GATEWAY,
        AuditKind.TARGET,
    )
)


def is_reversible(entry: AuditEntry) -> bool:
    """Return whether the former state can be brought back by the service that owns it."""
    if entry.undone_at is not None or entry.kind not in _KINDS or entry.is_demo:
        return False
    fields = [name for name in entry.changed_fields if not name.endswith("_state")]
    if entry.action == AuditAction.CHANGED and not fields:
        return False  # only a key changed, and the former one is not kept
    if entry.kind == AuditKind.PROMPT:
        return entry.action != AuditAction.DELETED and fields != ["newest_no"]
    if entry.kind == AuditKind.MODEL and fields == ["is_default"]:
        return bool((entry.before or {}).get("is_default"))  # take back the other one's entry
    return entry.kind != AuditKind.TARGET or entry.action != AuditAction.CREATED


def differing(entry: AuditEntry, now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields that are not what the entry left behind: somebody changed them since."""
    after = entry.after or {}
    return tuple(
        name
        for name, value in after.items()
        if name in now and not name.endswith("_state") and _plain(now[name]) != _plain(value)
    )


def _plain(value: Any) -> Any:
    return [*cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value
