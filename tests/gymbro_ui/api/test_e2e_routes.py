"""/stats/e2e-*: runs and results in the wire's shape; start, refusal, cancel."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.builders import until
from tests.support.stats_routes import StatsWorld
from tests.support.upstream import FakeUpstream, failing, silent

RUN_FIELDS = {
    "run_id", "user_type", "auth_mode", "prompt_text", "prompt_mode", "result_mode", "models_total",
    "models_success", "models_failed", "started_at", "finished_at", "duration_ms", "status",
    "error_summary", "results", "launch_id", "trigger", "is_anonymous", "next_run_at",
}  # fmt: skip
RESULT_FIELDS = {
    "model_key", "success", "latency_ms", "request_id", "message_id", "conversation_id", "reply_len",
    "result_mode_effective", "thinkingml_ok", "thinkingml_reason", "error", "kind", "status",
    "provider", "resolved_model", "endpoint_id", "repaired", "strict_reasons", "ttft_ms", "retries",
    "checks",
}  # fmt: skip


@pytest.fixture
async def world(
    database: Database, env: Env, secrets: Secrets, upstream: FakeUpstream
) -> AsyncIterator[StatsWorld]:
    world = StatsWorld(database, env, secrets)
    await world.desk.aim(upstream)
    yield world
    await world.desk.stop()


async def run_once(world: StatsWorld, **body: object) -> dict:
    started = await world.ask("POST", "/e2e-mapped-model-runs", json=body)
    assert started.status_code == 202, started.text
    ids = started.json()["data"]
    assert started.json()["launch_id"] == ids["launch_id"]
    await asyncio.wait_for(world.desk.executions.wait(ids["execution_id"]), 30)
    return (await world.ask("GET", f"/e2e-launches/{ids['launch_id']}")).json()["data"]


async def test_a_launch_is_started_followed_and_listed(
    world: StatsWorld, upstream: FakeUpstream
) -> None:
    upstream.play("model-b", failing())
    launch = await run_once(world, trigger="command")
    assert (launch["status"], launch["trigger"]) == ("failed", "command")
    assert [run["user_type"] for run in launch["runs"]] == ["anonymous", "permanent"]
    for run in launch["runs"]:
        assert set(run) >= RUN_FIELDS
        assert (run["models_total"], run["models_success"], run["models_failed"]) == (2, 1, 1)
        good, bad = run["results"]
        assert set(good) >= RESULT_FIELDS
        assert (good["success"], good["kind"], good["error"]) == (True, "ok", None)
        assert (bad["status"], bad["kind"], bad["error"]) == (
            "failed",
            "supplier",
            "upstream_http_503",
        )
        assert bad["thinkingml_ok"] is None
        assert run["started_at"].endswith("+00:00")
    listed = (await world.ask("GET", "/e2e-mapped-model-runs", "anon:x")).json()["data"]
    assert (listed["user_type"], listed["time_window"], listed["total"]) == ("permanent", "24h", 1)
    assert listed["runs"][0]["run_id"] == launch["runs"][1]["run_id"]
    assert listed["runs"][0]["created_at"]
    both = (await world.ask("GET", "/e2e-mapped-model-runs?user_type=all&limit=1&offset=1")).json()
    assert (both["data"]["total"], len(both["data"]["runs"])) == (2, 1)
    one = (await world.ask("GET", "/e2e-mapped-model-runs?model=model-b")).json()["data"]
    assert [r["model_key"] for r in one["runs"][0]["results"]] == ["model-b"]
    latest = (await world.ask("GET", "/e2e-mapped-models")).json()["data"]
    assert set(latest["latest"]) == {"anonymous", "permanent"}
    assert latest["summary"] == {
        "models_total": 4, "models_success": 2, "models_failed": 2, "success_rate": 50.0,
    }  # fmt: skip


async def test_only_what_is_named_is_asked(world: StatsWorld, upstream: FakeUpstream) -> None:
    launch = await run_once(world, models="model-b, model-b", user_types="permanent")
    (run,) = launch["runs"]
    assert run["user_type"] == "permanent"
    assert [result["model_key"] for result in run["results"]] == ["model-b"]
    assert len(upstream.named("post")) == 1


async def test_nothing_ran_yet_is_an_empty_latest(world: StatsWorld) -> None:
    data = (await world.ask("GET", "/e2e-mapped-models")).json()["data"]
    assert data == {
        "latest": {},
        "summary": {
            "models_total": 0, "models_success": 0, "models_failed": 0, "success_rate": 0.0,
        },
    }  # fmt: skip


async def test_a_second_start_is_already_running_and_a_cancel_ends_the_first(
    world: StatsWorld, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", silent())
    started = (await world.ask("POST", "/e2e-mapped-model-runs")).json()["data"]
    await until(lambda: len(upstream.named("events")) == 2)
    refused = await world.ask("POST", "/e2e-mapped-model-runs", json={})
    body = refused.json()
    assert (refused.status_code, body["code"]) == (409, "already_running")
    assert (body["launch_id"], body["execution_id"]) == (
        started["launch_id"],
        started["execution_id"],
    )
    live = (await world.ask("GET", f"/e2e-launches/{started['launch_id']}")).json()["data"]
    assert (live["status"], live["finished_at"]) == ("running", None)
    path = f"/e2e-mapped-model-runs/{started['launch_id']}/cancel"
    assert (await world.ask("POST", path)).status_code == 202
    await asyncio.wait_for(world.desk.executions.wait(started["execution_id"]), 10)
    ended = (await world.ask("GET", f"/e2e-launches/{started['launch_id']}")).json()["data"]
    assert ended["status"] == "cancelled"
    again = await world.ask("POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "not_running")
    unknown = await world.ask("POST", f"/e2e-mapped-model-runs/{'0' * 32}/cancel")
    assert unknown.status_code == 404


async def test_another_server_can_be_named_by_its_address_alone(world: StatsWorld) -> None:
    async with FakeUpstream() as other:
        other.models = ["elsewhere"]
        body = {
            "api_base": f"http://127.0.0.1:{other.port}",
            "auth_url": other.auth_url,
            "anon_key": other.auth.anon_key,
            "service_key": other.auth.service_key,
        }
        first = await run_once(world, target=body)
        second = await run_once(world, target={"api_base": other.api_base})
    assert first["target"] == second["target"] == other.api_base
    assert {r["model_key"] for run in first["runs"] for r in run["results"]} == {"elsewhere"}
    assert len(world.desk.targets.all()) == 3  # our own, the current one, the named one
    assert world.desk.targets.current.api_base != other.api_base
    listed = (await world.ask("GET", "/e2e-mapped-model-runs?user_type=all")).json()["data"]
    assert listed["total"] == 0  # history belongs to the service under test


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"models": [""]}, "models"),
        ({"models": {"a": 1}}, "models"),
        ({"models": ["typo"], "target_id": 1}, "models"),
        ({"user_types": ["nobody"]}, "user_types"),
        ({"trigger": "schedule"}, "trigger"),
        ({"target_id": 0}, "target_id"),
        ({"target_id": "x"}, "target_id"),
        ({"target": {"auth_url": "x"}}, "api_base"),
    ],
)
async def test_a_bad_start_is_refused_at_its_field(
    world: StatsWorld, body: dict, place: str
) -> None:
    answer = await world.ask("POST", "/e2e-mapped-model-runs", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["detail"][0]["loc"]


async def test_an_unknown_target_or_address_is_refused(world: StatsWorld) -> None:
    assert (
        await world.ask("POST", "/e2e-mapped-model-runs", json={"target_id": 77})
    ).status_code == 404
    bad = await world.ask(
        "POST", "/e2e-mapped-model-runs", json={"target": {"api_base": "ftp://x"}}
    )
    assert bad.status_code == 422
    missing = await world.ask(
        "POST", "/e2e-mapped-model-runs", json={"target": {"api_base": "http://127.0.0.1:9"}}
    )
    assert (missing.status_code, missing.json()["field"]) == (422, "auth_url")
