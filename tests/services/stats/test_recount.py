"""Random traffic is replayed, and every card, window and route is compared with a plain recount."""

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from services.stats.days import Days, Look
from services.stats.types import APP_ONLY, EVERY, Figures, chosen
from tests.support.clock import FakeClock
from tests.support.gateway import limits
from tests.support.recount import LENGTHS, Happened, Recount, is_near, traffic, utc
from tests.support.stats_routes import StatsWorld
from tests.support.sync_desk import SyncDesk

DAYS = 36
ENDS = {  # zone to the end of the traffic: after its change of clocks, at midnight, mid-day
    "Europe/Berlin": utc(2026, 11, 2, 23, 0),
    "America/New_York": utc(2026, 3, 20, 3, 59),
    "Asia/Kathmandu": utc(2026, 11, 24, 18, 15),
    "Australia/Lord_Howe": utc(2026, 4, 14, 13, 30),
}


@pytest.fixture
async def world(
    database: Database, env: Env, secrets: Secrets, clock: FakeClock
) -> AsyncIterator[StatsWorld]:
    made = StatsWorld(database, limits(env, enabled=False), secrets, clock)
    yield made
    await made.desk.stop()


async def replay(world: StatsWorld, clock: FakeClock, events: list[Happened], seed: int) -> None:
    """Let it all happen: some batches are small, some large, and some come days late."""
    chance = random.Random(seed)
    late = [one for one in events if chance.random() < 0.05]
    for one in [*(one for one in events if one not in late), *late]:
        _set(clock, one.at)
        world.stats.record_activity(one.caller)
        world.stats.record_request(
            caller=one.caller,
            endpoint_id=chance.choice((None, 1, 2)),
            model=one.model,
            ok=one.ok,
            latency_ms=one.latency_ms,
            usage=one.usage,
        )
        if chance.random() < 0.4:
            await world.stats.flush()
    await world.stats.flush()


def _set(clock: FakeClock, at: datetime) -> None:
    clock.jump((at - clock.now()).total_seconds())


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ENDS)))
async def test_every_figure_is_what_a_plain_recount_finds(
    world: StatsWorld, clock: FakeClock, seed: int, zone: str
) -> None:
    now = ENDS[zone]
    await world.desk.settings.change({"e2e_timezone": zone})
    events = traffic(seed, now - timedelta(days=DAYS), DAYS, 420)
    await replay(world, clock, events, seed)
    _set(clock, now)
    for origins in (APP_ONLY, EVERY, chosen(["e2e"])):
        plain = Recount(events, now, origins)
        for window in LENGTHS:
            await _compare_figures(world, plain, window, origins)
    for window in ("1h", "24h", "7d", "30d"):
        await _compare_points(world, Recount(events, now, APP_ONLY), window, ZoneInfo(zone))
        await _compare_rows(world, Recount(events, now, APP_ONLY), window)
    await _compare_routes(world, Recount(events, now, APP_ONLY))
    await _compare_days(world, clock, Recount(events, now, APP_ONLY), ZoneInfo(zone))


async def _compare_figures(
    world: StatsWorld, plain: Recount, window: str, origins: tuple[Any, ...]
) -> None:
    found: Figures = await world.stats.numbers.figures(window, origins)
    inside = plain.within(window)
    assert (found.start, found.end) == plain.edges(window)
    assert found.active_users == plain.users(window)
    assert found.calls == plain.calls(inside)
    assert found.calls_before == plain.calls(plain.within(window, 1))
    assert found.by_model == plain.by_model(window)
    assert is_near(found.p50_ms, inside, 0.50)
    assert is_near(found.p95_ms, inside, 0.95)
    others = [one for one in plain.everything if one.origin not in origins]
    start, end = plain.edges(window)
    left = [one.origin for one in others if start <= one.at < end]
    assert found.calls_left_out == {origin: left.count(origin) for origin in set(left)}


async def _compare_points(world: StatsWorld, plain: Recount, window: str, zone: ZoneInfo) -> None:
    points = await world.stats.numbers.points(window)
    assert (points[0].start, points[-1].end) == plain.edges(window)
    for point in points:
        inside = [one for one in plain.events if point.start <= one.at < point.end]
        assert (point.total, point.success) == (len(inside), sum(one.ok for one in inside))
        assert is_near(point.p95_ms, inside, 0.95)
        if window == "30d":
            last = point.end - timedelta(microseconds=1)
            assert point.start.astimezone(zone).date() == last.astimezone(zone).date()


async def _compare_rows(world: StatsWorld, plain: Recount, window: str) -> None:
    """The rows behind a figure make up that figure."""
    numbers = world.stats.numbers
    some = await numbers.users(window)
    users = list(some.rows)
    while some.has_more:
        some = await numbers.users(window, APP_ONLY, users[-1])
        users += some.rows
    assert len(users) == plain.users(window)
    more = await numbers.calls(window)
    calls = list(more.rows)
    while more.has_more:
        more = await numbers.calls(window, APP_ONLY, calls[-1])
        calls += more.rows
    inside = plain.within(window)
    assert sum(row.count for row in calls) == len(inside)
    assert sum(row.latency_ms for row in calls) == sum(one.latency_ms for one in inside)
    assert [row.minute_at for row in calls] == sorted((r.minute_at for r in calls), reverse=True)


async def _compare_routes(world: StatsWorld, plain: Recount) -> None:
    for window in LENGTHS:
        data = (await world.ask("GET", f"/dashboard?time_window={window}")).json()["data"]
        calls = plain.calls(plain.within(window))
        assert data["daily_active_users"]["count"] == plain.users(window)
        requests = data["ai_requests"]
        assert (requests["total"], requests["success"]) == (calls.total, calls.success)
        assert requests["error"] == calls.error
        assert requests["avg_latency_ms"] == (calls.mean_ms or 0)
        assert data["token_usage"] == calls.tokens
        for name in ("daily-active-users", "ai-requests"):
            single = (await world.ask("GET", f"/{name}?time_window={window}")).json()
            assert single == data[name.replace("-", "_")]
    week = (await world.ask("GET", "/daily-active-users?time_window=7d")).json()
    assert [point["count"] for point in week["series"]] == plain.by_utc_day(8)


async def _compare_days(
    world: StatsWorld, clock: FakeClock, plain: Recount, zone: ZoneInfo
) -> None:
    desk = SyncDesk(world.world.database, clock, world.world.secrets, world.desk.settings)

    async def look() -> Look:
        return Look(None, None)

    days = Days(world.world.database, clock, desk.tasks, world.desk.settings, desk.outbox, look)
    await days.refresh()
    expected = plain.by_zone_day(zone)
    for row in await days.newest():
        found = (row.active_users, row.requests, row.tokens)
        assert found == expected.get(row.day, (0, 0, 0)), row.day
    await desk.stop()
