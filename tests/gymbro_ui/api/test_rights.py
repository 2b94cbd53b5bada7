"""Rights of contract 9.2: every served route against every kind of caller, walked from the OpenAPI."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gymbro_ui.api import messages, openai
from gymbro_ui.app import ROUTERS
from gymbro_ui.guard import Guard, access_rules
from services.access.types import TokenKind
from services.console import Console, build_console
from services.settings.types import Env

PUB, ANY, PERM, ADM, OPERATOR = "pub", "any", "perm", "adm", "operator"
# The first pattern that matches the method and path says who may; a route without one fails below.
RIGHTS: tuple[tuple[str, str], ...] = (
    (r"GET /api/v1/(healthz|livez|readyz|metrics|llm/status/supabase)", PUB),
    (r"POST /api/v1/base/access_token", PUB),
    (r"POST /api/v1/messages", ANY),
    (r"GET /api/v1/messages/.+/events", ANY),
    (r"GET /api/v1/llm/(models|models/blocked|app/models)", ANY),
    (r"GET /api/v1/llm/model-groups", PERM),
    (r"GET /api/v1/stats/.+", ANY),
    (r"GET /api/v1/base/sse_probe", ANY),
    (r"\w+ /api/v1/base/.+", PERM),
    (r"GET /api/v1/logs/recent", PERM),
    (r"\w+ /api/v1/(llm|tracing|stats)/.+", ADM),
    (r"\w+ /api/v1/access\b.*", OPERATOR),
    (r"POST /api/v1/backups/.+/restore", OPERATOR),
    (r"POST /api/v1/(imports(/preview)?|desktop/window)", OPERATOR),
    (
        r"\w+ /api/v1/(executions|agents|consoles|imports|workflows|sync|audit|journal|backups?|logs|settings|tests)\b.*",
        ADM,
    ),
    (r"GET /v1/models", ANY),
    (r"POST /v1/chat/completions", ANY),
)
OUTSIDE = ("/auth/v1", "/functions/v1")  # signed by keys of their own, see test_accounts.py
HOT = (("POST", "/api/v1/messages"), ("GET", "/v1/models"), ("POST", "/v1/chat/completions"))
CLAIMED = {"is_admin": True, "role": "admin", "dashboard_role": "admin", "llm_admin": True}
HARMLESS: dict[str, Any] = {
    "POST /api/v1/stats/e2e-mapped-model-runs": {"models": ["nobody-maps-this"]},
}


def right_of(method: str, path: str) -> str:
    found = (right for pattern, right in RIGHTS if re.fullmatch(pattern, f"{method} {path}"))
    return next(found, "")


class Served:
    """A whole console behind its guard, asked without a socket."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.inner = FastAPI()
        for module in ROUTERS:
            self.inner.include_router(module.router(console))
        rules = access_rules(console.env.public_url, "127.0.0.1", console.env.port, ("*",))
        hot = [*messages.routes(console), *openai.routes(console)]
        self.app = Guard(self.inner, rules, hot)

    def routes(self) -> list[tuple[str, str]]:
        """Every served method and path, parameters filled."""
        found = list(HOT)
        for path, methods in self.inner.openapi()["paths"].items():
            if not path.startswith(OUTSIDE):
                plain = re.sub(r"{[^}]+}", "1", path)
                found += [(method.upper(), plain) for method in methods]
        return sorted(set(found))

    async def ask(
        self, method: str, path: str, token: str = "", body: Any = None, **headers: str
    ) -> httpx.Response:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 5))
        base = self.console.env.public_url
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            if method == "GET":
                return await client.get(path, headers=headers)
            return await client.request(method, path, json=body or {}, headers=headers)

    async def sign_up(self, **body: Any) -> str:
        key = self.console.accounts.anon_key
        answer = await self.ask("POST", "/auth/v1/signup", body=body, apikey=key)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def token_of(self, caller: str) -> str:  # noqa: PLR0911  # one line a caller
        password = "a-long-pass-word-1"
        if caller == "anonymous":
            return await self.sign_up(data={})
        if caller == "forged anonymous":
            return await self.sign_up(data=CLAIMED)
        if caller == "permanent":
            return await self.sign_up(email="p@example.org", password=password)
        if caller == "forged":
            return await self.sign_up(email="f@example.org", password=password, data=CLAIMED)
        if caller.endswith("token"):
            kind = TokenKind.FULL if caller == "full token" else TokenKind.READ_ONLY
            made = [await self.console.access.admin.make_token("t", kind, 1) for _ in range(2)]
            return made[1].secret  # the first is revoked on the way
        return self.console.accounts.operator_token if caller == "operator" else ""


