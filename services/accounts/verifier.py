"""Verifier: who calls, from any token this console accepts (contract section 8, RFC 8725)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import orjson

from services.accounts import rules, tokens
from services.accounts.jwks import RemoteKeys
from services.accounts.service import Accounts
from services.accounts.signatures import VerifyingKey, choose_keys, hmac_key, parse_jwk
from services.accounts.types import (
    Caller,
    KeySetProbe,
    TokenRefusedError,
    UserType,
    VerificationCounts,
)
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.settings.types import Env, JwtRules

_log = logging.getLogger(__name__)
API_TOKEN_PREFIX = "gbc_"
CACHED_FOR_S = 60.0  # a sign-out elsewhere is noticed after at most this long
_MAX_CACHED = 4096
_MAX_CACHED_CHARS = 4096
_PROBE_GAP_S = 60.0
_OPERATOR = Caller("operator", UserType.PERMANENT, is_operator=True, is_admin=True)


@dataclass(slots=True)
class _Known:
    caller: Caller
    until: float  # monotonic seconds
    session_id: str


class _KeySource(Protocol):
    async def find(self, alg: str, kid: str | None, *, is_odd_kid: bool) -> list[VerifyingKey]:
        """Return the keys to try."""
        ...


class _OwnKeys:
    """Our key ring as a source."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def find(self, alg: str, kid: str | None, *, is_odd_kid: bool) -> list[VerifyingKey]:
        return self._accounts.keys.find(alg, kid, is_odd_kid=is_odd_kid)


class _ProjectKeys:
    """What the environment names: a static key, a shared secret, a key set at an address."""

    def __init__(self, jwt: JwtRules, remote: RemoteKeys | None) -> None:
        given = _static_keys(jwt.static_jwk)
        self._public = tuple(key for key in given if key.alg != "HS256")
        self._secret = tuple(key for key in given if key.alg == "HS256")
        if jwt.hmac_secret:
            self._secret = (*self._secret, hmac_key(jwt.hmac_secret))
        self._remote = remote

    async def find(self, alg: str, kid: str | None, *, is_odd_kid: bool) -> list[VerifyingKey]:
        if alg == "HS256":
            return choose_keys(self._secret, alg, kid, is_odd_kid=is_odd_kid)
        found = choose_keys(self._public, alg, kid, is_odd_kid=is_odd_kid)
        if not found and self._remote is not None:
            return await self._remote.find(alg, kid, is_odd_kid=is_odd_kid)
        return found


