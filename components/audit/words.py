"""Words and looks of the log: kinds, actions, where an entry leads."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from components.status.looks import Look
from components.words import tr, word
from services.access.types import AccessEvent, Role, TokenKind
from services.audit.types import AuditAction, AuditEntry, AuditKind

KIND_WORDS: Mapping[str, str] = {
    AuditKind.MODEL: word("Provider"),
    AuditKind.BLOCKED: word("Blocked models"),
    AuditKind.MAPPING: word("Mapping"),
    AuditKind.PROMPT: word("Prompt"),
    AuditKind.SETTINGS: word("Settings"),
    AuditKind.GATEWAY: word("Gateway"),
    AuditKind.TARGET: word("Service under test"),
    AuditKind.ACCESS: word("Access"),
    AuditKind.SUPABASE: word("Supabase project"),
    AuditKind.SYNC: word("Sync"),
}
ACTION_LOOKS: Mapping[str, Look] = {
    AuditAction.CREATED: Look("ended", "hollow", "plain", word("Created")),
    AuditAction.CHANGED: Look("ended", "half", "plain", word("Edited")),
    AuditAction.DELETED: Look("failed", "cross", "outline", word("Deleted")),
    AuditAction.DONE: Look("ended", "tick", "tint", word("Done")),
}
_FIELDS: Mapping[str, str] = {  # columns a person meets in a form; any other keeps its own name
    "name": word("Name"),
    "base_url": word("Address"),
    "provider_protocol": word("Protocol"),
    "model": word("Default model"),
    "default_model": word("Default model"),
    "model_list": word("Models"),
    "candidates_json": word("Models"),
    "models": word("Blocked models"),
    "description": word("Description"),
    "timeout": word("Timeout"),
    "is_active": word("On"),
    "is_default": word("Default endpoint"),
    "allows_local": word("Local addresses allowed"),
    "api_key_state": word("API key"),
    "scope_type": word("Scope"),
    "scope_key": word("Key"),
    "metadata_json": word("Metadata"),
    "prompt_type": word("Type"),
    "address": word("Address"),
    "role": word("Role"),
    "kind": word("May do"),
    "why": word("Reason"),
    "sessions": word("Sign-ins"),
    "expires_at": word("Good until"),
    "from": word("Set by"),
    "version": word("Version"),
}
_ACTORS: Mapping[str, str] = {
    "console": word("A page of this console"),
    "operator": word("Command or operator token"),
    "sign-in": word("Somebody at the sign-in"),
}
_EVENTS: Mapping[str, str] = {
    AccessEvent.SIGNED_IN: word("Signed in"),
    AccessEvent.REFUSED: word("Sign-in refused"),
    AccessEvent.SIGNED_OUT: word("Signed out"),
    AccessEvent.EXPIRED: word("Sign-in ended by its time"),
    AccessEvent.ENDED: word("Sign-in ended by an operator"),
    AccessEvent.ACCOUNT_MADE: word("Account made"),
    AccessEvent.ACCOUNT_DELETED: word("Account deleted"),
    AccessEvent.ROLE_CHANGED: word("Role changed"),
    AccessEvent.PASSWORD_CHANGED: word("Password changed"),
    AccessEvent.TOKEN_MADE: word("Token made"),
    AccessEvent.TOKEN_REVOKED: word("Token revoked"),
}
_VALUES: Mapping[str, str] = {
    Role.OPERATOR: word("Operator"),
    Role.READ_ONLY: word("Read-only"),
    TokenKind.FULL: word("All rights"),
    "wrong": word("Name or password is wrong"),
    "delayed": word("Too many failed tries"),
}
_ACCOUNT, _TOKEN = "account:", "token:"


def kind_word(kind: str) -> str:
    """Return what was changed, in the page's language."""
    return tr(KIND_WORDS[kind]) if kind in KIND_WORDS else kind


def action_look(action: str) -> Look:
    """Return how the act is shown."""
    return ACTION_LOOKS.get(action, ACTION_LOOKS[AuditAction.DONE])


def actor_word(actor: str) -> str:
    """Return who it was, in the page's language."""
    if actor.startswith(_TOKEN):
        return tr("Token {name}", name=actor.removeprefix(_TOKEN))
    if actor.startswith(_ACCOUNT):
        return tr("Account {name}", name=actor.removeprefix(_ACCOUNT))
    return tr(_ACTORS[actor]) if actor in _ACTORS else actor


def field_word(name: str) -> str:
    """Return a column as the forms call it, in the page's language."""
    return tr(_FIELDS[name]) if name in _FIELDS else name


def subject_word(entry: AuditEntry) -> str:
    """Return the name of what was changed; settings have none but their own."""
    if entry.kind in (AuditKind.MODEL, AuditKind.MAPPING, AuditKind.PROMPT, AuditKind.TARGET):
        return entry.subject
    if entry.kind == AuditKind.ACCESS:
        event = str((entry.after or {}).get("event", ""))
        what = tr(_EVENTS[event]) if event in _EVENTS else kind_word(entry.kind)
        return f"{what} · {entry.subject}" if entry.subject else what
    return kind_word(entry.kind)


def fields_of(entry: AuditEntry) -> tuple[str, ...]:
    """Return the fields worth showing: an event is in the title already."""
    return tuple(name for name in entry.changed_fields if name != "event")


def field_value(entry: AuditEntry, value: Any) -> str:
    """Return a field's value in the page's language, where it is one of our own words."""
    if entry.kind == AuditKind.ACCESS and isinstance(value, str) and value in _VALUES:
        return tr(_VALUES[value])
    return value_text(value)


def value_text(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value in ("", [], {}):
        return tr("(empty)")
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=1)[:4_000]


def place_of(entry: AuditEntry) -> str:
    """Return the address where the thing is now; empty where there is none."""
    if entry.action == AuditAction.DELETED or entry.is_demo:
        return ""
    after = entry.after or {}
    if entry.kind == AuditKind.PROMPT:
        number = after.get("newest_no") or after.get("version_no")
        return f"/prompts?id={entry.subject_id}" + (f"&v={number}" if number else "")
    return {
        AuditKind.MODEL: f"/models?q={quote(entry.subject)}",
        AuditKind.BLOCKED: "/mapping",
        AuditKind.MAPPING: f"/mapping?q={quote(entry.subject_id.partition(':')[2])}",
        AuditKind.SETTINGS: "/settings#schedule",
        AuditKind.GATEWAY: "/settings",
        AuditKind.TARGET: "/settings#targets",
        AuditKind.ACCESS: "/settings#access",
        AuditKind.SUPABASE: "/settings#supabase",
        AuditKind.SYNC: "/sync",
    }.get(AuditKind(entry.kind), "")
