"""The demo supplier: deterministic, valid, paced, and misbehaving exactly as its names say."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.types import Outcome, Reply
from services.checks.jsonseq import judge
from services.checks.thinkingml import CHECK as THINKINGML
from services.checks.types import Limits
from services.suppliers.demo import DEMO_MODELS, asked_text, reply_text
from services.suppliers.demo_text import demo_parts, is_chinese, thinkingml
from services.suppliers.service import Suppliers
from services.suppliers.types import Conversation, Delta, ProbeState, SupplierCall, SupplierError
from tests.support.clock import FakeClock, settle

STRICT = Limits(strict=True)
TEXTS = st.text(max_size=200) | st.sampled_from(
    ["<final>", "<b>x</b> 你好", "{quote}", "<<ParsingError>>", "a@b.cc 13800000000", "\ud800", ""]
)


def call(model: str, text: str = "hello there", **values) -> SupplierCall:
    conversation = Conversation(
        [{"role": "system", "content": "s"}, {"role": "user", "content": text}], **values
    )
    return SupplierCall("", "demo", model, conversation)


def unpaced() -> Suppliers:
    suppliers = Suppliers(FakeClock())
    suppliers.demo_pacing_s = 0
    return suppliers


async def ask(suppliers: Suppliers, wanted: SupplierCall) -> list[Delta]:
    return [delta async for delta in suppliers.stream(wanted)]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def judged(text: str):
    return THINKINGML.look(Reply(Outcome.COMPLETED, "r", text=text), STRICT)


@given(st.sampled_from(["demo-thinkingml", "demo-fast", "demo-slow", "demo-tools", "other"]), TEXTS)
def test_good_models_pass_every_rule_and_every_strict_reason_for_any_text(model, text) -> None:
    finding = judged(reply_text(model, text))
    assert finding.ok is True, finding
    assert finding.notes == ()


@given(TEXTS)
def test_the_broken_model_is_refuted_for_any_text(text) -> None:
    assert judged(reply_text("demo-bad-structure", text)).ok is False


@given(TEXTS)
def test_the_jsonseq_model_passes_its_own_check(text) -> None:
    rows = [json.loads(line) for line in reply_text("demo-jsonseq", text).splitlines()]
    events = [(row.pop("event"), row) for row in rows]
    assert judge(events, strict=True).ok is True


@given(st.sampled_from(DEMO_MODELS), TEXTS)
def test_the_same_model_and_text_give_the_same_reply(model, text) -> None:
    assert reply_text(model, text) == reply_text(model, text)


def test_another_text_or_model_gives_another_reply() -> None:
    replies = {reply_text(model, text) for model in ("a", "b", "c") for text in ("x", "y", "z")}
    assert len(replies) == 9


def test_the_language_of_the_question_is_the_language_of_the_reply() -> None:
    assert is_chinese(thinkingml(demo_parts("m", "每日测试")))
    assert not is_chinese(thinkingml(demo_parts("m", "daily test")))
    assert "每日测试" in reply_text("m", "每日测试")


async def test_a_reply_comes_in_pieces_with_usage_and_an_id() -> None:
    deltas = await ask(unpaced(), call("demo-thinkingml"))
    assert text_of(deltas) == reply_text("demo-thinkingml", "hello there")
    assert len(deltas) > 10
    assert deltas[0].upstream_request_id.startswith("demo-")
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].usage is not None
    again = await ask(unpaced(), call("demo-thinkingml"))
    assert again == deltas


async def test_a_cut_model_breaks_in_the_middle() -> None:
    got: list[Delta] = []

    async def read() -> None:
        async for delta in unpaced().stream(call("demo-cut")):
            got.append(delta)  # noqa: PERF401  # what came before the failure counts

    with pytest.raises(SupplierError, match="upstream_error"):
        await read()
    whole = reply_text("demo-cut", "hello there")
    assert 0 < len(text_of(got)) < len(whole)
    assert whole.startswith(text_of(got))


@pytest.mark.parametrize(
    ("model", "word", "status", "wait"),
    [
        ("demo-429", "upstream_http_429", 429, 2),
        ("demo-500", "upstream_http_500", 500, 0),
        ("demo-silent", "upstream_timeout", None, 0),
    ],
)
async def test_a_failing_model_fails_as_its_name_says(model, word, status, wait) -> None:
    with pytest.raises(SupplierError) as caught:
        await ask(unpaced(), call(model))
    error = caught.value
    assert (error.word, error.status, error.retry_after_s) == (word, status, wait)


async def test_an_empty_model_completes_without_text() -> None:
    deltas = await ask(unpaced(), call("demo-empty"))
    assert text_of(deltas) == ""
    assert deltas[-1].finish_reason == "stop"


async def test_the_tools_model_calls_the_first_tool_it_is_offered() -> None:
    tools = [{"type": "function", "function": {"name": "gymbro.exercise.search"}}]
    deltas = await ask(unpaced(), call("demo-tools", tools=tools))
    assert [name for delta in deltas for name in delta.tool_names] == ["gymbro.exercise.search"]
    assert text_of(deltas)
    assert not any(delta.tool_names for delta in await ask(unpaced(), call("demo-tools")))


async def test_pacing_waits_between_the_pieces_and_the_fast_model_does_not_wait() -> None:
    clock = FakeClock()
    suppliers = Suppliers(clock)
    suppliers.demo_pacing_s = 0.5
    task = asyncio.create_task(ask(suppliers, call("demo-thinkingml")))
    await settle()
    assert not task.done()
    await clock.advance(0.5 * 200)
    assert task.done()
    assert len(await ask(suppliers, call("demo-fast"))) > 5


async def test_the_slow_model_keeps_its_first_word_back_over_the_slow_threshold() -> None:
    clock = FakeClock()
    suppliers = Suppliers(clock)
    task = asyncio.create_task(ask(suppliers, call("demo-slow")))
    await clock.advance(Limits().slow_ttft_ms / 1000)
    assert not task.done()
    await clock.advance(30)
    assert judged(text_of(await task)).ok is True


@pytest.mark.parametrize(
    "payload",
    [
        {
            "messages": [
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": "no"},
                {"role": "user", "content": [{"type": "text", "text": "asked"}]},
            ]
        },
        {"input": "asked"},
        {"contents": [{"parts": [{"text": "asked"}]}]},
    ],
)
def test_the_question_is_found_in_every_payload(payload) -> None:
    assert asked_text(SupplierCall("", "demo", "m", payload=payload)) == "asked"


@pytest.mark.parametrize("payload", [{}, {"messages": 3}, {"messages": [3, None]}, {"input": None}])
def test_an_odd_payload_is_an_empty_question(payload) -> None:
    assert asked_text(SupplierCall("", "demo", "m", payload=payload)) == ""


async def test_the_demo_endpoint_is_always_online_with_its_models() -> None:
    result = await Suppliers(FakeClock()).probe(
        base_url="", protocol="demo", api_key="", timeout_s=1
    )
    assert (result.state, result.models) == (ProbeState.ONLINE, DEMO_MODELS)
