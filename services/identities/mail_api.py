"""Mail API: an address for a test user from a service that makes mailboxes (contract 7.4)."""

import logging
import re
from dataclasses import dataclass
from typing import Any, cast

import httpx

from services.foundation.http import build_client

_log = logging.getLogger(__name__)
ERROR = "mail_api_error"
INVALID = "mail_api_invalid_email"
LIFETIME_MS = 24 * 3_600_000
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,185}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, or the word for why there is none."""

    email: str = ""
    error: str = ""
    detail: str = ""


class MailApi:
    """Two calls with the key in a header; every failure is a Mailbox with a word."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        """Start without a connection; an empty address means that there is no such service."""
        self._base = base_url.rstrip("/")
        self._timeout_s = timeout_s

    async def make(self, name: str, domain: str, api_key: str) -> Mailbox:
        """Return a new address; the domain is the service's first where none is asked for."""
        if not self._base:
            return Mailbox(error=ERROR, detail="MAIL_API_BASE_URL is not set")
        try:
            async with build_client(self._timeout_s) as client:
                headers = {"X-API-Key": api_key}
                domain = domain or await self._first_domain(client, headers)
                body = {"name": name, "expiryTime": LIFETIME_MS, "domain": domain}
                made = await self._call(client, "POST", "/api/emails/generate", headers, body)
        except (httpx.HTTPError, ValueError) as error:
            _log.info("no mailbox was made: %s", type(error).__name__)
            return Mailbox(error=ERROR, detail=type(error).__name__)
        email = made.get("email") or made.get("address")
        if not isinstance(email, str) or not _ADDRESS.fullmatch(email):
            return Mailbox(error=INVALID, detail="the answer held no address")
        return Mailbox(email=email)

    async def _first_domain(self, client: httpx.AsyncClient, headers: dict[str, str]) -> str:
        config = await self._call(client, "GET", "/api/config", headers, None)
        listed: Any = config.get("domains") or config.get("emailDomains") or ""
        is_list = isinstance(listed, list)
        names = cast("list[Any]", listed) if is_list else str(listed).split(",")
        return next((str(name).strip() for name in names if str(name).strip()), "")

    async def _call(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | None,
    ) -> dict[str, Any]:
        answer = await client.request(method, self._base + path, headers=headers, json=body)
        answer.raise_for_status()
        value: Any = answer.json()
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
