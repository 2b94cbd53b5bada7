"""Canary keys in every secret setting: none comes out of the secret store, not even in a crash."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gymbro_ui.site_map import PAGES
from tests.conftest import find_free_port
from tests.support.process import ConsoleProcess, run_command
from tests.support.supplier_server import SupplierServer

CANARIES = {
    "AI_API_KEY": "canary-of-the-first-supplier-1f0a",
    "SUPABASE_SERVICE_ROLE_KEY": "canary-of-the-service-role-2f0a",
    "E2E_SUPABASE_SERVICE_ROLE_KEY": "canary-of-the-target-3f0a",
    "E2E_USER_PASSWORD": "canary-of-the-test-user-4f0a",
    "SUPABASE_JWT_SECRET": "canary-of-the-signer-which-is-32-long-5f0a",
    "EXA_API_KEY": "canary-of-the-search-6f0a",
}
ENDPOINT_KEY = "canary-of-an-endpoint-7f0a"  # no prefix a pattern would know
PASSWORD = "canary-of-a-registered-user-8f0a"
REFUSAL = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)


def _echo(key: str) -> list[bytes]:
    """A supplier that sends the key it was given back."""
    body = b'{"error":{"message":"bad key %b"}}' % key.encode()
    return [REFUSAL % (len(body), body)]


def _token(process: ConsoleProcess) -> str:
    return (process.data_dir / "secrets" / "operator.token").read_text().strip()


def _planted(process: ConsoleProcess) -> list[str]:
    return [*CANARIES.values(), ENDPOINT_KEY, PASSWORD, _token(process)]


def _files(process: ConsoleProcess) -> Iterator[tuple[Path, bytes]]:
    """Everything on disk but the store of secrets itself."""
    for path in process.data_dir.rglob("*"):
        if path.is_file() and "secrets" not in path.relative_to(process.data_dir).parts:
            yield path, path.read_bytes()


def _check(process: ConsoleProcess, name: str, text: str | bytes) -> None:
    content = text.encode() if isinstance(text, str) else text
    assert [one for one in _planted(process) if one.encode() in content] == [], name


@pytest.fixture
async def second() -> AsyncIterator[SupplierServer]:
    async with SupplierServer() as server:
        server.play(_echo(ENDPOINT_KEY))
        yield server


@pytest.fixture
async def planted(tmp_path: Path) -> AsyncIterator[ConsoleProcess]:
    async with SupplierServer() as server:
        server.play(_echo(CANARIES["AI_API_KEY"]))
        environment = {
            **CANARIES,
            "AI_PROVIDER": "openai",
            "AI_MODEL": "m-1",
            "AI_API_BASE_URL": server.base_url,
            "SUPABASE_URL": f"http://127.0.0.1:{find_free_port()}",  # nobody is there
            "E2E_API_BASE": f"{server.base_url}/api/v1",
            "E2E_USER_EMAIL": "somebody@example.com",
            "EMBEDDED_AUTH": "true",
            "PYTHONFAULTHANDLER": "1",
        }
        process = ConsoleProcess(tmp_path / "data", find_free_port(), environment=environment)
        await asyncio.to_thread(process.start)
        yield process
        await asyncio.to_thread(process.stop)


async def _use_everything(process: ConsoleProcess, base_url: str) -> None:
    """Send each key somewhere that refuses it, so that errors, rows and logs arise."""
    headers = {"Authorization": f"Bearer {_token(process)}"}
    async with httpx.AsyncClient(base_url=process.url, trust_env=False, timeout=60) as client:

        async def ask(method: str, path: str, body: Any = None) -> httpx.Response:
            answer = await client.request(method, path, json=body, headers=headers)
            _check(process, path, answer.text)
            return answer

        listed = (await ask("GET", "/api/v1/llm/models?view=endpoints")).json()["data"]
        assert "env-default-openai" in [row["name"] for row in listed]
        made = await ask(
            "POST",
            "/api/v1/llm/models",
            {
                "name": "keyed",
                "base_url": base_url,
                "model": "m-2",
                "api_key": ENDPOINT_KEY,
                "allow_local_addresses": True,
            },
        )
        assert made.status_code == 200, made.text
        for row in [*listed, made.json()["data"]]:
            await ask("POST", f"/api/v1/llm/models/{row['id']}/check")
        group = {"scope_type": "mapping", "scope_key": "k", "default_model": "m-2"}
        assert (await ask("POST", "/api/v1/llm/model-groups", group)).status_code == 200
        chat = {"model": "k", "messages": [{"role": "user", "content": "hello"}]}
        for extra in ({}, {"stream": True}):
            refused = await ask("POST", "/v1/chat/completions", {**chat, **extra})
            assert refused.status_code == 502, refused.text
        await _load(ask)
        await ask("POST", "/api/v1/llm/models/sync", {"direction": "both"})
        sign_in = {"email": "u@example.com", "password": PASSWORD}
        for path in ("/auth/v1/signup", "/auth/v1/token?grant_type=password"):
            assert (await client.post(path, json=sign_in)).status_code < 500
        for path in ("/api/v1/audit", "/api/v1/executions", "/api/v1/llm/status/supabase"):
            assert (await ask("GET", path)).status_code == 200
        for page in PAGES:
            if "{" not in page.path:
                assert (await ask("GET", page.path)).status_code == 200, page.path


async def _load(ask: Callable[..., Awaitable[httpx.Response]]) -> None:
    """Two calls whose errors echo the key, kept, listed and exported."""
    plan = {"concurrency": 2, "model": "k", "target_id": 1}  # our own gateway
    started = await ask("POST", "/api/v1/llm/tests/load", plan)
    run = f"/api/v1/llm/tests/runs/{started.json()['run_id']}"
    found: dict[str, Any] = {}
    for _ in range(200):
        found = (await ask("GET", run)).json()["data"]
        if found["status"] not in ("pending", "running"):
            break
        await asyncio.sleep(0.05)
    assert found["summary"]["counts"]["errored"] == 2, found
    assert (await ask("GET", f"{run}/results")).json()["total"] == 2
    for kind in ("csv", "json"):
        assert "upstream_http_401" in (await ask("GET", f"{run}/export?format={kind}")).text


async def test_no_canary_comes_out_of_the_store_of_secrets(
    planted: ConsoleProcess, second: SupplierServer
) -> None:
    await _use_everything(planted, second.base_url)
    sent = [request.headers.get("authorization", "") for request in second.requests]
    assert f"Bearer {ENDPOINT_KEY}" in sent  # the key did travel to where it belongs
    for options in ((), ("--json",)):
        said = await asyncio.to_thread(
            run_command,
            "doctor",
            "--data-dir",
            str(planted.data_dir),
            *options,
            environment=CANARIES,
        )
        assert said.stdout
        _check(planted, "doctor", said.stdout + said.stderr)
    names = {path.name for path, _ in _files(planted)}  # while it runs, the log of writes too
    assert {"gymbro.sqlite3", "gymbro.sqlite3-wal"} <= names
    for path, content in _files(planted):
        _check(planted, str(path), content)
    assert await asyncio.to_thread(planted.stop, signal.SIGABRT) == -signal.SIGABRT
    assert "Fatal Python error" in planted.log()
    (planted.data_dir / "gymbro.sqlite3").write_bytes(b"no database any more" * 1000)
    await asyncio.to_thread(planted.start)  # it says what it found and begins anew
    _check(planted, "log of both starts", planted.log())
    for path, content in _files(planted):
        _check(planted, str(path), content)
