"""How replies end: supplier failures, result modes, protocols, the conversation log."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from services.suppliers.types import Delta, SupplierCall, Usage
from tests.support.gateway import World, frames, limits, reply, serving
from tests.support.scripted import fails, says


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        yield served


@pytest.mark.parametrize(
    ("script", "message", "status"),
    [
        (fails("upstream_timeout"), "upstream_timeout", None),
        (fails("upstream_unreachable", detail="http://10.0.0.1/x"), "upstream_unreachable", None),
        (
            fails("upstream_http_429", 429, "slow down, see https://x.example/y sk-secret-value"),
            "upstream_http_429:slow down, see ***",
            429,
        ),
        (fails("upstream_http_500", 500, after="half"), "upstream_http_500", 500),
        (says(" \n"), "upstream_empty_content", None),
        (says(), "upstream_empty_content", None),
        (says(tools=("a", "b", "a")), "tool_calls_not_supported tools=a,b", None),
    ],
)
async def test_a_supplier_failure_ends_as_provider_error(
    world: World, script: object, message: str, status: int | None
) -> None:
    endpoint_id = await world.add("k", script, model="m-1")  # type: ignore[arg-type]
    name, data = (await world.talk(model="k", text="hi", result_mode="raw_passthrough"))[-1]
    assert name == "error"
    assert data["code"] == "provider_error"
    assert data["message"] == data["error"] == message
    assert data["upstream_status"] == status
    assert (data["provider"], data["resolved_model"]) == ("openai", "m-1")
    assert data["endpoint_id"] == endpoint_id
    assert set(data) == {
        *("message_id", "request_id", "code", "message", "error", "result_mode"),
        *("result_mode_effective", "provider", "resolved_model", "endpoint_id", "upstream_status"),
    }


async def test_our_own_fault_is_an_internal_error_without_its_text(world: World) -> None:
    async def broken(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        raise RuntimeError("secret detail")

    await world.add("k", broken)
    name, data = (await world.talk(model="k", text="hi"))[-1]
    assert (name, data["code"]) == ("error", "internal_error")
    assert "secret" not in json.dumps(data)


async def test_text_with_tool_calls_completes_and_names_them(world: World) -> None:
    usage = Usage(1, 2, 3)
    await world.add("k", says("x", tools=("web_search.exa",), usage=usage))
    name, data = (await world.talk(model="k", text="hi"))[-1]
    assert name == "completed"
    assert data["metadata"] == {"tool_calls": {"names": ["web_search.exa"]}}
    assert data["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert world.usage.requests[0]["usage"] == usage
    assert world.usage.requests[0]["model"] == "k"


async def test_xml_mode_repairs_and_says_so(world: World) -> None:
    await world.add(
        "k", says("```xml\n<thinking>", '<phase id="1">x</thinking>\n<final>f</final> bye')
    )
    events = await world.talk(model="k", text="hi", result_mode="xml_plaintext")
    fixed = '<thinking><phase id="1">x<title>阶段1</title></phase></thinking>\n<final>f</final>'
    assert reply(events) == fixed
    data = events[-1][1]
    assert data["repaired"] is True
    assert data["repairs"] == ["code_fence", "added_title", "closed_phase", "cut_after_final"]
    assert data["reply_len"] == len(fixed)


async def test_auto_becomes_raw_when_nothing_but_raw_came(world: World) -> None:
    async def raw(_call: SupplierCall) -> AsyncIterator[Delta]:
        for number in range(30):
            yield Delta(event="odd", raw=f'{{"n":{number}}}' + "x" * 400)

    await world.add("k", raw)
    events = await world.talk(model="k", text="hi", result_mode="auto")
    frames_raw = [data for name, data in events if name == "upstream_raw"]
    assert 1 <= len(frames_raw) <= 20
    assert sum(len(data["raw"]) for data in frames_raw) <= 8000
    assert frames_raw[-1]["raw_truncated"] is True
    assert frames_raw[0]["dialect"] == "openai.chat_completions"
    name, data = events[-1]
    assert (name, data["result_mode_effective"], data["reply_len"]) == (
        "completed",
        "raw_passthrough",
        0,
    )


async def test_auto_with_text_is_repaired_text(world: World) -> None:
    async def mixed(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(event="start", raw="{}")
        yield Delta(text="a<em>b", raw="{}")

    await world.add("k", mixed)
    events = await world.talk(model="k", text="hi", result_mode="auto")
    assert "upstream_raw" not in [name for name, _ in events]
    assert reply(events) == "a&lt;em&gt;b"
    assert events[-1][1]["result_mode_effective"] == "xml_plaintext"


async def test_jsonseq_sends_structured_events_and_no_deltas(world: World) -> None:
    await world.settings.change_app({"app_output_protocol": "jsonseq_v1"})
    await world.add(
        "k",
        says('<thinking><phase id="1"><title>T</title>x</phase></thin', "king><final>f</final>"),
    )
    events = await world.talk(model="k", text="hi")
    assert [name for name, _ in events][3:] == [
        *("thinking_start", "phase_start", "phase_delta", "thinking_end"),
        *("final_delta", "final_end", "completed"),
    ]
    assert all({"message_id", "request_id"} <= set(data) for _, data in events)
    assert events[2][1]["prompt"]["system_prompt_id"] == 3


async def test_the_conversation_log_leads_from_the_message_to_its_text(world: World) -> None:
    await world.add("k", says("the reply\x00"))
    mid = (await world.post(model="k", text="what was asked")).json()["message_id"]
    await world.events(mid)
    await world.gateway.stop()
    told = await world.gateway.read_log(mid)
    assert told is not None
    assert (told.asked, told.status) == ("what was asked", "completed")
    assert told.prompt["mode"]
    row = await world.gateway.find_log(mid)
    assert row is not None
    assert row.kind == "summary"
    assert row.request_payload == "what was asked"
    assert row.response_payload == "the reply\ufffd"
    assert (row.status, row.model_used, row.user_id) == ("completed", "model-of-k", "u1")


async def test_save_history_false_keeps_no_log(world: World) -> None:
    await world.add("k", says("x"))
    mid = (await world.post(model="k", text="t", metadata={"save_history": False})).json()[
        "message_id"
    ]
    await world.events(mid)
    await world.gateway.stop()
    assert await world.gateway.find_log(mid) is None


async def test_a_reply_over_eight_million_characters_is_cut_with_an_error(world: World) -> None:
    async def huge(_call: SupplierCall) -> AsyncIterator[Delta]:
        for _ in range(100):
            yield Delta(text="y" * 100_000)
            await asyncio.sleep(0)

    await world.add("k", huge)
    mid = (await world.post(model="k", text="hi")).json()["message_id"]
    events = frames((await world.events(mid))[1])
    assert events[-1][1]["message"] == "upstream_invalid_response"
