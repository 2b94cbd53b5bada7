"""Frames of a message over a real server: bytes, order, keys, late and repeated subscription."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from db.engine import Database
from db.queries import messages as queries
from services.foundation.clock import SystemClock
from services.secrets.service import Secrets
from services.settings.types import Env
from services.suppliers.types import Delta, SupplierCall
from tests.support.gateway import PADDING, World, frames, limits, reply, serving, until
from tests.support.scripted import says


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        yield served


async def test_the_stream_is_byte_for_byte_the_contracts(world: World) -> None:
    endpoint_id = await world.add("k", says("<thinking>", "你好\n"), model="m-1")
    async with world.client("user:u1") as client:
        answer = await client.post(
            "/api/v1/messages",
            json={"text": "hi", "model": "k", "result_mode": "raw_passthrough"},
            headers={"X-Request-Id": "rid-9"},
        )
        assert answer.status_code == 202
        assert answer.headers["x-request-id"] == "rid-9"
        assert set(answer.json()) == {"message_id", "conversation_id"}
        mid = answer.json()["message_id"]
        stream = await client.get(f"/api/v1/messages/{mid}/events")
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.headers
    ids = f'"message_id":"{mid}","request_id":"rid-9"'
    prompt = json.dumps(frames(stream.content)[2][1]["prompt"], separators=(",", ":"))
    where = f'"provider":"openai","resolved_model":"m-1","endpoint_id":{endpoint_id}'
    expected = (
        PADDING.decode()
        + f'event: status\ndata: {{"state":"queued",{ids}}}\n\n'
        + f'event: status\ndata: {{"state":"working",{ids}}}\n\n'
        + f'event: status\ndata: {{"state":"routed",{ids},{where},"upstream_request_id":null,"prompt":{prompt}}}\n\n'
        + f'event: content_delta\ndata: {{"delta":"<thinking>",{ids},"seq":1}}\n\n'
        + f'event: content_delta\ndata: {{"delta":"你好\\n",{ids},"seq":2}}\n\n'
        + f'event: completed\ndata: {{{ids},"result_mode":"raw_passthrough",'
        + f'"result_mode_effective":"raw_passthrough",{where},"upstream_request_id":"up-1",'
        + '"reply_len":13,"reply_snapshot_included":false,"metadata":null,"repaired":false,'
        + '"repairs":[],"usage":null}\n\n'
    )
    assert stream.content.decode() == expected


async def test_the_prompt_block_names_the_assembled_system_message(world: World) -> None:
    await world.add("k", says("x"))
    events = await world.talk(model="k", text="hi", tool_choice="auto")
    block = events[2][1]["prompt"]
    call = world.suppliers.calls[0]
    assert call.conversation is not None
    system = str(call.conversation.messages[0]["content"])
    assert block["system_sha256"] == hashlib.sha256(system.encode()).hexdigest()
    assert block["mode"] == "server"
    assert (block["system_version_no"], block["tools_version_no"]) == (1, 1)
    assert block["tools_count"] == len(call.conversation.tools) == 11
    assert [m["role"] for m in call.conversation.messages] == ["system", "user"]
    assert call.conversation.max_tokens == 1024


async def test_tools_are_left_out_unless_the_request_chooses(world: World) -> None:
    await world.add("k", says("x"))
    events = await world.talk(model="k", text="hi", system_prompt="mine", tools=[{"a": 1}])
    assert events[2][1]["prompt"]["tools_count"] == 0
    assert events[2][1]["prompt"]["tools_prompt_id"] is None
    conversation = world.suppliers.calls[0].conversation
    assert conversation is not None
    assert conversation.tools == ()
    assert "mine" not in str(conversation.messages)


async def test_a_long_piece_is_cut_and_joins_to_the_same(world: World) -> None:
    text = "A sentence of some words. " * 30
    await world.add("k", says(text))
    events = await world.talk(model="k", text="hi")
    deltas = [data for name, data in events if name == "content_delta"]
    assert reply(events) == text
    assert max(len(d["delta"]) for d in deltas) <= 128
    assert [d["seq"] for d in deltas] == list(range(1, len(deltas) + 1))


async def test_a_silent_supplier_gets_heartbeats(
    database: Database, env: Env, secrets: Secrets
) -> None:
    release = asyncio.Event()

    async def slow(_call: SupplierCall) -> AsyncIterator[Delta]:
        await release.wait()
        yield Delta(text="x")

    fast = replace(limits(env), heartbeat_s=0.05)
    async with serving(World(database, fast, secrets)) as world:
        await world.add("k", slow)
        mid = (await world.post(model="k", text="hi")).json()["message_id"]
        task = asyncio.ensure_future(world.events(mid))
        await asyncio.sleep(0.4)
        release.set()
        events = frames((await task)[1])
    beats = [data for name, data in events if name == "heartbeat"]
    assert len(beats) >= 3
    assert set(beats[0]) == {"ts", "message_id", "request_id"}
    assert isinstance(beats[0]["ts"], int)
    assert events[-1][0] == "completed"


async def test_after_the_end_only_the_terminal_event_is_told_every_time(world: World) -> None:
    await world.add("k", says("x"))
    mid = (await world.post(model="k", text="hi")).json()["message_id"]
    first = await world.events(mid)
    assert [name for name, _ in frames(first[1])][-1] == "completed"
    for _ in range(3):
        status, content = await world.events(mid)
        assert status == 200
        assert content.startswith(PADDING)
        assert frames(content) == [frames(first[1])[-1]]


async def test_a_late_first_subscription_gets_everything_in_order(world: World) -> None:
    await world.add("k", says("a", "b"))
    mid = (await world.post(model="k", text="hi")).json()["message_id"]
    await until(lambda: world.gateway.running == 0)
    names = [name for name, _ in frames((await world.events(mid))[1])]
    assert names == ["status"] * 3 + ["content_delta"] * 2 + ["completed"]


async def test_a_vanished_client_frees_its_place_and_the_rest_waits(
    database: Database, env: Env, secrets: Secrets
) -> None:
    release = asyncio.Event()

    async def script(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="first")
        await release.wait()
        yield Delta(text="second")

    guarded = limits(env, streams_per_user=1)
    async with serving(World(database, guarded, secrets)) as world:
        await world.add("k", script)
        mid = (await world.post(model="k", text="hi")).json()["message_id"]
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(
            f"GET /api/v1/messages/{mid}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Authorization: Bearer user:u1\r\n\r\n".encode()
        )
        received = b""
        while b'"delta":"first"' not in received:
            received += await reader.read(65536)
        assert (await world.events(mid))[0] == 429
        writer.close()
        await until(lambda: world.gateway.guards.open_streams == 0)
        release.set()
        events = frames((await world.events(mid))[1])
    assert reply(events) == "second"
    assert events[-1][0] == "completed"


async def test_a_restart_tells_the_stored_end_and_closes_what_was_cut(
    database: Database, env: Env, secrets: Secrets
) -> None:
    async def endless(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        await asyncio.sleep(60)

    async with serving(World(database, limits(env), secrets)) as world:
        await world.add("good", says("x"))
        await world.add("cut", endless)
        done = (await world.post(model="good", text="hi")).json()["message_id"]
        cut = (await world.post(model="cut", text="hi")).json()["message_id"]
        end = frames((await world.events(done))[1])[-1]
    async with serving(World(database, limits(env), secrets)) as world:
        status, content = await world.events(done)
        assert status == 200
        assert frames(content) == [end]
        [(name, data)] = frames((await world.events(cut))[1])
        assert name == "error"
        assert data["code"] == "internal_error"
        assert data["message"] == data["error"] == "server_restarted"
        assert (await world.events(done, "user:other"))[0] == 404


async def test_a_message_that_a_killed_process_left_running_ends_as_server_restarted(
    database: Database, env: Env, secrets: Secrets
) -> None:
    values = {
        "message_id": "a" * 32,
        "conversation_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "request_id": "rid-1",
        "user_id": "u1",
        "model_key": "k",
        "result_mode": "auto",
        "state": "running",
        "created_at": SystemClock().now(),
    }
    await database.write(lambda session: queries.add_message(session, values))
    async with serving(World(database, limits(env), secrets)) as world:
        for _ in range(2):
            [(name, data)] = frames((await world.events("a" * 32))[1])
            assert (name, data["code"], data["message"]) == (
                "error",
                "internal_error",
                "server_restarted",
            )
            assert data["request_id"] == "rid-1"


async def test_followers_of_a_stopping_server_get_an_end(
    database: Database, env: Env, secrets: Secrets
) -> None:
    async def endless(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        await asyncio.sleep(60)

    async with serving(World(database, limits(env), secrets)) as world:
        await world.add("k", endless)
        mid = (await world.post(model="k", text="hi")).json()["message_id"]
        task = asyncio.ensure_future(world.events(mid))
        await until(lambda: world.gateway.guards.open_streams == 1)
        await world.gateway.stop()
        events = frames((await task)[1])
    assert events[-1][1]["message"] == "server_restarted"


async def test_buffers_are_freed_after_fifteen_minutes_and_the_end_is_kept(world: World) -> None:
    await world.add("k", says("x"))
    mid = (await world.post(model="k", text="hi")).json()["message_id"]
    await until(lambda: world.gateway.running == 0)
    log = world.gateway.board.find(mid)
    assert log is not None
    assert log.closed_at is not None
    log.closed_at -= 901
    assert world.gateway.board.expire() == 1
    assert world.gateway.board.size == 0
    events = frames((await world.events(mid))[1])
    assert [name for name, _ in events] == ["completed"]


async def test_one_hundred_messages_at_once_all_end_in_order(world: World) -> None:
    async def paced(_call: SupplierCall) -> AsyncIterator[Delta]:
        for number in range(20):
            yield Delta(text=f"{number} ")
            await asyncio.sleep(0.005)

    await world.add("k", paced)

    async def one(number: int) -> str:
        return reply(await world.talk(f"user:u{number}", model="k", text="hi"))

    replies = await asyncio.gather(*(one(number) for number in range(100)))
    assert set(replies) == {"".join(f"{n} " for n in range(20))}
    assert world.gateway.running == 0
    assert world.gateway.guards.open_streams == 0
    assert world.gateway.board.size == 0
    assert len(world.usage.requests) == 100
