"""Pure: what an answer of the project means, and which address and keys can be stored."""

import base64
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from services.foundation.errors import InputError
from services.foundation.redact import redact
from services.supabase.types import Fault, RemoteError
from services.wire.address import is_forbidden_ip, literal_ip

URL_MAX = 500
KEY_MAX = 4096
DETAIL_MAX = 300
_BY_STATUS = {408: Fault.SERVER, 429: Fault.LIMITED, 540: Fault.PAUSED}
_ROLES_OF_SERVICE = ("service_role", "supabase_admin")
_BY_CODE = {
    "23505": Fault.DUPLICATE,
    "42501": Fault.FORBIDDEN,
    "PGRST205": Fault.TABLE_MISSING,
    "42P01": Fault.TABLE_MISSING,
    "PGRST204": Fault.COLUMN_MISSING,
    "42703": Fault.COLUMN_MISSING,
    "PGRST301": Fault.KEY_REFUSED,
    "PGRST302": Fault.KEY_REFUSED,
    "PGRST303": Fault.KEY_REFUSED,
}
TEXTS: Mapping[Fault, str] = {
    Fault.SERVER: "Supabase answered HTTP {http}: {detail}",
    Fault.PAUSED: "The Supabase project is paused. Restore it in its dashboard",
    Fault.LIMITED: "Supabase asks to wait: too many requests",
    Fault.REDIRECTED: "Supabase's address redirects elsewhere (HTTP {http}). That is never followed,"
    " because the key would go along: correct the address",
    Fault.KEY_REFUSED: "Supabase refuses the service key ({detail}). Paste a valid one",
    Fault.FORBIDDEN: "Supabase does not let this key use {table}: {detail}. Use the service key, or add a"
    " policy for it",
    Fault.TABLE_MISSING: "The table {table} does not exist in the project. Create it with the SQL on the"
    " settings page",
    Fault.COLUMN_MISSING: "The table {table} lacks a column: {detail}",
    Fault.DUPLICATE: "{table} has such a row already: {detail}",
    Fault.ROW_REFUSED: "{table} does not take this row: {detail}",
}


def to_error(
    table: str, status: int, code: str, detail: str, retry_after_s: float | None = None
) -> RemoteError:
    """Return what an answer that is no success means."""
    fault = fault_of(status, code)
    shown = redact(" ".join(detail.split()))[:DETAIL_MAX] or code or f"HTTP {status}"
    return RemoteError(
        TEXTS[fault],
        fault,
        status=status,
        retry_after_s=retry_after_s,
        http=status,
        table=table,
        detail=shown,
    )


def fault_of(status: int, code: str) -> Fault:
    """Return the kind of failure; the database's code says more than the HTTP status."""
    known = _BY_STATUS.get(status) or _BY_CODE.get(code)
    if known is None and code == str(status) == "404":  # HEAD: an answer without a body
        known = Fault.TABLE_MISSING
    if known is not None:
        return known
    if 300 <= status < 400:
        return Fault.REDIRECTED
    if status in (401, 403):
        return Fault.KEY_REFUSED
    return Fault.ROW_REFUSED if 400 <= status < 500 else Fault.SERVER


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to be left alone, at most an hour; None without such a wish."""
    text = headers.get("retry-after", "").strip()
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else None


def read_url(value: str) -> str:
    """Return the project's address without a slash or /rest/v1; raise InputError."""
    text = value.strip().rstrip("/")
    for ending in ("/rest/v1", "/auth/v1"):
        text = text.removesuffix(ending).rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", 0
        parts = urlsplit("")
    if len(text) > URL_MAX or parts.scheme not in ("http", "https") or not host or port == 0:
        raise InputError("Enter an address that begins with http:// or https://", field="url")
    if "@" in parts.netloc or parts.query or parts.fragment or not text.isprintable():
        raise InputError("The address must not hold a name, password, ? or #", field="url")
    if literal_ip(host) and is_forbidden_ip(host):
        raise InputError("The address {host} is never contacted", field="url", host=host)
    return text


def read_key(value: str, field: str) -> str:
    """Return the key; raise InputError when it is none, or of the other kind."""
    key = value.strip()
    if not key:
        return ""
    if len(key) > KEY_MAX or not key.isascii() or any(ch <= " " for ch in key):
        raise InputError("This is not a key: it has blanks or strange letters", field=field)
    role = key_role(key)
    if field == "anon_key" and role in _ROLES_OF_SERVICE:
        raise InputError(
            "This is a service key ({role}). It gives full rights and must never reach an app: paste it"
            " in the field for the service key",
            field=field,
            role=role,
        )
    if field == "service_key" and role == "anon":
        raise InputError("This is an anon key; the sync needs the service key", field=field)
    return key


def key_role(key: str) -> str:
    """Return the role a key claims to have, or an empty text when it does not say."""
    for start, role in (("sb_secret_", "service_role"), ("sb_publishable_", "anon")):
        if key.startswith(start):
            return role
    parts = key.split(".")
    if len(parts) != 3:
        return ""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return ""
    role = cast("dict[str, Any]", claims).get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else ""


def plain_rows(table: str, data: object) -> list[dict[str, Any]]:
    """Return the rows of a success; raise RemoteError(MALFORMED) for anything else.

    A captive portal's page arrives as a text, without any error.
    """
    shown = redact(str(data)[:80])
    rows = cast("list[object]", data) if isinstance(data, list) else None
    if rows is None or any(not isinstance(row, dict) for row in rows):
        raise malformed(table, shown)
    return cast("list[dict[str, Any]]", rows)


def malformed(table: str, detail: str) -> RemoteError:
    """Return the error for an answer that is no table, though it came as a success."""
    return RemoteError(
        "Supabase answered with something that is not a table ({detail}). Nothing was changed",
        Fault.MALFORMED,
        table=table,
        detail=detail,
    )
