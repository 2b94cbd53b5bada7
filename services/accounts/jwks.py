"""RemoteKeys: a project's public keys, fetched without blocking, cached, used on while it is down."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, cast

import httpx
import orjson

from services.accounts.signatures import VerifyingKey, choose_keys, parse_jwk
from services.accounts.types import KeySetState
from services.foundation.clock import Clock
from services.foundation.http import build_client
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
REFETCH_GAP_S = 30.0  # an unknown kid asks again, not more often than this
FIRST_GAP_S = 5.0  # while there are no keys at all
KNOWN_FOR_S = 86_400.0  # keys of a set that cannot be had any more are believed this long
_MAX_BYTES = 262_144
_MAX_KEYS = 100


class RemoteKeys:
    """The key set at one address."""

    def __init__(self, url: str, clock: Clock, ttl_s: int, timeout_s: float) -> None:
        """Remember the address; the first token asks for the keys."""
        self.url = url
        self.error = ""  # why the last attempt failed, empty when it did not
        self._clock = clock
        self._ttl_s = ttl_s
        self._timeout_s = timeout_s
        self._keys: tuple[VerifyingKey, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._changed_at: float | None = None  # when a fetch brought other keys than before
        self._unsettled_at: float | None = None  # when a kid was unknown and could not be asked for
        self._one_at_a_time = asyncio.Lock()
        self._tasks = Tasks()

    async def find(self, alg: str, kid: str | None, *, is_odd_kid: bool) -> list[VerifyingKey]:
        """Return the keys to try; asks again for an unknown kid, and afresh when they are old."""
        age_s = self._age_s()
        if age_s is None:
            await self.fetch(FIRST_GAP_S)
        elif age_s > KNOWN_FOR_S:
            await self.fetch(REFETCH_GAP_S)
        elif age_s > self._ttl_s and not self._tasks.names:
            self._tasks.start(self.fetch(REFETCH_GAP_S), "jwks-refresh")
        if kid and self._is_strange(kid):
            await self.fetch(REFETCH_GAP_S)
            if self._is_strange(kid) and self._is_within(self._tried_at, REFETCH_GAP_S, least_s=1):
                self._unsettled_at = self._clock.monotonic()
        if self.state() is KeySetState.UNKNOWN:
            return []
        return choose_keys(self._keys, alg, kid, is_odd_kid=is_odd_kid)

    def state(self) -> KeySetState:
        """Return how far the known keys can be believed now."""
        age_s = self._age_s()
        if age_s is None or (self.error and age_s > KNOWN_FOR_S):
            return KeySetState.UNKNOWN
        if self.error:
            return KeySetState.CACHED
        is_open = self._unsettled_at is not None and self._unsettled_at >= (self._tried_at or 0.0)
        if is_open or self._is_within(self._changed_at, REFETCH_GAP_S):
            return KeySetState.ROTATING
        return KeySetState.LIVE

    def why_no_key(self) -> str:
        """Return for the refused caller why no key was found; empty when the set is known."""
        state = self.state()
        if state is KeySetState.UNKNOWN:
            return "the key set cannot be had, so the token could not be judged; it may be good"
        if state is KeySetState.ROTATING:
            return f"the key is not known yet; the set is asked again within {REFETCH_GAP_S:.0f} s"
        return ""

    def _age_s(self) -> float | None:
        return None if self._fetched_at is None else self._clock.monotonic() - self._fetched_at

    def _is_strange(self, kid: str) -> bool:
        return all(key.kid != kid for key in self._keys)

    def _is_within(self, at: float | None, gap_s: float, *, least_s: float = 0.0) -> bool:
        return at is not None and least_s <= self._clock.monotonic() - at < gap_s

    async def fetch(self, gap_s: float) -> bool:
        """Ask for the keys unless that was tried less than `gap_s` ago; return whether they are fine."""
        async with self._one_at_a_time:
            now = self._clock.monotonic()
            if self._tried_at is None or now - self._tried_at >= gap_s:
                self._tried_at = now
                await self._ask()
        return not self.error

    async def close(self) -> None:
        """End a refresh that still runs."""
        await self._tasks.stop()

    async def _ask(self) -> None:
        try:
            keys = _parse(await self._download())
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as error:
            self.error = str(error)[:200] or type(error).__name__
            _log.warning("the key set %s could not be had: %s", self.url, self.error)
            return
        if not keys and self._keys:  # a captive portal or a half-made project: keep what is known
            self.error = "the key set is empty"
            _log.warning("the key set %s is empty; the known keys stay in use", self.url)
            return
        now = self._clock.monotonic()
        if self._keys and {key.kid for key in keys} != {key.kid for key in self._keys}:
            self._changed_at = now
            _log.warning("the key set %s was rotated", self.url)
        self.error = ""
        self._keys = keys
        self._fetched_at = now

    async def _download(self) -> bytes:
        async with asyncio.timeout(self._timeout_s), build_client(self._timeout_s) as client:
            request = client.stream("GET", self.url, headers={"Accept": "application/json"})
            async with request as response:
                if response.status_code != 200:
                    raise ValueError(f"HTTP {response.status_code}")
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _MAX_BYTES:
                        raise ValueError("the key set is too large")
                return body


def _parse(body: bytes) -> tuple[VerifyingKey, ...]:
    """Return the usable public keys; raise ValueError when it is no key set at all."""
    value: object = orjson.loads(body)
    listed = cast("Mapping[str, Any]", value).get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise ValueError("the answer is not a key set")  # noqa: TRY004  # it is the server's text
    keys: list[VerifyingKey] = []
    for jwk in cast("list[object]", listed)[:_MAX_KEYS]:
        if not isinstance(jwk, dict):
            continue
        try:
            key = parse_jwk(cast("Mapping[str, Any]", jwk))
        except ValueError:
            _log.warning("a key of the key set is broken and left out")
            continue
        if key is not None:
            keys.append(key)
    return tuple(keys)
