"""The rules of the embedded sign-in: what may be stored, what a token says, when a refresh counts."""

import hashlib
import hmac
import ipaddress
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from services.accounts.signatures import decode_base64url, encode_base64url
from services.accounts.types import Account, Origin, SignInRefusedError
from services.settings.proxies import Address, Network, to_address

AUDIENCE = "authenticated"
ACCESS_LIFETIME_S = 3600
REFRESH_GRACE_S = 10  # the refresh token before the newest stays good for so long
MIN_PASSWORD = 6
_MAX_PASSWORD = 256
_MAX_METADATA_BYTES = 4096  # it travels in every token
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LOOPBACK_NAMES = ("127.0.0.1", "localhost")


class RefreshVerdict(StrEnum):
    """What a genuine refresh token means for its session."""

    ROTATE = "rotate"  # the newest: a newer one is made
    REPEAT = "repeat"  # the one before, within the grace: the newest is given again
    REUSED = "reused"  # an older one: somebody else has a copy, the session ends
    UNKNOWN = "unknown"  # newer than anything we remember


def judge_refresh(given: int, newest: int, rotated_at: datetime, now: datetime) -> RefreshVerdict:
    """Return what the refresh token with the number `given` means."""
    if given == newest:
        return RefreshVerdict.ROTATE
    if given > newest:
        return RefreshVerdict.UNKNOWN
    if given == newest - 1 and now - rotated_at <= timedelta(seconds=REFRESH_GRACE_S):
        return RefreshVerdict.REPEAT
    return RefreshVerdict.REUSED


def make_refresh_token(key: bytes, session_id: str, count: int) -> str:
    """Return the session's id and the token's number, sealed: it can be made again, not guessed."""
    body = uuid.UUID(session_id).bytes + count.to_bytes(4)
    return encode_base64url(body + hmac.digest(key, body, hashlib.sha256)[:16])


def read_refresh_token(key: bytes, token: str) -> tuple[str, int] | None:
    """Return the session's id and the token's number, or None for one that we did not make."""
    try:
        raw = decode_base64url(token) if len(token) < 100 else b""
    except ValueError:
        return None
    body, seal = raw[:20], raw[20:]
    if not hmac.compare_digest(hmac.digest(key, body, hashlib.sha256)[:16], seal):
        return None
    return str(uuid.UUID(bytes=body[:16])), int.from_bytes(body[16:])


def read_email(value: object) -> str:
    """Return the address in lower case; raise SignInRefusedError when it is none."""
    invalid = SignInRefusedError(
        400, "validation_failed", "Unable to validate email address: invalid format"
    )
    if not isinstance(value, str) or len(value) > 255:
        raise invalid
    local, at, domain = value.strip().lower().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or not domain:
        raise invalid
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise SignInRefusedError(
            400, "email_address_invalid", f"Email address {value.strip()!r} is invalid"
        )
    return f"{local}@{domain}"


def read_password(value: object) -> str:
    """Return the password; raise SignInRefusedError when it is missing, weak or too long."""
    if value is None or value == "":
        raise SignInRefusedError(400, "validation_failed", "Signup requires a valid password")
    if not isinstance(value, str):
        raise SignInRefusedError(400, "validation_failed", "The password must be text")
    if len(value) < MIN_PASSWORD:
        raise SignInRefusedError(
            422,
            "weak_password",
            f"Password should be at least {MIN_PASSWORD} characters.",
            extra={"weak_password": {"reasons": ["length"]}},
        )
    if len(value) > _MAX_PASSWORD:
        raise SignInRefusedError(
            400, "validation_failed", f"Password cannot be longer than {_MAX_PASSWORD} characters"
        )
    return value


def read_metadata(value: object, name: str) -> dict[str, Any]:
    """Return the object (none for null); raise SignInRefusedError when it is no object or too big."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SignInRefusedError(400, "validation_failed", f"{name} must be an object")
    return cast("dict[str, Any]", value)


def merge_metadata(
    present: Mapping[str, Any], change: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Return the metadata after the change; a null removes its key."""
    merged = {**present, **change}
    merged = {key: value for key, value in merged.items() if value is not None}
    if len(orjson.dumps(merged)) > _MAX_METADATA_BYTES:
        raise SignInRefusedError(
            400, "validation_failed", f"{name} is larger than {_MAX_METADATA_BYTES} bytes"
        )
    return merged


