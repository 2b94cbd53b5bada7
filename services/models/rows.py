"""Endpoint rows to shapes, and edits to column values."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from db.tables.models import EndpointRow
from services.foundation.errors import InputError
from services.models import rules
from services.models.types import DEMO_PROTOCOL, Endpoint, EndpointEdit


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit means for one row, and for its key."""

    values: dict[str, Any]
    clears_key: bool = False  # the address changed: a stored key must not leave for the new one


def to_endpoint(row: EndpointRow, masked: str) -> Endpoint:
    """Return the shape of a row; `masked` is its key as it may be shown, empty without a key."""
    return Endpoint(
        id=row.id or 0,
        name=row.name,
        base_url=row.base_url,
        provider_protocol=row.provider_protocol,
        model=row.model,
        model_list=tuple(row.model_list or ()),
        is_active=row.is_active,
        is_default=row.is_default,
        status=row.status,
        timeout=row.timeout,
        description=row.description,
        latency_ms=row.latency_ms,
        last_checked_at=row.last_checked_at,
        last_error=row.last_error,
        has_api_key=bool(masked),
        api_key_masked=masked,
        supabase_id=row.supabase_id,
        sync_status=row.sync_status,
        last_synced_at=row.last_synced_at,
        resolved_endpoints=row.resolved_endpoints or {},
        allows_local=row.allows_local,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_change(edit: EndpointEdit, present: Endpoint | None) -> Change:
    """Return the column values an edit sets; raise InputError naming the field."""
    values = _plain_values(edit, present)
    protocol = values.get("provider_protocol") or (present and present.provider_protocol) or ""
    base_url = values.get("base_url", present.base_url if present else "")
    if protocol == DEMO_PROTOCOL:
        base_url = values["base_url"] = ""
    elif not base_url:
        raise InputError("An address is needed", field="base_url")
    _check_local(base_url, values.get("allows_local", present and present.allows_local))
    moved = present is not None and (
        base_url != present.base_url or protocol != present.provider_protocol
    )
    if present is None or moved:
        values["resolved_endpoints"] = rules.resolved_addresses(base_url, protocol)
        values |= {"status": "unknown", "latency_ms": None, "last_error": None}
    if present is not None and present.supabase_id is not None:
        values["sync_status"] = "pending_sync"
    return Change(values, clears_key=moved and present is not None and present.has_api_key)


def key_note(key: str | None, *, clears: bool) -> dict[str, str] | None:
    """Return what the log says of the key, which is in no table; None when nothing became of it."""
    if key is None:
        return {"api_key_state": "removed"} if clears else None
    return {"api_key_state": "set" if key else "removed"}


def _plain_values(edit: EndpointEdit, present: Endpoint | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if edit.name is not None or present is None:
        values["name"] = rules.plain_text(edit.name or "", "name", rules.NAME_MAX)
        if not values["name"]:
            raise InputError("A name is needed", field="name")
    if edit.provider_protocol is not None or present is None:
        values["provider_protocol"] = _protocol(edit.provider_protocol or "openai")
    if edit.base_url:
        values["base_url"] = rules.normal_base_url(edit.base_url)
    elif edit.base_url is not None:
        values["base_url"] = ""
    if edit.model is not None:
        values["model"] = rules.plain_text(edit.model, "model", rules.MODEL_MAX)
    if edit.model_list is not None:
        values["model_list"] = list(rules.model_names(edit.model_list))
    return values | _plain_options(edit)


def _plain_options(edit: EndpointEdit) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if edit.timeout is not None:
        if not 1 <= edit.timeout <= rules.TIMEOUT_MAX_S:
            raise InputError(
                "Must be from 1 to {longest} seconds", field="timeout", longest=rules.TIMEOUT_MAX_S
            )
        values["timeout"] = edit.timeout
    if edit.description is not None:
        values["description"] = edit.description.replace("\x00", "")[:5_000]
    if edit.is_active is not None:
        values["is_active"] = edit.is_active
    if edit.allows_local is not None:
        values["allows_local"] = edit.allows_local
    if edit.is_default is not None:
        values["is_default"] = edit.is_default
    return values


def _check_local(base_url: str, is_allowed: object) -> None:
    """Raise InputError when the address is a local one nobody allowed; names are judged on connect."""
    if base_url and not is_allowed and rules.is_local_host(urlsplit(base_url).hostname or ""):
        raise InputError(
            "{host} is this machine or a private network: allow local addresses for this endpoint,"
            " if you mean it",
            field="base_url",
            host=urlsplit(base_url).hostname,
        )


def _protocol(value: str) -> str:
    name = value.strip().lower()
    if name in ("anthropic", "claude"):
        return "claude"
    if name not in rules.PROTOCOLS:
        raise InputError(
            "Must be one of {choices}",
            field="provider_protocol",
            choices=", ".join(rules.PROTOCOLS),
        )
    return name