@pytest.fixture
def console(env: Env) -> Iterator[Console]:
    made = build_console(
        replace(env, rate_limits=replace(env.rate_limits, enabled=False)), one_shot=True
    )
    yield made
    made.close_now()


@pytest.fixture
async def served(console: Console) -> AsyncIterator[Served]:
    yield Served(console)
    await console.executions.stop()
    await console.tasks.stop(1.0)
    await console.verifier.close()
    await console.suppliers.close()
    await console.identities.close()


async def test_every_route_has_a_right_in_this_table(served: Served) -> None:
    unknown = [route for route in served.routes() if not right_of(*route)]
    assert not unknown, "give each of these a row in RIGHTS"
    assert len(served.routes()) > 50


def refusal(caller: str, right: str, method: str = "GET") -> tuple[int, str] | None:
    """What the contract says a caller gets; None: it may."""
    if right == PUB or caller in ("operator", "full token"):
        return None
    if caller == "reading token":
        return None if method == "GET" else (403, "read_only_token")
    if not caller:
        return 401, "unauthorized"
    if "anonymous" in caller:
        codes = {
            PERM: "forbidden",
            ADM: "ANONYMOUS_ACCESS_DENIED",
            OPERATOR: "operator_required",
        }
        return (403, codes[right]) if right in codes else None
    return {ADM: (403, "llm_admin_required"), OPERATOR: (403, "operator_required")}.get(right)


def code_of(answer: httpx.Response) -> str:
    """The machine word of a refusal, also in the shape of OpenAI."""
    body = answer.json()
    return body.get("code") or body.get("error", {}).get("code")


def is_an_act(method: str, path: str, caller: str) -> bool:
    """The original's clients start checks by a GET: a token that only reads is stopped later."""
    return caller == "reading token" and (method, path) == ("GET", "/api/v1/llm/models/check-all")


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "anonymous",
        "forged anonymous",
        "permanent",
        "forged",
        "operator",
        "full token",
        "reading token",
    ],
)
async def test_each_caller_gets_what_the_contract_says(served: Served, caller: str) -> None:
    token = await served.token_of(caller)
    wrong: list[str] = []
    for method, path in served.routes():
        answer = await served.ask(method, path, token, HARMLESS.get(f"{method} {path}"))
        expected = refusal(caller, right_of(method, path), method)
        if expected is None:
            is_right = answer.status_code not in (401, 403) or is_an_act(method, path, caller)
        else:
            is_right = (answer.status_code, code_of(answer)) == expected
        if not is_right:
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


async def test_the_originals_forgeable_admin_stays_an_ordinary_user(served: Served) -> None:
    """Anybody could write is_admin into user_metadata and was believed."""
    token = await served.token_of("forged")
    caller = await served.console.verifier.verify(token)
    assert caller.claims["user_metadata"]["is_admin"] is True  # it is in the token …
    assert not caller.is_admin  # … and nobody believes it
    before = served.console.models.endpoints
    body = {"name": "mine", "base_url": "https://x.example", "model": "m"}
    assert (await served.ask("POST", "/api/v1/llm/models", token, body)).status_code == 403
    listed = await served.ask("GET", "/api/v1/llm/models?view=endpoints", token)
    assert "base_url" not in listed.json()["data"][0]
    assert served.console.models.endpoints == before