class Verifier:
    """Judges tokens; good ones are remembered for a minute, never beyond their end."""

    def __init__(self, accounts: Accounts, clock: Clock, env: Env) -> None:
        """Prepare the sources; raise InputError when SUPABASE_JWK is no key."""
        self._accounts = accounts
        self._clock = clock
        jwt = env.jwt
        self._admin_ids = frozenset(env.llm_admin_uids)
        self._test_domain = env.e2e.email_domain
        self._own_rules = tokens.ClaimRules(rules.AUDIENCE, jwt.clock_skew_s, jwt.max_future_iat_s)
        self._project_rules = tokens.ClaimRules(
            jwt.audience, jwt.clock_skew_s, jwt.max_future_iat_s, jwt.require_nbf
        )
        self._remote = (
            RemoteKeys(jwt.jwks_url, clock, jwt.jwks_ttl_s, env.http_timeout_s)
            if jwt.jwks_url
            else None
        )
        own, project = _OwnKeys(accounts), _ProjectKeys(jwt, self._remote)
        theirs = rules.supabase_issuers(jwt.supabase_issuer)
        theirs |= {issuer.rstrip("/") for issuer in jwt.allowed_issuers}
        self._sources: dict[str, _KeySource] = dict.fromkeys(theirs, project)
        self._sources |= dict.fromkeys(accounts.issuers, own)
        self.api_tokens: Callable[[str], Caller | None] = _no_api_tokens
        self._known: dict[str, _Known] = {}
        self._warned: set[str] = set()
        self._total = self._successful = 0
        accounts.sessions.ended.subscribe(self._forget)

    @property
    def counts(self) -> VerificationCounts:
        """How many tokens were judged since the start, and how many were good."""
        return VerificationCounts(self._total, self._successful)

    def cached(self, token: str) -> Caller | None:
        """Return who calls when that was verified less than a minute ago, else None."""
        if token.startswith(
            API_TOKEN_PREFIX
        ):  # looked up each time: a revoked one is refused at once
            return self._count_good(self.api_tokens(token))
        known = self._known.get(token)
        if known is None or known.until <= self._clock.monotonic():
            return None
        self._total += 1
        self._successful += 1
        return known.caller

    async def verify(self, token: str) -> Caller:
        """Return who calls; raise TokenRefusedError with the exact word of contract section 8."""
        if (caller := self.cached(token)) is not None:
            return caller
        self._total += 1
        if token.startswith(API_TOKEN_PREFIX):
            raise TokenRefusedError("invalid_token", "an API token that is unknown, old or revoked")
        if self._accounts.is_operator(token):
            self._successful += 1
            self._remember(token, _Known(_OPERATOR, self._clock.monotonic() + CACHED_FOR_S, ""))
            return _OPERATOR
        caller, good_for_s = await self._judge(token)
        self._successful += 1
        # Within the leeway after its end a token is good, and not remembered.
        good_for_s = min(good_for_s, caller.expires_at - self._clock.now().timestamp())
        if good_for_s > 0:
            session_id = str(caller.claims.get("session_id", ""))
            until = self._clock.monotonic() + good_for_s
            self._remember(token, _Known(caller, until, session_id))
        return caller

    def _count_good(self, caller: Caller | None) -> Caller | None:
        if caller is not None:
            self._total += 1
            self._successful += 1
        return caller

    async def probe(self) -> KeySetProbe:
        """Return whether the key set can be had, asked for at most once a minute."""
        if self._remote is None:
            return KeySetProbe(True, f"{self._accounts.issuer}/.well-known/jwks.json", True)
        ok = await self._remote.fetch(_PROBE_GAP_S)
        return KeySetProbe(True, self._remote.url, ok, self._remote.error, self._remote.state())

    async def close(self) -> None:
        """End what still runs in the background."""
        if self._remote is not None:
            await self._remote.close()

    async def _judge(self, token: str) -> tuple[Caller, float]:
        """Return who calls and for how many seconds that may be believed."""
        parsed = tokens.parse(token)
        claims = parsed.claims
        issuer = tokens.issuer_of(claims)
        source = self._sources.get(issuer)
        if source is None:
            only_one = len(self._sources) == 1
            raise TokenRefusedError("invalid_issuer" if only_one else "issuer_not_allowed")
        keys = await source.find(parsed.alg, parsed.kid, is_odd_kid=parsed.is_odd_kid)
        if not keys:
            shared = parsed.alg == "HS256"
            if shared:
                raise TokenRefusedError("hmac_key_not_found")
            remote = None if issuer in self._accounts.issuers else self._remote
            raise TokenRefusedError("jwks_key_not_found", remote.why_no_key() if remote else "")
        if not any(key.verify(parsed.signed, parsed.signature) for key in keys):
            raise TokenRefusedError("invalid_token", "signature")
        is_own = issuer in self._accounts.issuers
        claim_rules = self._own_rules if is_own else self._project_rules
        tokens.check_claims(claims, self._clock.now().timestamp(), claim_rules)
        self._warn_of_long_life(claims, issuer)
        caller = tokens.caller_of(claims, self._admin_ids, self._test_domain)
        return caller, await self._session_good_for_s(claims) if is_own else CACHED_FOR_S

    async def _session_good_for_s(self, claims: Mapping[str, Any]) -> float:
        session_id = claims.get("session_id")
        if not isinstance(session_id, str):  # a local console token has none
            return CACHED_FOR_S
        good_for_s = await self._accounts.sessions.live_for_s(session_id, claims["sub"])
        if good_for_s <= 0:
            raise TokenRefusedError("invalid_token", "the session has ended")
        return min(good_for_s, CACHED_FOR_S)

    def _remember(self, token: str, known: _Known) -> None:
        if len(token) > _MAX_CACHED_CHARS:
            return
        self._known.pop(token, None)
        while len(self._known) >= _MAX_CACHED:
            del self._known[next(iter(self._known))]
        self._known[token] = known

    def _forget(self, session_ids: frozenset[str]) -> None:
        """A session ended here is refused at once."""
        gone = [token for token, known in self._known.items() if known.session_id in session_ids]
        for token in gone:
            del self._known[token]

    def _warn_of_long_life(self, claims: Mapping[str, Any], issuer: str) -> None:
        lifetime_s = tokens.lifetime_s(claims)
        if lifetime_s > tokens.LONG_LIFETIME_S and issuer not in self._warned:
            self._warned.add(issuer)
            _log.warning(
                "tokens of %s live %.0f h: a stolen one is good that long",
                issuer,
                lifetime_s / 3600,
            )


def _no_api_tokens(_token: str) -> Caller | None:
    return None  # until the access service is there


def _static_keys(text: str) -> list[VerifyingKey]:
    """Return the keys of SUPABASE_JWK, a JWK or a key set."""
    if not text:
        return []
    try:
        value: object = orjson.loads(text)
        listed = cast("dict[str, Any]", value).get("keys", [value])
        found = [parse_jwk(jwk, may_be_secret=True) for jwk in listed]
    except (ValueError, AttributeError, TypeError):
        found = []
    keys = [key for key in found if key is not None]
    if not keys:
        raise InputError(
            "SUPABASE_JWK holds no usable key (EC P-256, RSA of 2048 bits or more, or oct)",
            field="SUPABASE_JWK",
        )
    return keys
