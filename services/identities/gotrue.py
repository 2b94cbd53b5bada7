"""GoTrue: one call to a sign-in service, whatever happens told as an answer."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import orjson

from services.chat.rules import clean, read_retry_after
from services.foundation.clock import Clock
from services.foundation.http import build_client

_log = logging.getLogger(__name__)
_MAX_BODY = 1 << 20
_MAX_DETAIL = 200
_WORDS = ("error_code", "code", "msg", "message", "error_description", "error")
_TEXTS = ("msg", "message", "error_description", "error", "hint")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to; without `word` it went well."""

    body: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    status: int | None = None  # None: nothing was answered
    word: str = ""  # the server's word, `HTTP n`, or the name of what went wrong; empty: well
    detail: str = ""  # the server's own text, redacted, up to 200 characters
    retry_after_s: int | None = None

    @property
    def is_good(self) -> bool:
        """Whether the call went well."""
        return not self.word


class GoTrue:
    """Calls with keys in headers, no redirect followed, no body larger than 1 MB."""

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        """Start without a connection."""
        self._clock = clock
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def call(
        self,
        method: str,
        url: str,
        *,
        api_key: str,
        body: Mapping[str, Any] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Answer:
        """Return the answer; every failure is one too, also an address that cannot be called."""
        try:
            async with asyncio.timeout(2 * self._timeout_s):  # httpx counts each read alone
                return await self._call(method, url, api_key, body, secrets)
        except (httpx.TimeoutException, TimeoutError) as error:
            return Answer(word="timeout", detail=_text(error, (api_key, *secrets)))
        except httpx.TransportError as error:
            return Answer(word="unreachable", detail=_text(error, (api_key, *secrets)))
        except Exception as error:  # noqa: BLE001  # boundary: no token call raises past its result
            _log.info("a sign-in call could not be made: %s", type(error).__name__)
            word = type(error).__name__
            return Answer(word=word, detail=_text(error, (api_key, *secrets)))

    async def _call(
        self,
        method: str,
        url: str,
        api_key: str,
        body: Mapping[str, Any] | None,
        secrets: tuple[str, ...],
    ) -> Answer:
        headers = {
            "apikey": api_key,
            "Authorization": f"Bearer {api_key}",
            "Accept-Encoding": "identity",
        }
        content = b"" if body is None else orjson.dumps(body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        client = self._opened()
        async with client.stream(method, url, headers=headers, content=content) as response:
            raw = await _read(response)
            retry_after = read_retry_after(
                response.headers.get("retry-after", ""), self._clock.now()
            )
        return _answer(response.status_code, raw, retry_after, (api_key, *secrets))

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = build_client(self._timeout_s)
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


async def _read(response: httpx.Response) -> bytes:
    """Return the body; one that is compressed unasked or too long counts as not readable."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return b""
    raw = bytearray()
    async for piece in response.aiter_raw():
        raw += piece
        if len(raw) > _MAX_BODY:
            return b""
    return bytes(raw)


def _answer(status: int, raw: bytes, retry_after: int | None, secrets: tuple[str, ...]) -> Answer:
    try:
        value: Any = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        value = None
    fields = cast(dict[str, Any], value) if isinstance(value, dict) else None
    if fields is not None and 200 <= status < 300:
        return Answer(fields, status)
    if fields is None:
        word = "not_json" if 200 <= status < 300 else f"HTTP {status}"
        text = raw[: 4 * _MAX_DETAIL].decode("utf-8", "replace")
        return Answer({}, status, word, _clean(text, secrets), retry_after)
    word = _first_text(fields, _WORDS) or f"HTTP {status}"
    text = _first_text(fields, _TEXTS)
    return Answer(fields, status, _clean(word, secrets), _clean(text, secrets), retry_after)


def _first_text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    texts = (fields.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def _text(error: Exception, secrets: tuple[str, ...]) -> str:
    return _clean(str(error), secrets) or type(error).__name__


def _clean(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = clean(text, secret)
    return clean(text)[:_MAX_DETAIL]
