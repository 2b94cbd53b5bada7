"""WS /api/v1/ws/executions: who may, what is sent in which order, nobody waits for anybody."""

import asyncio
import json
import statistics

import pytest
import websockets

from db.engine import Database
from gymbro_ui.api import execution_feed, execution_socket
from gymbro_ui.api.execution_feed import Feed, Outbox
from services.executions.types import Ending, ExecutionState
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.execution_api import Crowd, Follower, add_work, execution_world, open_deaf
from tests.support.execution_sockets import an_update
from tests.support.gateway import World, until


async def test_s2_41_who_comes_back_with_since_misses_nothing(world: World) -> None:
    work = add_work(world)
    async with Follower(world) as follower:
        await follower.next()
        started = await world.executions.start("demo", {})
        seen = await follower.until("running", started.id)
    await work.controls[0].progress(3, 9)
    await asyncio.sleep(0.05)
    other = await world.executions.start("demo", {})
    work.go.set()
    await until(lambda: not world.executions.running())
    async with Follower(world, f"since={seen[-1]['seq']}") as back:
        assert (await back.next())["type"] == "snapshot"
        missed = await back.until("succeeded", other.id)
        newest = await world.executions.newest_seq()
        while missed[-1]["seq"] < newest:
            missed.append(await back.next())
    numbers = [update["seq"] for update in missed]
    assert numbers == list(range(seen[-1]["seq"] + 1, newest + 1))
    last = {update["data"]["id"]: update["data"]["status"] for update in missed}
    assert last == {started.id: "succeeded", other.id: "succeeded"}


async def test_what_the_feed_forgot_is_taken_from_the_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_feed, "KEPT_FRAMES", 3)
    add_work(world).go.set()
    started = [await world.executions.start("demo", {}) for _ in range(5)]
    await until(lambda: not world.executions.running())
    async with Follower(world, "since=1") as back:
        await back.next()
        found = [await back.next() for _ in started]
    assert {update["data"]["id"] for update in found} == {one.id for one in started}
    assert [u["seq"] for u in found] == sorted(u["seq"] for u in found)
    assert {update["data"]["status"] for update in found} == {"succeeded"}


async def test_s2_29_two_clients_of_one_id_both_live(world: World) -> None:
    add_work(world).go.set()
    async with Follower(world, "client_id=same") as one, Follower(world, "client_id=same") as two:
        await one.next()
        await two.next()
        started = await world.executions.start("demo", {})
        assert await one.until("succeeded", started.id) == await two.until("succeeded", started.id)


async def test_s2_42_three_sockets_get_equal_sequences(world: World) -> None:
    work = add_work(world)
    async with Follower(world) as a, Follower(world) as b, Follower(world) as c:
        followers = (a, b, c)
        for follower in followers:
            await follower.next()
        started = [await world.executions.start("demo", {}) for _ in range(6)]
        await until(lambda: len(work.controls) == 6)
        for control in work.controls:
            await control.progress(1, 2)
        work.go.set()
        await until(lambda: not world.executions.running())
        newest = await world.executions.newest_seq()
        heard: list[list[int]] = []
        for follower in followers:
            numbers: list[int] = []
            while not numbers or numbers[-1] < newest:
                numbers.append((await follower.next())["seq"])
            heard.append(numbers)
    assert heard[0] == heard[1] == heard[2] == list(range(1, newest + 1))
    assert started


async def test_s2_28_a_client_that_leaves_during_a_broadcast_harms_no_other(
    world: World,
) -> None:
    work = add_work(world)
    work.go.set()
    async with Follower(world) as stays:
        await stays.next()
        for _ in range(10):
            async with Follower(world) as leaves:
                await leaves.next()
                started = await world.executions.start("demo", {})
                leaves.socket.transport.abort()
            await stays.until("succeeded", started.id)
    await until(lambda: world.executions.changed.subscriber_count == 2)  # the feed, the monitor


async def test_s2_16_twenty_clients_one_of_them_slow_the_others_under_500_ms(
    world: World,
) -> None:
    work, crowd = add_work(world), Crowd(world, 19)
    deaf = open_deaf(world)
    async with asyncio.TaskGroup() as group:
        for _ in range(crowd.count):
            group.create_task(crowd.follow())
        await until(lambda: crowd.ready == crowd.count, 15)
        for _ in range(5):
            await world.executions.start("demo", {})
        await until(lambda: len(work.controls) == 5)
        work.controls[0].append_output("x" * 65_000)  # soon more than the deaf one's buffers hold
        for turn in range(20):
            for control in work.controls:
                await control.progress(turn, 20)
            await asyncio.sleep(0.05)
        work.go.set()
        await until(lambda: not world.executions.running())
        crowd.last = await world.executions.newest_seq() + 1
        await world.executions.start("demo", {})
    deaf.close()
    assert len(crowd.delays) > crowd.count * 20
    assert statistics.quantiles(crowd.delays, n=100)[94] < 0.5


async def test_a_client_that_reads_nothing_is_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_socket, "SEND_S", 0.3)
    feeds: list[Feed] = []
    join = Feed.join

    def noted(feed: Feed, outbox: Outbox) -> None:
        feeds.append(feed)
        join(feed, outbox)

    monkeypatch.setattr(Feed, "join", noted)
    deaf = open_deaf(world)
    await until(lambda: bool(feeds) and feeds[0].clients == 1)
    work = add_work(world)
    work.go.set()
    work.ending = Ending(ExecutionState.SUCCEEDED, output="x" * 65_000)
    async with asyncio.timeout(20):
        while feeds[0].clients:
            await world.executions.wait((await world.executions.start("demo", {})).execution_id)
    deaf.close()


async def test_a_long_line_keeps_the_newest_of_each_execution_in_order() -> None:
    feed, outbox = Feed(), Outbox()
    feed.join(outbox)
    for seq in range(1, 1_001):
        feed.add(an_update(seq % 3, seq))
    assert len(outbox) < 2 * execution_feed.COALESCE_OVER
    got: list[int] = []
    while len(outbox):
        text = outbox.take()
        assert text is not None
        got.append(json.loads(text)["seq"])
    assert got == sorted(got)
    assert got[-3:] == [998, 999, 1_000]
    feed.leave(outbox)
    feed.add(an_update(1, 1_001))
    assert len(outbox) == 0


async def test_who_lags_over_too_many_executions_must_come_back() -> None:
    feed, outbox = Feed(), Outbox()
    feed.join(outbox)
    for seq in range(1, 2_000):
        feed.add(an_update(seq, seq))
    assert outbox.is_overrun
    assert not await outbox.wait()
    assert len(outbox) == 0


async def test_the_feed_keeps_a_bounded_past() -> None:
    feed = Feed()
    assert feed.since(0) is None
    for seq in range(5, 5_005):
        feed.add(an_update(seq, seq))
    assert feed.since(4) is None
    kept = feed.since(4_000)
    assert kept is not None
    assert [frame.seq for frame in kept] == list(range(4_001, 5_005))
    assert len(feed.since(5_004 - execution_feed.KEPT_FRAMES) or ()) == execution_feed.KEPT_FRAMES
    assert feed.since(5_004 - execution_feed.KEPT_FRAMES - 1) is None
    assert feed.since(9_999) == []


async def test_a_stopped_console_closes_its_sockets(
    database: Database, env: Env, secrets: Secrets
) -> None:
    async with execution_world(database, env, secrets) as world:
        follower = Follower(world)
        await follower.__aenter__()
        await follower.next()
    with pytest.raises(websockets.ConnectionClosed):
        await asyncio.wait_for(follower.socket.recv(), 5)
