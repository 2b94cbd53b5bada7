"""Words and looks of the sync: kinds, differences, choices, fields."""

import json
from collections.abc import Mapping
from typing import Any

from components.status.looks import Look
from components.words import tr, word
from services.supabase.types import Link
from services.sync.types import Choice, SyncAction, SyncItem, SyncKind

KIND_WORDS: Mapping[SyncKind, str] = {
    SyncKind.MODEL: word("Provider"),
    SyncKind.PROMPT: word("Prompt"),
    SyncKind.MAPPING: word("Mapping"),
}
PUSH_WORDS: Mapping[str, str] = {
    **{str(kind): name for kind, name in KIND_WORDS.items()},
    "dashboard_stats": word("Figures of a day"),
}
ACTION_LOOKS: Mapping[SyncAction, Look] = {
    SyncAction.PULL_ADD: Look("ended", "hollow", "plain", word("New at Supabase")),
    SyncAction.PULL_CHANGE: Look("ended", "half", "plain", word("Changed at Supabase")),
    SyncAction.PULL_DELETE: Look("failed", "cross", "outline", word("Deleted at Supabase")),
    SyncAction.PUSH_ADD: Look("ended", "hollow", "plain", word("New here")),
    SyncAction.PUSH_CHANGE: Look("ended", "half", "plain", word("Changed here")),
    SyncAction.PUSH_DELETE: Look("failed", "cross", "outline", word("Deleted here")),
    SyncAction.CONFLICT: Look("structure", "bang", "solid", word("Changed on both sides")),
    SyncAction.INVALID: Look("slow", "bang", "outline", word("Cannot be used")),
}
LINK_LOOKS: Mapping[Link, Look] = {
    Link.ONLINE: Look("ok", "tick", "tint", word("Online")),
    Link.OFFLINE: Look("failed", "cross", "solid", word("Offline")),
    Link.UNKNOWN: Look("none", "hollow", "plain", word("Not checked yet")),
    Link.DISABLED: Look("none", "dash", "plain", word("Not set up")),
}
SKIP = Look("none", "dash", "plain", word("Leave as it is"))
_DOES: Mapping[SyncAction, str] = {
    SyncAction.PULL_ADD: word("Add here"),
    SyncAction.PULL_CHANGE: word("Change here"),
    SyncAction.PULL_DELETE: word("Delete here"),
    SyncAction.PUSH_ADD: word("Add at Supabase"),
    SyncAction.PUSH_CHANGE: word("Change at Supabase"),
    SyncAction.PUSH_DELETE: word("Delete at Supabase"),
}
_FIELDS: Mapping[str, str] = {
    "name": word("Name"),
    "model": word("Default model"),
    "base_url": word("Address"),
    "description": word("Description"),
    "timeout": word("Timeout"),
    "is_active": word("Active"),
    "is_default": word("Default"),
    "content": word("Text"),
    "version": word("Version"),
    "tools": word("Tools"),
    "scope_type": word("Scope"),
    "scope_key": word("Key"),
    "default_model": word("Default model"),
    "candidates": word("Candidates"),
    "metadata": word("Metadata"),
}


def choice_look(item: SyncItem, choice: Choice) -> Look:
    """Return how a choice is shown: what it would do."""
    if choice is Choice.SKIP:
        return SKIP
    if item.action is SyncAction.CONFLICT:
        ours = choice is Choice.PUSH
        text = word("Keep ours") if ours else word("Take Supabase's")
        return Look("ended", "tick", "tint", text)
    tone = "failed" if item.action.is_delete else "ended"
    return Look(tone, "tick", "tint", _DOES[item.action])


def field_word(name: str) -> str:
    """Return a field's name in the page's language."""
    return tr(_FIELDS[name]) if name in _FIELDS else name


def value_text(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value in ("", [], {}):
        return tr("(empty)")
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):  # pyright: ignore[reportUnknownVariableType]
        return ", ".join(value)  # pyright: ignore[reportUnknownArgumentType]
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:

    return json.dumps(value, ensure_ascii=False, indent=1)[:20_000]
