"""What a target may be: addresses, keys, names; each fault is told at its field."""

import base64
import json
import re
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from services.chat.rules import normalise_api_base
from services.foundation.errors import InputError
from services.targets.types import Target, TargetEdit
from services.wire.address import is_forbidden_ip, literal_ip

COLOURS = ("blue", "teal", "purple", "orange")
MAX_NAME = 80
MAX_URL = 500
MAX_KEY = 4096
_ANON_ROLES = ("anon",)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


def read_name(value: str) -> str:
    """Return the trimmed name; raise InputError."""
    name = " ".join(value.split())
    if not name:
        raise InputError("Give the service a name", field="name")
    if len(name) > MAX_NAME:
        raise InputError("The name may have at most {n} characters", field="name", n=MAX_NAME)
    return name


def read_colour(value: str) -> str:
    """Return the colour tag; raise InputError."""
    if value not in COLOURS:
        raise InputError(
            "The colour must be one of {colours}", field="colour", colours=", ".join(COLOURS)
        )
    return value


def read_api_base(value: str) -> str:
    """Return the address of the API, ending in /api/v1; raise InputError."""
    return normalise_api_base(_read_url(value, "api_base"))


def read_auth_url(value: str) -> str:
    """Return the project URL without slash and without /auth/v1; raise InputError."""
    return _read_url(value, "auth_url").removesuffix("/auth/v1").rstrip("/")


def read_email(value: str) -> str:
    """Return the trimmed e-mail address of the fixed account, or an empty text; raise InputError."""
    email = value.strip()
    if email and not _EMAIL.fullmatch(email):
        raise InputError("{value} is not an e-mail address", field="user_email", value=email)
    return email


def read_key(value: str, field: str) -> str:
    """Return the trimmed key; raise InputError when it is another kind of key or no key at all."""
    key = value.strip()
    if not key:
        return ""
    if len(key) > MAX_KEY or not key.isascii() or any(ch <= " " for ch in key):
        raise InputError("This is not a key: it has blanks or strange letters", field=field)
    role = key_role(key)
    if field == "anon_key" and role not in ("", *_ANON_ROLES):
        raise InputError(
            "This is a service key ({role}). It gives full rights: paste the anon key here and the"
            " service key below",
            field=field,
            role=role,
        )
    if field == "service_key" and role in _ANON_ROLES:
        raise InputError("This is an anon key, not a service key", field=field)
    return key


def key_role(key: str) -> str:
    """Return the role a key claims (anon, service_role …), or an empty text when it does not say."""
    if key.startswith("sb_secret_"):
        return "service_role"
    if key.startswith("sb_publishable_"):
        return "anon"
    parts = key.split(".")
    if len(parts) != 3:
        return ""
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    role = cast(dict[str, Any], claims).get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else ""


def key_notes(given: dict[str, str]) -> dict[str, str]:
    """Return what the log says of keys and password, which are in no table."""
    return {f"{name}_state": "set" if value else "removed" for name, value in given.items()}


def drafted(edit: TargetEdit, old: Target | None) -> Target:
    """Return the target that the edit would make, to try it before it is stored; raise InputError.

    A key that was not typed is the stored one, unless the edit leads to another address.
    """
    is_self = old is not None and old.is_self
    api_base = old.api_base if old and is_self else read_api_base(edit.api_base)
    auth_url = old.auth_url if old and is_self else read_auth_url(edit.auth_url)
    moved = old is not None and (old.api_base, old.auth_url) != (api_base, auth_url)
    kept = None if moved else old
    return Target(
        id=old.id if old else 0,
        name=edit.name,
        api_base=api_base,
        auth_url=auth_url,
        is_self=is_self,
        anon_key=_typed(edit.anon_key, "anon_key", kept.anon_key if kept else ""),
        service_key=_typed(edit.service_key, "service_key", kept.service_key if kept else ""),
    )


def _typed(value: str | None, field: str, kept: str) -> str:
    return kept if value is None else read_key(value, field)


def is_moved(old_api_base: str, old_auth_url: str, edit: TargetEdit) -> bool:
    """Return whether the edit sends tokens or keys to another address than before."""
    return (old_api_base, old_auth_url) != (edit.api_base, edit.auth_url)


def host_of(url: str) -> str:
    """Return host and port as a name for a target."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname or url}{port}"[:MAX_NAME]


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _read_url(value: str, field: str) -> str:
    text = value.strip()
    if not text:
        raise InputError("Enter an address that begins with http:// or https://", field=field)
    if len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise InputError("This is not an address: it is too long or has blanks", field=field)
    try:
        parts = urlsplit(text)
        _check_parts(parts, field)
    except ValueError:
        raise InputError("{value} is not an address", field=field, value=text) from None
    return text.rstrip("/")


def _check_parts(parts: SplitResult, field: str) -> None:
    """Raise InputError for what an address must not hold, ValueError for what is none."""
    if parts.scheme not in ("http", "https"):
        raise InputError("The address must begin with http:// or https://", field=field)
    host = parts.hostname
    if not host or parts.port == 0:
        raise ValueError
    if "@" in parts.netloc:
        raise InputError("The address must not hold a user name or password", field=field)
    if parts.query or parts.fragment:
        raise InputError("The address must not hold ? or #", field=field)
    if literal_ip(host) and is_forbidden_ip(host):
        raise InputError("The address {host} is never contacted", field=field, host=host)
