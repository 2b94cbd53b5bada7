"""Pure: what a token says of itself, and what an operator should know before using it."""

import base64
import json
from collections.abc import Mapping
from typing import Any, cast

from services.dialogs.types import TokenLook
from services.foundation.messages import Message, say
from services.identities.tokens import read_claims
from services.targets.types import Target

SOON_S = 120
TOKEN_MAX = 16_384
_SHOWN_MAX = 300  # characters of one claim
_CLAIMS_MAX = 40
_KEY_ROLES = ("anon", "service_role")


def look_at(token: str, now_s: float, target: Target, public_url: str = "") -> TokenLook:
    """Return the claims, the end of its life and what speaks against it; nothing is verified.

    `public_url` is our own address, which tokens for our own gateway may name too.
    """
    text = token.strip().removeprefix("Bearer ").strip()
    if not text:
        return TokenLook(refusal=say("Paste an access token"))
    if len(text) > TOKEN_MAX or not text.isascii() or any(c.isspace() for c in text):
        return TokenLook(refusal=say("This is no token: it holds blanks or is too long"))
    claims = read_claims(text)
    if not claims:
        warning = say("This is not a JWT: nothing can be read from it. It is sent as it is")
        return TokenLook(warnings=(warning,))
    if claims.get("role") in _KEY_ROLES and not claims.get("sub"):
        refusal = say(
            "This is the project's {role} key, not a user's token", role=str(claims["role"])
        )
        return TokenLook(shown_claims(claims), refusal=refusal)
    return TokenLook(
        claims=shown_claims(claims),
        algorithm=str(_header(text).get("alg") or "")[:20],
        expires_at=_seconds(claims.get("exp")),
        warnings=_warnings(text, claims, now_s, _issuers(target, public_url)),
    )


def shown_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims fit to be shown and kept: bounded, without control characters."""
    found: dict[str, Any] = {}
    for name, value in list(claims.items())[:_CLAIMS_MAX]:
        plain = value
        if not isinstance(value, int | float | bool | None):
            plain = _short(value)
        found[_short(name)[:60]] = plain
    return found


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    kept = "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN_MAX])
    return kept if len(text) <= _SHOWN_MAX else f"{kept}…"


def _warnings(
    token: str, claims: Mapping[str, Any], now_s: float, issuers: tuple[str, ...]
) -> tuple[Message, ...]:
    found = [*_life(claims, now_s), *_source(claims, issuers)]
    if str(_header(token).get("alg") or "none").lower() == "none":
        found.append(say("It is not signed (alg none): a server must refuse it"))
    if not claims.get("sub"):
        found.append(say("It names no user (no sub): a server must refuse it"))
    return tuple(found)


def _life(claims: Mapping[str, Any], now_s: float) -> list[Message]:
    end_s = _seconds(claims.get("exp"))
    if end_s is None:
        return [say("It says no end of its life (no exp): a server must refuse it")]
    left_s = end_s - now_s
    if left_s <= 0:
        minutes = max(1, round(-left_s / 60))
        return [say("It expired {n} minutes ago: expect 401 token_expired", n=minutes)]
    if left_s < SOON_S:
        return [say("It expires in {n} s, maybe before the reply ends", n=round(left_s))]
    begin_s = _seconds(claims.get("nbf"))
    if begin_s is not None and begin_s > now_s + SOON_S:
        return [say("It is not valid yet (nbf lies ahead)")]
    return []


def _issuers(target: Target, public_url: str) -> tuple[str, ...]:
    own = (public_url,) if target.is_self else ()
    return tuple(filter(None, (target.auth_url, *own)))


def _source(claims: Mapping[str, Any], issuers: tuple[str, ...]) -> list[Message]:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuers:
        return []
    if any(_plain(issuer).startswith(_plain(one)) for one in issuers):
        return []
    return [
        say(
            "It was issued by {issuer}, the service under test signs in at {auth}",
            issuer=_short(issuer)[:120],
            auth=issuers[0],
        )
    ]


def _plain(address: str) -> str:
    return address.rstrip("/").replace("//localhost", "//127.0.0.1", 1)


def _header(token: str) -> dict[str, Any]:
    head = token.split(".", 1)[0]
    try:
        value: Any = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _seconds(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value < 1 << 40 else None
