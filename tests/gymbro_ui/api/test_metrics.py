"""/metrics: every documented name, read by Prometheus' own parser; bounded labels; not for everybody."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from gymbro_ui import metric_values
from gymbro_ui.api import metrics
from gymbro_ui.gate import Gate
from gymbro_ui.guard import Guard, access_rules
from services.access.types import TokenKind
from services.accounts.types import UserType
from services.console import Console, build_console
from services.e2e.types import Cause, CellStatus, Dot
from services.gateway.meter import KEYS_MOST, Meter
from services.settings.types import Env

DOCS = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
_ROW = re.compile(r"^\| `(gymbro_\w+)` \| (\w+) \| *([\w, ]*?) *\|", re.MULTILINE)
LOCAL, FAR = ("127.0.0.1", 5), ("10.0.0.7", 5)


@pytest.fixture
def console(env: Env) -> Iterator[Console]:
    made = build_console(env, one_shot=True)
    yield made
    made.close_now()


async def get(
    console: Console, peer: tuple[str, int] = LOCAL, path: str = "/metrics", **headers: str
) -> httpx.Response:
    inner = FastAPI()
    inner.include_router(metrics.router(console))
    env = console.env
    app = Guard(
        inner, access_rules(env.public_url, "127.0.0.1", env.port, ("*",)), (), Gate(console)
    )
    transport = httpx.ASGITransport(app=app, client=peer)  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=transport, base_url=env.public_url) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(path, headers=named)


def families(text: str) -> dict[str, Any]:
    return {one.name: one for one in text_string_to_metric_families(text)}


def a_dot(key: str, status: CellStatus = CellStatus.OK) -> Dot:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    return Dot(key, UserType.PERMANENT, status, Cause.UNKNOWN, at, "", 1240, 310, 1, False)


def show(console: Console, monkeypatch: pytest.MonkeyPatch, *dots: Dot) -> None:
    seen = SimpleNamespace(dots=dots)
    monkeypatch.setattr(console.e2e, "health", lambda: seen)


async def test_the_names_are_those_of_the_documentation(console: Console) -> None:
    found = families((await get(console)).text)
    served = {
        name + "_total" * (one.type == "counter"): one.type
        for name, one in found.items()
        if name.startswith("gymbro_")
    }
    documented = {name: kind for name, kind, _ in _ROW.findall(DOCS.read_text())}
    assert served == documented
    labels = {
        name: tuple(filter(None, row.split(", ")))
        for name, _, row in _ROW.findall(DOCS.read_text())
    }
    for family in metric_values.FAMILIES:
        name = family.name + "_total" * (family.kind == "counter")
        assert labels[name] == family.labels
    assert {"process_cpu_seconds", "python_info", "python_gc_collections"} <= set(found)


async def test_the_newest_verdicts_are_there(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(
        console, monkeypatch,
        a_dot("good"), a_dot("slow", CellStatus.SLOW), a_dot("bad", CellStatus.FAILED),
        a_dot('odd "\\\n名', CellStatus.LIMITED),
    )  # fmt: skip
    found = families((await get(console)).text)
    status = {s.labels["model"]: s.value for s in found["gymbro_check_status"].samples}
    assert status == {"good": 1, "slow": 1, "bad": 0, 'odd "\\\n名': -1}
    (verdict,) = [s for s in found["gymbro_check_verdict"].samples if s.labels["model"] == "bad"]
    assert (verdict.labels["verdict"], verdict.labels["cause"]) == ("failed", "unknown")
    assert found["gymbro_check_ttft_seconds"].samples[0].value == 0.31
    assert found["gymbro_check_duration_seconds"].samples[0].value == 1.24


async def test_calls_are_counted_by_key_and_status(console: Console) -> None:
    meter = console.gateway.meter
    for latency_ms in (40, 240, 3_000_000):
        meter.count("gpt", ok=True, latency_ms=latency_ms, ttft_ms=latency_ms / 2)
    meter.count("gpt", ok=False, latency_ms=10, ttft_ms=None)
    found = families((await get(console)).text)
    counts = {s.labels["status"]: s.value for s in found["gymbro_gateway_requests"].samples}
    assert counts == {"ok": 3, "error": 1}
    latency = {
        s.labels.get("le", s.name): s.value
        for s in found["gymbro_gateway_request_duration_seconds"].samples
    }
    assert (latency["0.05"], latency["0.25"], latency["120.0"], latency["+Inf"]) == (1, 2, 2, 3)
    assert latency["gymbro_gateway_request_duration_seconds_sum"] == 3000.28


async def test_labels_are_bounded(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter()
    for number in range(KEYS_MOST + 500):
        meter.count(f"key-{number}", ok=True, latency_ms=1, ttft_ms=None)
    assert len(meter.keys) == KEYS_MOST + 1
    assert meter.keys["other"].ok == 500
    show(console, monkeypatch, *(a_dot(f"{number}-" + "x" * 500) for number in range(900)))
    found = families((await get(console)).text)
    models = {s.labels["model"] for s in found["gymbro_check_status"].samples}
    assert len(models) == metric_values.MODELS_MOST
    assert max(map(len, models)) <= metric_values.LABEL_CHARS


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics"])
async def test_only_this_machine_reads_them_without_a_token(console: Console, path: str) -> None:
    assert (await get(console, path=path)).status_code == 200
    proxied = await get(console, path=path, x_forwarded_for="127.0.0.1")
    assert proxied.status_code == 401
    scripted = await get(console, path=path, origin="https://evil.example")
    assert scripted.status_code == 401
    assert (await get(console, FAR, path)).status_code == 401
    user = await console.accounts.sign_up({}, SimpleNamespace(peer="127.0.0.1", forwarded_for=""))  # pyright: ignore[reportArgumentType]
    bearer = f"Bearer {user['access_token']}"
    assert (await get(console, FAR, path, authorization=bearer)).status_code == 403
    made = await console.access.admin.make_token("prometheus", TokenKind.READ_ONLY, None)
    bearer = f"Bearer {made.secret}"
    assert (await get(console, FAR, path, authorization=bearer)).status_code == 200


async def test_a_named_proxy_takes_the_leave_of_this_machine(env: Env) -> None:
    limits = replace(env.rate_limits, trusted_proxies=("127.0.0.1",))
    console = build_console(replace(env, rate_limits=limits), one_shot=True)
    try:
        assert (await get(console)).status_code == 401
    finally:
        console.close_now()
