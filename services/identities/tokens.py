"""Read tokens and token bodies without verifying them: claims, fingerprint, nearness of the end."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from services.identities.types import Token

NEAR_EXPIRY_S = 90
_MAX_TOKEN = 16 * 1024
_LIFETIME_S = 3600  # where nobody says how long it lives


def read_claims(access_token: str) -> dict[str, Any]:
    """Return the claims of a JWT, or an empty mapping when it is none; nothing is verified."""
    parts = access_token.split(".")
    if len(parts) != 3 or len(access_token) > _MAX_TOKEN:
        return {}
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], claims) if isinstance(claims, dict) else {}


def read_token(body: Mapping[str, Any], now_s: int) -> Token | None:
    """Return the token of a token body, or None when it holds no usable access token."""
    access = body.get("access_token")
    if not isinstance(access, str) or not access or not access.isascii() or " " in access:
        return None
    claims = read_claims(access)
    user = _mapping(body.get("user"))
    refresh = body.get("refresh_token")
    return Token(
        access_token=access,
        refresh_token=refresh if isinstance(refresh, str) else "",
        expires_at=_first_whole(claims.get("exp"), body.get("expires_at"))
        or now_s + (_first_whole(body.get("expires_in")) or _LIFETIME_S),
        user_id=_first_text(claims.get("sub"), user.get("id")),
        is_anonymous=claims.get("is_anonymous") is True,
        email=_first_text(claims.get("email"), user.get("email")),
    )


def is_near_expiry(token: Token, now_s: float, margin_s: float = NEAR_EXPIRY_S) -> bool:
    """Return whether the token has to be refreshed before it is used."""
    return token.expires_at - now_s < margin_s


def fingerprint(token: str) -> str:
    """Return 8 hex characters that tell tokens apart in a log without telling the token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:8]


def _mapping(value: object) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _first_whole(*values: object) -> int:
    for value in values:
        if type(value) is int and 0 < value < 1 << 40:
            return value
        if isinstance(value, float) and 0 < value < 1 << 40:
            return int(value)
    return 0


def _first_text(*values: object) -> str:
    return next((value[:200] for value in values if isinstance(value, str) and value), "")
