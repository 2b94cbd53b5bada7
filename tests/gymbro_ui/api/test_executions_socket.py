"""WS /api/v1/ws/executions: who may, what is sent in which order, nobody waits for anybody."""

import asyncio
import json
import logging
import statistics
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets

from db.engine import Database
from gymbro_ui.api import execution_feed, execution_socket, socket_access
from gymbro_ui.api.execution_feed import Feed, Outbox
from services.accounts.types import Caller
from services.executions.types import Control, Ending, Execution, ExecutionState, Trigger
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.gymbro_ui.api.test_executions_routes import NAMES
from tests.support.execution_api import Crowd, Follower, add_work, execution_world, open_deaf
from tests.support.gateway import World, until
from tests.support.scripted import NamedTokens


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with execution_world(database, env, secrets) as served:
        yield served


# -- who may


@pytest.mark.parametrize("token", ["nonsense", "expired", "anon:a", "user:a"])
@pytest.mark.parametrize("way", ["query", "header", "message"])
async def test_s2_29_no_admins_token_closes_1008(world: World, token: str, way: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if way == "header" else {}
    async with Follower(
        world, token=token if way == "query" else None, headers=headers
    ) as follower:
        if way == "message":
            await follower.socket.send(json.dumps({"token": token}))
        code, reason = await follower.closed()
    assert code == 1008
    assert not reason.startswith(token)


@pytest.mark.parametrize(
    "first", ['{"token": ""}', "{}", "[1]", "no json", '{"token": ' + "[" * 500, b"\x00\xff"]
)
async def test_a_first_message_without_a_token_closes_1008(world: World, first: Any) -> None:
    async with Follower(world, token=None) as follower:
        await follower.socket.send(first)
        assert (await follower.closed())[0] == 1008


async def test_who_says_nothing_is_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_access, "FIRST_MESSAGE_S", 0.2)
    async with Follower(world, token=None) as follower:
        assert await follower.closed() == (1008, "unauthorized")


@pytest.mark.parametrize("way", ["query", "header", "message"])
async def test_a_token_is_taken_from_query_header_or_first_message(
    world: World, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Authorization": "Bearer admin:someone"} if way == "header" else {}
    token = "admin:someone" if way == "query" else None
    async with Follower(world, token=token, headers=headers) as follower:
        if way == "message":
            await follower.socket.send(json.dumps({"token": "admin:someone"}))
        assert (await follower.next())["type"] == "snapshot"
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("gymbro", "services"))]
    assert not [line for line in ours if "admin:someone" in line]


async def test_a_bad_since_is_refused(world: World) -> None:
    async with Follower(world, "since=soon") as follower:
        assert await follower.closed() == (1008, "since must be a number")


async def test_a_fault_of_ours_closes_1011(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> list[Execution]:
        raise RuntimeError("a fault")

    monkeypatch.setattr(world.executions, "newest", broken)
    async with Follower(world) as follower:
        assert (await follower.closed())[0] == 1011


async def test_a_right_that_is_taken_away_ends_the_socket_an_aged_token_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_socket, "PING_S", 0.05)
    verify = NamedTokens.verify
    later = {"admin:aged": "expired", "admin:demoted": "user:demoted"}

    async def changed(tokens: NamedTokens, token: str) -> Caller:
        return await verify(tokens, later.get(token, token))

    async with (
        Follower(world, token="admin:aged") as kept,
        Follower(world, token="admin:demoted") as lost,
    ):
        await kept.next()
        await lost.next()
        monkeypatch.setattr(NamedTokens, "verify", changed)
        assert await lost.closed() == (1008, "llm_admin_required")
        with pytest.raises(TimeoutError):
            await kept.next(0.3)
        await kept.socket.send(json.dumps({"token": "admin:fresh"}))
        await kept.socket.send("ping")
        await until_recv(kept, "pong")
        await kept.socket.send(json.dumps({"token": "user:nobody"}))
        assert await kept.closed() == (1008, "llm_admin_required")


# -- what is sent


