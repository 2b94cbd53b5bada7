"""/stats: figures and configuration as the contract says, errors at the field."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.stats_routes import StatsWorld


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[StatsWorld]:
    world = StatsWorld(database, env, secrets)
    yield world
    await world.desk.stop()


async def test_the_dashboard_holds_the_bodies_of_the_single_routes(world: StatsWorld) -> None:
    answer = await world.ask("GET", "/dashboard?time_window=7d", "anon:x")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["code"], body["msg"]) == (200, "success")
    data = body["data"]
    assert set(data) == {
        "daily_active_users", "ai_requests", "token_usage", "api_connectivity", "mapped_models",
        "e2e_mapped_models", "jwt_availability",
    }  # fmt: skip
    for name in ("daily-active-users", "ai-requests"):
        single = await world.ask("GET", f"/{name}?time_window=7d")
        assert single.json() == data[name.replace("-", "_")]
    assert (await world.ask("GET", "/api-connectivity")).json() == data["api_connectivity"]
    models = (await world.ask("GET", "/mapped-models?time_window=7d")).json()
    assert {k: v for k, v in models.items() if k != "rows"} == data["mapped_models"]
    assert [row["model_key"] for row in models["rows"]] == ["global"]
    jwt = (await world.ask("GET", "/jwt-availability")).json()
    assert set(jwt) == {"success_rate", "jwks_probe", "verification", "obtainability"}


async def test_connectivity_says_whether_the_monitor_is_on(world: StatsWorld) -> None:
    for is_on in (False, True):
        await world.monitor.switch(is_on=is_on)
        single = (await world.ask("GET", "/api-connectivity")).json()
        assert single["is_running"] is is_on
        whole = (await world.ask("GET", "/dashboard")).json()["data"]["api_connectivity"]
        assert whole["is_running"] is is_on


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard?time_window=2d",
        "/ai-requests?time_window=x",
        "/mapped-models?time_window=1h",
        "/e2e-mapped-model-runs?limit=0",
        "/e2e-mapped-model-runs?limit=201",
        "/e2e-mapped-model-runs?offset=-1",
        "/e2e-mapped-model-runs?offset=10001",
        "/e2e-mapped-model-runs?user_type=nobody",
        "/e2e-mapped-model-runs?time_window=1h",
        "/e2e-launches/not-hex",
    ],
)
async def test_a_bad_query_is_refused_with_its_place(world: StatsWorld, path: str) -> None:
    answer = await world.ask("GET", path)
    body = answer.json()
    assert answer.status_code == 422
    assert body["msg"] == "请求参数错误"
    assert body["detail"][0]["loc"][-1] in f"{path} launch_id"
    assert body["request_id"]


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "code"),
    [
        ("GET", "/dashboard", "", 401, "unauthorized"),
        ("GET", "/config", "expired", 401, "token_expired"),
        ("PUT", "/config", "user:u", 403, "llm_admin_required"),
        ("PUT", "/config", "anon:u", 403, "ANONYMOUS_ACCESS_DENIED"),
        ("POST", "/e2e-mapped-model-runs", "user:u", 403, "llm_admin_required"),
        ("POST", f"/e2e-mapped-model-runs/{'0' * 32}/cancel", "anon:u", 403, "ANONYMOUS_ACCESS_DENIED"),
    ],
)  # fmt: skip
async def test_rights(
    world: StatsWorld, method: str, path: str, token: str, status: int, code: str
) -> None:
    answer = await world.ask(method, path, token, json={} if method != "GET" else None)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_config_is_read_by_all_and_changed_key_by_key(world: StatsWorld) -> None:
    before = (await world.ask("GET", "/config", "anon:x")).json()["data"]
    assert before["config"]["e2e_daily_time"] == "05:00"
    assert before["config"]["e2e_interval_hours"] is None
    answer = await world.ask(
        "PUT", "/config", json={"e2e_interval_hours": 6, "unknown": 1, "retention_days": 7}
    )
    after = answer.json()["data"]["config"]
    assert answer.status_code == 200
    assert after == {**before["config"], "e2e_interval_hours": 6, "retention_days": 7}
    back = (await world.ask("PUT", "/config", json={"e2e_interval_hours": None})).json()
    assert back["data"]["config"]["e2e_interval_hours"] is None
    assert back["data"]["config"]["retention_days"] == 7


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("e2e_interval_hours", 2),
        ("e2e_interval_hours", 25),
        ("e2e_interval_hours", 3.5),
        ("e2e_interval_hours", "abc"),
        ("e2e_daily_time", "99:99"),
        ("e2e_daily_time", "5:00"),
        ("e2e_timezone", "Mars/Base"),
        ("e2e_prompt_text", ""),
        ("e2e_prompt_text", "x" * 501),
        ("e2e_result_mode", "loud"),
        ("e2e_user_types", ["nobody"]),
        ("http_poll_interval", 4),
        ("e2e_enabled", "yes"),
    ],
)
async def test_a_bad_setting_is_refused_at_its_field_and_nothing_changes(
    world: StatsWorld, field: str, value: object
) -> None:
    before = (await world.ask("GET", "/config")).json()["data"]["config"]
    answer = await world.ask("PUT", "/config", json={"retention_days": 9, field: value})
    body = answer.json()
    assert answer.status_code == 422
    assert body["detail"][0]["loc"] == ["body", field]
    assert body["detail"][0]["msg"].startswith("Value error, ")
    assert (await world.ask("GET", "/config")).json()["data"]["config"] == before


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "{"])
async def test_a_body_that_is_no_object_is_refused(world: StatsWorld, body: str) -> None:
    answer = await world.ask(
        "PUT", "/config", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("hours", [3, 24, None])
async def test_the_bounds_of_the_interval_are_taken(world: StatsWorld, hours: int | None) -> None:
    answer = await world.ask("PUT", "/config", json={"e2e_interval_hours": hours})
    assert answer.json()["data"]["config"]["e2e_interval_hours"] == hours
