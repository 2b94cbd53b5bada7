"""Figures: counted in memory, on disk within a second, answered as the contract says."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from db.engine import Database
from db.tables.usage import AiRequestStatsRow
from services.accounts.service import Accounts
from services.accounts.types import Caller, UserType
from services.accounts.verifier import Verifier
from services.foundation.errors import InputError
from services.foundation.tasks import Tasks
from services.mapping.types import MappedModel, Scope
from services.models.types import Endpoint
from services.settings.service import Settings
from services.settings.types import Env
from services.stats.service import Stats
from services.stats.types import chosen
from services.suppliers.types import Usage
from tests.support.builders import until
from tests.support.clock import START, FakeClock


@pytest.fixture
async def stats(any_database: Database, clock: FakeClock, env: Env, settings: Settings, secrets):
    accounts = Accounts(any_database, clock, secrets, env)
    accounts.load()
    tasks = Tasks()
    stats = Stats(any_database, clock, tasks, settings, Verifier(accounts, clock, env))
    yield stats
    await tasks.stop(1.0)


def caller(user_id: str, **fields) -> Caller:
    return Caller(user_id, UserType.PERMANENT, **fields)


def record(stats: Stats, user_id: str = "u1", model: str = "gpt-x", **fields) -> None:
    values: dict[str, Any] = {
        "caller": caller(user_id),
        "endpoint_id": 1,
        "ok": True,
        "latency_ms": 100,
        "usage": None,
        **fields,
    }
    stats.record_request(model=model, **values)


async def test_actives_are_app_users_and_testers_are_counted_apart(
    stats: Stats, clock: FakeClock
) -> None:
    for _ in range(3):
        stats.record_activity(caller("u1"))
    stats.record_activity(caller("u2"))
    stats.record_activity(caller("t1", is_test=True))
    stats.record_activity(caller("operator", is_operator=True, is_admin=True))
    await stats.flush()
    body = await stats.daily_active_users("24h")
    assert body == {
        "time_window": "24h",
        "count": 2,
        "granularity": None,
        "series": [],
        "test_users": 2,
        "left_out": {"console": 1, "test": 1},
        "as_of": clock.now().isoformat(),
    }
    with_tests = await stats.daily_active_users("24h", chosen(["test"]))
    assert (with_tests["count"], with_tests["left_out"]) == (3, {"console": 1})


async def test_windows_roll_to_the_minute_not_by_date(stats: Stats, clock: FakeClock) -> None:
    stats.record_activity(caller("early"))
    record(stats, "early")
    await stats.flush()
    clock.jump(2 * 3600)
    stats.record_activity(caller("late"))
    record(stats, "late")
    await stats.flush()
    assert (await stats.daily_active_users("1h"))["count"] == 1
    assert (await stats.daily_active_users("24h"))["count"] == 2
    assert (await stats.ai_requests("1h"))["total"] == 1
    assert (await stats.ai_requests("24h"))["total"] == 2


async def test_seven_days_are_a_series_of_eight_days_oldest_first(
    stats: Stats, clock: FakeClock
) -> None:
    stats.record_activity(caller("u1"))
    await stats.flush()
    clock.jump(3 * 24 * 3600)
    for user in ("u1", "u2"):
        stats.record_activity(caller(user))
    await stats.flush()
    body = await stats.daily_active_users("7d")
    assert (body["count"], body["granularity"]) == (2, "day")
    assert [point["count"] for point in body["series"]] == [0, 0, 0, 0, 1, 0, 0, 2]
    assert body["series"][-1]["date"] == (START + timedelta(days=3)).date().isoformat()


async def test_the_mean_is_total_latency_over_all_calls(stats: Stats, clock: FakeClock) -> None:
    record(stats, latency_ms=100)
    record(stats, latency_ms=100)
    record(stats, model="other", latency_ms=1000, ok=False)
    await stats.flush()
    assert await stats.ai_requests("24h") == {
        "time_window": "24h",
        "total": 3,
        "success": 2,
        "error": 1,
        "success_rate": 66.67,
        "avg_latency_ms": 400.0,
        "p50_latency_ms": 100,
        "p95_latency_ms": 1015,
        "percentile_error": 0.0196,
        "left_out": {},
        "as_of": clock.now().isoformat(),
    }


async def test_nothing_counted_is_zero_everywhere(stats: Stats) -> None:
    assert (await stats.ai_requests("1h"))["avg_latency_ms"] == 0
    body = await stats.mapped_models("24h", [])
    assert (body["total"], body["availability_rate"], body["rows"]) == (0, 0.0, [])


async def test_counts_of_many_flushes_add_up_also_without_an_endpoint(stats: Stats) -> None:
    for _ in range(3):
        record(stats, endpoint_id=None, usage=Usage(3, 4, None))
        record(stats, endpoint_id=2, usage=Usage(1, 1, 10))
        await stats.flush()
    data = await stats.dashboard("24h", connectivity={}, mapped=[], e2e={}, obtainability={})
    assert data["ai_requests"]["total"] == 6
    assert data["token_usage"] == 3 * 7 + 3 * 10
    assert "rows" not in data["mapped_models"]


async def test_what_is_counted_is_on_disk_within_a_second_and_at_the_stop(
    stats: Stats, clock: FakeClock
) -> None:
    await stats.start()
    record(stats)
    written: list[None] = []
    stats.counted.subscribe(written.append)
    await clock.advance(1.0)
    await until(lambda: len(written) == 1)
    record(stats)
    await stats.stop()
    assert (await stats.ai_requests("24h"))["total"] == 2


async def test_mapped_models_show_what_was_asked_of_them(stats: Stats) -> None:
    record(stats, "u1")
    record(stats, "u2", ok=False)
    await stats.flush()
    mapped = [
        MappedModel("gpt-x", "m-1", ("m-1",), "mapping:gpt-x", Scope.MAPPING, resolved_model="m-1"),
        MappedModel("dead", "m-2", (), "mapping:dead", Scope.MAPPING),
    ]
    body = await stats.mapped_models("7d", mapped)
    assert (body["total"], body["available"], body["availability_rate"]) == (2, 1, 50.0)
    first, second = body["rows"]
    assert (first["calls_total"], first["unique_users"], first["success_rate"]) == (2, 2, 50.0)
    assert (second["availability"], second["calls_total"]) == (False, 0)


async def test_connectivity_counts_active_endpoints_that_are_online(stats: Stats) -> None:
    endpoints = [
        Endpoint(1, "a", "http://a", "openai", "m", status="online", last_checked_at=START),
        Endpoint(2, "b", "http://b", "openai", "m", status="online", last_error="401"),
        Endpoint(3, "c", "http://c", "openai", "m", status="offline"),
        Endpoint(4, "d", "http://d", "openai", "m", status="online", is_active=False),
    ]
    body = stats.api_connectivity(endpoints, is_running=False)
    assert body["is_running"] is False
    assert (body["healthy_endpoints"], body["total_endpoints"]) == (2, 3)
    assert body["connectivity_rate"] == 66.67
    assert body["last_check"] == START.isoformat()
    assert body["flagged_endpoints"] == 1


async def test_a_key_set_of_our_own_is_always_there(stats: Stats) -> None:
    known = {"anonymous_ok": True, "ordinary_ok": None, "checked_at": None, "error": None}
    body = await stats.jwt_availability(known)
    assert body["jwks_probe"]["ok"] is True
    assert body["obtainability"] == known
    assert body["verification"]["total_requests"] == 0


async def test_an_unknown_window_is_refused_at_its_field(stats: Stats) -> None:
    with pytest.raises(InputError) as refused:
        await stats.ai_requests("2d")
    assert refused.value.field == "time_window"


async def test_s3_2_calls_without_an_endpoint_are_one_row(
    stats: Stats, any_database: Database
) -> None:
    for _ in range(3):
        record(stats, endpoint_id=None)
        await stats.flush()

    def rows(session: Session) -> list[tuple[int | None, int]]:
        return [(r.endpoint_id, r.count) for r in session.exec(select(AiRequestStatsRow)).all()]

    assert await any_database.read(rows) == [(None, 3)]


async def test_s3_3_every_reported_token_counts_and_no_money_is_named(stats: Stats) -> None:
    for number in range(150):
        record(stats, f"u{number}", usage=Usage(2, 3, None))
    record(stats, usage=None)
    await stats.flush()
    figures = await stats.numbers.figures("24h")
    calls = figures.by_model["gpt-x"]
    assert (calls.tokens, calls.prompt_tokens, calls.reported, calls.total) == (750, 300, 150, 151)
    data = await stats.dashboard("24h", connectivity={}, mapped=[], e2e={}, obtainability={})
    assert data["token_usage"] == 750
    assert not [word for word in ("cost", "price", "usd", "$") if word in str(data).lower()]


async def test_s3_1_console_and_test_users_are_apart_and_can_be_included(stats: Stats) -> None:
    e2e = {"app_metadata": {"source": "daily_e2e"}}
    people = [
        caller("u1"),
        caller("admin", is_admin=True),
        caller("made", is_test=True, claims=e2e),
        caller("tester", is_test=True),
    ]
    for one in people:
        stats.record_activity(one)
        record(stats, caller=one)
    await stats.flush()
    body = await stats.daily_active_users("24h")
    assert (body["count"], body["left_out"]) == (1, {"console": 1, "e2e": 1, "test": 1})
    assert (await stats.ai_requests("24h"))["total"] == 1
    assert (await stats.ai_requests("24h", chosen(["e2e"])))["total"] == 2
    everybody = await stats.ai_requests("24h", chosen(["all"]))
    assert (everybody["total"], everybody["left_out"]) == (4, {})


async def test_a_restart_adds_to_what_was_counted(
    stats: Stats, any_database: Database, clock: FakeClock, settings: Settings
) -> None:
    record(stats, latency_ms=100)
    await stats.flush()
    again = Stats(any_database, clock, Tasks(), settings, stats._verifier)
    record(again, latency_ms=10_000)
    await again.flush()
    figures = await again.numbers.figures("1h")
    assert (figures.calls.total, figures.calls.latency_ms) == (2, 10_100)
    assert (figures.p50_ms, figures.p95_ms) == (100, 9_868)