async def test_s2_35_every_sender_uses_the_one_schema(world: World) -> None:
    work = add_work(world)
    async with Follower(world) as follower:
        snapshot = await follower.next()
        assert set(snapshot) == {"type", "seq", "data"}
        started = await world.executions.start("demo", {"a": 1}, trigger=Trigger.MANUAL)
        await work.begun.wait()
        await work.controls[0].progress(1, 2)
        work.controls[0].append_output("half")
        await asyncio.sleep(0.05)
        work.go.set()
        updates = await follower.until("succeeded", started.id)
    for update in updates:
        assert set(update) == {"type", "seq", "data"}
        assert set(update["data"]) == NAMES
        assert set(update["data"]["progress"]) == {"done", "total"}
        assert update["data"]["meta"]["params"] == {"a": 1}
        assert update["data"]["execution_type"] == "demo"
    states = [update["data"]["status"] for update in updates]
    assert list(dict.fromkeys(states)) == ["pending", "running", "succeeded"]
    assert updates[-1]["data"]["output"] == "done"
    async with Follower(world) as later:
        (row,) = (await later.next())["data"]
        assert row == updates[-1]["data"]


async def test_s2_1_and_s2_31_to_s2_33_every_kind_and_transition_is_received(
    world: World,
) -> None:
    kinds = ("e2e", "agent_test", "workflow", "load_test", "probe", "sync", "backup", "retention")
    works = {name: add_work(world, name) for name in kinds}
    works["sync"].ending = Ending(ExecutionState.TIMED_OUT)
    async with Follower(world) as follower:
        await follower.next()
        wanted = {"probe": "failed", "sync": "timed_out", "backup": "cancelled"}
        for name, work in works.items():
            started = await world.executions.start(name, {"raise": name == "probe"})
            await work.begun.wait()
            if name == "backup":
                await world.executions.cancel(started.execution_id)
            work.go.set()
            updates = await follower.until(wanted.get(name, "succeeded"), started.id)
            assert {u["data"]["execution_type"] for u in updates} == {name}
            assert [u["data"]["status"] for u in updates][:2] == ["pending", "running"]
            if name == "probe":
                assert updates[-1]["data"]["error"].startswith("ValueError: xxx")


async def test_s2_33_an_exception_without_text_gives_its_class_name(world: World) -> None:
    async def run(_params: Any, _control: Control) -> Ending:
        raise KeyError

    work = add_work(world)
    world.executions.register(type(work.kind)("odd", "Odd", "science", run))
    started = await world.executions.start("odd", {})
    assert (await world.executions.wait(started.execution_id)).error == "KeyError"


async def test_a_snapshot_holds_the_fifty_newest_first(world: World) -> None:
    add_work(world).go.set()
    started = [await world.executions.start("demo", {}) for _ in range(60)]
    await until(lambda: not world.executions.running())
    async with Follower(world) as follower:
        snapshot = await follower.next()
    assert [row["id"] for row in snapshot["data"]] == [one.id for one in started[:9:-1]]
    assert snapshot["seq"] == await world.executions.newest_seq()


async def test_ping_is_answered_and_the_server_pings_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_socket, "PING_S", 0.3)
    async with Follower(world) as follower:
        await follower.next()
        await follower.socket.send("ping")
        assert await follower.socket.recv() == "pong"
        await follower.socket.send('{"type": "ping"}')
        assert json.loads(await follower.socket.recv()) == {"type": "pong"}
        assert json.loads(await asyncio.wait_for(follower.socket.recv(), 2)) == {"type": "ping"}
        await follower.socket.send("anything else")
        await follower.socket.send(b"\x00")
        await follower.socket.send("ping")
        await until_recv(follower, "pong")


async def until_recv(follower: Follower, text: str) -> None:
    async with asyncio.timeout(3):
        while await follower.socket.recv() != text:
            pass


# -- coming back


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


# -- nobody waits for anybody


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


def an_update(number: int, seq: int) -> Execution:
    return Execution(
        number, f"exe_{number}", "demo", "Demo", ExecutionState.RUNNING, Trigger.MANUAL, seq=seq
    )


async def test_a_long_line_keeps_the_newest_of_each_execution_in_order() -> None:
    feed, outbox = Feed(), Outbox()
    feed.join(outbox)
    for seq in range(1, 1_001):
        feed.add(an_update(seq % 3, seq))
    assert len(outbox) < 2 * execution_feed.COALESCE_OVER
    got: list[int] = []
    while len(outbox):
        text = await outbox.next()
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
    assert await outbox.next() is None
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