def read_uuid(value: str, status: int, text: str) -> str:
    """Return the id in its usual spelling; raise SignInRefusedError validation_failed."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise SignInRefusedError(status, "validation_failed", text) from None


def read_page_number(value: str, default: int, most: int) -> int:
    """Return the number of a query parameter, its default when there is none."""
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:12]) < 10**9:
        raise SignInRefusedError(400, "validation_failed", "Bad Pagination Parameters")
    return min(int(value), most)


def banned_until(duration: object, now: datetime) -> datetime | None:
    """Return the end of a ban such as 24h or 1h30m; None for none."""
    if duration in ("none", "", "0"):
        return None
    if not isinstance(duration, str) or not _DURATION.fullmatch(duration):
        raise SignInRefusedError(
            400, "validation_failed", "ban_duration must be none or a duration such as 24h"
        )
    seconds = sum(float(n) * _UNITS_S[unit] for n, unit in _DURATION_PART.findall(duration))
    return now + timedelta(seconds=min(seconds, 100 * 366 * 86_400.0))


def user_body(account: Account) -> dict[str, Any]:
    """Return the user as GoTrue writes it."""
    body: dict[str, Any] = {
        "id": account.id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": account.email,
        "phone": "",
        "app_metadata": dict(account.app_metadata),
        "user_metadata": dict(account.user_metadata),
        "identities": [_identity(account)] if account.email else [],
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.updated_at),
        "is_anonymous": account.is_anonymous,
    }
    if account.email_confirmed_at:
        body["email_confirmed_at"] = body["confirmed_at"] = stamp(account.email_confirmed_at)
    if account.last_sign_in_at:
        body["last_sign_in_at"] = stamp(account.last_sign_in_at)
    if account.banned_until:
        body["banned_until"] = stamp(account.banned_until)
    return body


def _identity(account: Account) -> dict[str, Any]:
    created = stamp(account.created_at)
    return {
        "identity_id": account.id,
        "id": account.id,
        "user_id": account.id,
        "identity_data": {
            "email": account.email,
            "email_verified": account.email_confirmed_at is not None,
            "sub": account.id,
        },
        "provider": "email",
        "last_sign_in_at": stamp(account.last_sign_in_at or account.created_at),
        "created_at": created,
        "updated_at": stamp(account.updated_at),
    }


def access_claims(
    account: Account, session: tuple[str, str, datetime], issuer: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an access token; session is its id, its method and when it began."""
    session_id, method, began = session
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": account.id,
        "aud": AUDIENCE,
        "exp": issued + ACCESS_LIFETIME_S,
        "iat": issued,
        "email": account.email,
        "phone": "",
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": method, "timestamp": int(began.timestamp())}],
        "session_id": session_id,
        "is_anonymous": account.is_anonymous,
        "app_metadata": dict(account.app_metadata),
        "user_metadata": dict(account.user_metadata),
    }


def stamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def own_issuers(public_url: str) -> frozenset[str]:
    """Return our issuer; for a loopback address both of its usual spellings."""
    parts = urlsplit(public_url)
    issuers = {f"{public_url}/auth/v1"}
    if (parts.hostname or "") in (*_LOOPBACK_NAMES, "::1"):
        port = f":{parts.port}" if parts.port else ""
        issuers |= {f"{parts.scheme}://{name}{port}/auth/v1" for name in _LOOPBACK_NAMES}
    return frozenset(issuers)


def supabase_issuers(issuer: str) -> frozenset[str]:
    """Return the forms of a project's issuer: bare origin, /auth/v1, /auth/v2."""
    issuer = issuer.rstrip("/")
    if not issuer:
        return frozenset()
    origin = re.sub(r"/auth/v[12]$", "", issuer)
    return frozenset({issuer, origin, f"{origin}/auth/v1", f"{origin}/auth/v2"})


def calling_address(origin: Origin, trusted: Iterable[Network]) -> tuple[str, bool]:
    """Return whom a limit counts, and whether it is this machine itself (never limited)."""
    trusted = tuple(trusted)
    peer = to_address(origin.peer)
    if peer is None:
        return origin.peer or "unknown", False
    if not origin.forwarded_for:
        return _limit_key(peer), peer.is_loopback
    for text in reversed(origin.forwarded_for.split(",")):
        if not any(peer in network for network in trusted if network.version == peer.version):
            break
        nearer = to_address(text.strip())
        if nearer is None:
            break
        peer = nearer
    return _limit_key(peer), False


def _limit_key(address: Address) -> str:
    """Return the address, or its /64 network: whoever has one IPv6 address has them all."""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
