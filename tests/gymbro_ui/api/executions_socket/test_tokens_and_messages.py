"""WS /api/v1/ws/executions: who may, what is sent in which order, nobody waits for anybody."""

import asyncio
import json
import logging
from typing import Any

import pytest

from gymbro_ui.api import execution_socket, socket_access
from services.accounts.types import Caller
from services.executions.types import Control, Ending, Execution, ExecutionState, Trigger
from tests.gymbro_ui.api.test_executions_routes import NAMES
from tests.support.execution_api import Follower, add_work
from tests.support.execution_sockets import until_recv
from tests.support.gateway import World, until
from tests.support.scripted import NamedTokens


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
