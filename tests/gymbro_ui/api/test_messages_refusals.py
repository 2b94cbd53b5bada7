"""Every refusal of contract 2.2 and 13 with its exact status, code and shape, in order."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import World, frames, is_e1, is_e3, limits, serving
from tests.support.scripted import says


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        await served.add("k", says("x"))
        yield served


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "unauthorized"),
        ("", "unauthorized"),
        ("Basic abc", "unauthorized"),
        ("Bearer", "unauthorized"),
        ("Bearer expired", "token_expired"),
        ("Bearer nonsense", "invalid_token"),
    ],
)
async def test_a_bad_token_is_refused_before_the_fields(
    world: World, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with httpx.AsyncClient(base_url=world.base, trust_env=False) as client:
        answer = await client.post("/api/v1/messages", json={"surprise": 1}, headers=headers)
    is_e1(answer, 401, code)


@pytest.mark.parametrize(
    "body", [b"{", b"nope", b'{"a":NaN}', b"\xff\xfe", b'"\\ud800"', b"[" * 2000]
)
async def test_malformed_json_is_refused_before_the_token(world: World, body: bytes) -> None:
    async with world.client() as client:
        answer = await client.post("/api/v1/messages", content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"
    assert answer.json()["detail"][0]["loc"][0] == "body"


@pytest.mark.parametrize(
    ("body", "kind", "loc"),
    [
        ({"text": "x", "surprise": 1}, "extra_forbidden", ["body", "surprise"]),
        ({"text": ""}, "string_too_short", ["body", "text"]),
        ({"text": 7}, "string_type", ["body", "text"]),
        ({"text": "x", "result_mode": "odd"}, "literal_error", ["body", "result_mode"]),
        ({"text": "x", "max_tokens": 1.5}, "int_from_float", ["body", "max_tokens"]),
        ({"text": "x", "messages": [1]}, "dict_type", ["body", "messages", 0]),
        ({"text": "x", "dialect": "odd", "payload": {}}, "literal_error", ["body", "dialect"]),
        ({"text": "x", "metadata": None}, "dict_type", ["body", "metadata"]),
        ([], "model_type", ["body"]),
        ("x", "model_type", ["body"]),
        (None, "missing", ["body"]),
    ],
)
async def test_wrong_types_and_unknown_keys_are_e3(
    world: World, body: Any, kind: str, loc: list[Any]
) -> None:
    async with world.client("user:u1") as client:
        answer = await client.post("/api/v1/messages", json=body)
    is_e3(answer, kind, loc)


async def test_an_empty_body_is_a_missing_one_but_only_after_the_token(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/api/v1/messages")).status_code == 401
    async with world.client("user:u1") as client:
        is_e3(await client.post("/api/v1/messages"), "missing", ["body"])


@pytest.mark.parametrize(
    "body",
    [{}, {"text": "  \n"}, {"messages": []}, {"metadata": {"chat_request": {"messages": []}}}],
)
async def test_nothing_to_say_is_text_or_messages_required(
    world: World, body: dict[str, Any]
) -> None:
    found = is_e3(await world.post(model="k", **body), "value_error", ["body"])
    assert found["msg"] == "Value error, text_or_messages_required"


async def test_two_system_messages_conflict_when_the_prompt_is_skipped(world: World) -> None:
    answer = await world.post(
        model="k",
        skip_prompt=True,
        system_prompt="a",
        messages=[{"role": "system", "content": "b"}],
    )
    found = is_e3(answer, "value_error", ["body"])
    assert found["msg"] == "Value error, system_prompt_conflict_with_messages_system"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": "x"}, "model_required"),
        ({"text": "x", "model": " "}, "model_required"),
        ({"text": "x", "model": "k", "metadata": {"model": "other"}}, "model_conflict"),
        (
            {"text": "x", "model": "k", "metadata": {"chat_request": {"model": "other"}}},
            "model_conflict",
        ),
        ({"text": "x", "model": "unknown"}, "model_not_allowed"),
        ({"text": "x", "model": "user:u1"}, "model_not_allowed"),
        ({"payload": {}, "model": "k"}, "dialect_required"),
        (
            {"payload": {"odd": 1}, "dialect": "openai.chat_completions", "model": "k"},
            "payload_fields_not_allowed",
        ),
        (
            {
                "payload": {"messages": []},
                "dialect": "openai.chat_completions",
                "model": "k",
                "text": "x",
            },
            "payload_mode_conflict",
        ),
        (
            {"payload": {}, "dialect": "anthropic.messages", "model": "k", "max_tokens": 3},
            "payload_mode_conflict",
        ),
        ({"text": "x", "dialect": "anthropic.messages", "model": "k"}, "payload_required"),
    ],
)
async def test_refusals_of_steps_4_5_and_7(world: World, body: dict[str, Any], code: str) -> None:
    is_e1(await world.post(**body), 422, code)


async def test_a_model_may_be_named_in_the_metadata_alone(world: World) -> None:
    assert (await world.post(text="x", metadata={"model": "k"})).status_code == 202
    answer = await world.post(
        metadata={"chat_request": {"model": "k", "messages": [{"role": "user", "content": "q"}]}}
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("0F8FAD5BD9CB469FA16570867728950E", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("{0f8fad5b-d9cb-469f-a165-70867728950e}", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("no uuid", None),
        (None, None),
    ],
)
async def test_conversation_ids_are_normalised_or_new(
    world: World, given: str | None, wanted: str | None
) -> None:
    answer = await world.post(text="x", model="k", conversation_id=given)
    found = answer.json()["conversation_id"]
    assert len(found) == 36
    assert wanted in (None, found)


async def test_both_slashes_are_served_without_a_redirect(world: World) -> None:
    async with world.client("user:u1") as client:
        answer = await client.post("/api/v1/messages/", json={"text": "x", "model": "k"})
        assert answer.status_code == 202
        mid = answer.json()["message_id"]
        stream = await client.get(f"/api/v1/messages/{mid}/events/")
        assert frames(stream.content)[-1][0] == "completed"
        assert (await client.get("/api/v1/messages")).status_code == 405
        assert (await client.get("/api/v1/messages")).json() == {"detail": "Method Not Allowed"}


async def test_payload_mode_adds_no_prompt_and_takes_the_resolved_model(world: World) -> None:
    payload = {"model": "mine", "stream": False, "messages": [{"role": "user", "content": "q"}]}
    events = await world.talk(
        payload=payload, dialect="openai.chat_completions", model="k", result_mode="auto"
    )
    call = world.suppliers.calls[0]
    assert call.payload == {**payload, "model": "model-of-k", "stream": True}
    assert call.conversation is None
    assert events[2][1]["prompt"]["system_sha256"] is None


async def test_events_of_others_and_of_nobody(world: World) -> None:
    answer = (await world.post(text="x", model="k")).json()
    mid, conversation = answer["message_id"], answer["conversation_id"]
    assert await world.events(mid, "user:other") == (404, b"")
    other = "?conversation_id=0f8fad5b-d9cb-469f-a165-70867728950e"
    assert await world.events(mid, query=other) == (404, b"")
    assert await world.events(mid, query="?conversation_id=junk") == (404, b"")
    status, content = await world.events("0" * 32)
    assert (status, json.loads(content)["code"]) == (404, "http_error")
    assert json.loads(content)["message"] == "message not found"
    assert (await world.events(mid, "nonsense"))[0] == 401
    spelled = f"?conversation_id={conversation.upper()}"
    assert (await world.events(mid, query=spelled))[0] == 200


async def test_a_body_over_the_limit_is_refused(world: World) -> None:
    is_e1(await world.post(text="x" * 4_100_000, model="k"), 413, "body_too_large")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        *("text", "model", "conversation_id", "metadata", "skip_prompt", "messages", "tools"),
        *("system_prompt", "tool_choice", "temperature", "top_p", "max_tokens", "dialect"),
        *("payload", "result_mode", "other"),
    ]
)


async def test_no_rubbish_body_is_a_fault_of_ours(world: World) -> None:
    loop = asyncio.get_running_loop()
    bodies: list[bytes] = []

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(body=JSON | st.dictionaries(KEYS, JSON | st.just("k"), max_size=6))
    def collect(body: Any) -> None:
        bodies.append(json.dumps(body).encode())

    await loop.run_in_executor(None, collect)
    async with world.client("user:u1") as client:
        for body in bodies:
            answer = await client.post("/api/v1/messages", content=body)
            assert answer.status_code in (202, 422), (body, answer.text)
            if answer.status_code == 422:
                assert "请求参数错误" in answer.text or answer.json()["code"]
