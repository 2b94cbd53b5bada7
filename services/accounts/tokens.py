"""Take a JWT apart and judge its claims, without network, clock or keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from services.accounts.signatures import ALGORITHMS, decode_base64url
from services.accounts.types import Caller, TokenRefusedError, UserType

MAX_TOKEN_CHARS = 16_384  # real ones have about 1,000
MAX_LIFETIME_S = 366 * 86_400  # an end in the year 9999 is a mistake or an attack
LONG_LIFETIME_S = 86_400  # longer ones are accepted and warned about
_MAX_SUBJECT_CHARS = 200
_ADMIN_ROLES = ("admin", "manager")
_KEY_ROLES = ("anon", "service_role")
TEST_SOURCE = "daily_e2e"  # app_metadata.source of users our own E2E made
TEST_EMAIL_PREFIX = "daily_"


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """A token taken apart; nothing in it is to be trusted before its signature was checked."""

    alg: str
    kid: str | None
    is_odd_kid: bool  # there is one, and no key of ours can have such a name
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """What the claims of a token must be."""

    audience: str  # empty: aud is not looked at
    skew_s: int
    max_future_iat_s: int
    require_nbf: bool = False


def parse(token: str) -> ParsedToken:
    """Return the parts; raise TokenRefusedError with the word for what is not a usable JWT."""
    if not token:
        raise TokenRefusedError("token_missing")
    if token.count(".") != 2:
        raise TokenRefusedError("invalid_token_header", "not three parts")
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenRefusedError("invalid_token", "too long")
    head, body, tail = token.split(".")
    try:
        header_bytes, payload = decode_base64url(head), decode_base64url(body)
        signature = decode_base64url(tail)
    except ValueError:
        raise TokenRefusedError("invalid_token_header", "not base64url") from None
    header = _object(header_bytes, "invalid_token_header", "the header is not a JSON object")
    alg = _algorithm(header)
    if "crit" in header or header.get("b64", True) is not True:
        raise TokenRefusedError("invalid_token", "the header asks for extensions")
    kid = header.get("kid")
    is_odd = kid is not None and not (isinstance(kid, str) and len(kid) > 0 and kid.isprintable())
    claims = _object(payload, "invalid_token", "the claims are not a JSON object")
    signed = token[: len(head) + 1 + len(body)].encode()
    return ParsedToken(alg, None if is_odd else kid, is_odd, claims, signed, signature)


def _object(raw: bytes, code: str, detail: str) -> dict[str, Any]:
    try:
        value: object = orjson.loads(raw)  # refuses deep nesting, NaN and bad UTF-8
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise TokenRefusedError(code, detail)
    return cast("dict[str, Any]", value)


def _algorithm(header: Mapping[str, Any]) -> str:
    alg = header.get("alg")
    if not alg:
        raise TokenRefusedError("algorithm_missing")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise TokenRefusedError("unsupported_alg")
    return alg


def issuer_of(claims: Mapping[str, Any]) -> str:
    """Return iss without a trailing slash; an empty text when it is of another type."""
    if claims.get("iss") is None:
        raise TokenRefusedError("invalid_token", "iss is missing")
    issuer = claims["iss"]
    return issuer.rstrip("/") if isinstance(issuer, str) else ""


def check_claims(claims: Mapping[str, Any], now_s: float, rules: ClaimRules) -> None:
    """Raise TokenRefusedError unless times, audience and subject are as they must be."""
    required = ["sub", "exp", "iat"]
    required += ["aud"] if rules.audience else []
    required += ["nbf"] if rules.require_nbf else []
    for name in required:
        if claims.get(name) is None or claims[name] == []:
            raise TokenRefusedError("invalid_token", f"{name} is missing")
    _check_times(claims, now_s, rules)
    if rules.audience:
        _check_audience(claims["aud"], rules.audience)
    _check_subject(claims["sub"])
    if claims.get("role") in _KEY_ROLES:
        raise TokenRefusedError("invalid_token", "an API key is not a user's token")


def _check_times(claims: Mapping[str, Any], now_s: float, rules: ClaimRules) -> None:
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires <= now_s - rules.skew_s:
        raise TokenRefusedError("token_expired")
    if claims.get("nbf") is not None and _seconds(claims, "nbf") > now_s + rules.skew_s:
        raise TokenRefusedError(
            "token_not_yet_valid", _ahead("nbf", _seconds(claims, "nbf") - now_s)
        )
    if issued > now_s + rules.skew_s:
        raise TokenRefusedError("token_not_yet_valid", _ahead("iat", issued - now_s))
    if issued > now_s + rules.max_future_iat_s:
        raise TokenRefusedError("iat_too_future", _ahead("iat", issued - now_s))
    if expires - min(issued, now_s) > MAX_LIFETIME_S:
        raise TokenRefusedError("invalid_token", "lives too long")


def _ahead(name: str, ahead_s: float) -> str:
    return (
        f"{name} is {ahead_s:.0f} s ahead of this server's clock: the clocks of this server and of"
        " the sign-in service differ"
    )


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError("invalid_token", f"{name} is not a number")
    return value


def _check_audience(given: object, wanted: str) -> None:
    if given == wanted:
        return
    if not isinstance(given, list) or wanted not in given:
        raise TokenRefusedError("invalid_audience")


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str):
        raise TokenRefusedError("invalid_token", "sub is not text")
    if not subject.strip():
        raise TokenRefusedError("subject_missing")
    if len(subject) > _MAX_SUBJECT_CHARS or not subject.isprintable():
        raise TokenRefusedError("invalid_token", "sub is not an id")


def lifetime_s(claims: Mapping[str, Any]) -> float:
    """Return how long the token lives from its issue."""
    return _seconds(claims, "exp") - _seconds(claims, "iat")


def caller_of(
    claims: Mapping[str, Any], admin_ids: frozenset[str], test_email_domain: str
) -> Caller:
    """Return who calls, from claims that were checked; user_metadata never gives a right."""
    is_anonymous = claims.get("is_anonymous") is True
    granted = claims.get("app_metadata")
    app: Mapping[str, Any] = cast("Mapping[str, Any]", granted) if isinstance(granted, dict) else {}
    email = claims.get("email")
    email = email if isinstance(email, str) else ""
    is_admin = (
        claims["sub"] in admin_ids or app.get("role") in _ADMIN_ROLES or app.get("is_admin") is True
    )
    return Caller(
        user_id=claims["sub"],
        user_type=UserType.ANONYMOUS if is_anonymous else UserType.PERMANENT,
        is_admin=is_admin and not is_anonymous,
        is_test=app.get("source") == TEST_SOURCE or _is_test_email(email, test_email_domain),
        email=email,
        expires_at=int(claims["exp"]),
        claims=claims,
    )


def _is_test_email(email: str, domain: str) -> bool:
    return email.startswith(TEST_EMAIL_PREFIX) and email.endswith(f"@{domain.lower()}")
