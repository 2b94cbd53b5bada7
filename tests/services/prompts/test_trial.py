"""Trials through the real gateway: a version is tried before it is live, by the operator alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.engine import Database
from services.chat.client import ChatClient
from services.executions.types import ExecutionState
from services.foundation.errors import InputError, NotFoundError
from services.prompts.trial import PromptTrialParts, PromptTrials
from services.prompts.types import (
    ActivePrompts,
    PromptEdit,
    PromptTrial,
    PromptType,
    TrialRequest,
    TrialState,
)
from services.secrets.service import Secrets
from services.settings.types import Env, OutputProtocol
from services.suppliers.types import Delta, SupplierCall
from tests.support.gateway import World, limits, serving, until
from tests.support.scripted import fails, says

GOOD = (
    '<thinking><phase id="1"><title>Look</title>I look at it.</phase></thinking>\n'
    "<final>\nHello there, this is the answer.\n<!-- <serp_queries>\n[\"a\"]\n</serp_queries> -->\n</final>"
)  # fmt: skip


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as world:
        yield world


@pytest.fixture
async def trials(world: World) -> AsyncIterator[PromptTrials]:
    chat = ChatClient(world.clock)
    yield PromptTrials(
        PromptTrialParts(
            world.prompts,
            world.settings,
            world.executions,
            chat,
            lambda: [model.name for model in world.mapping.mapped()],
            lambda: f"{world.base}/api/v1",
            lambda: "operator",
        )
    )
    chat.close()


def system_of(call: SupplierCall) -> str:
    assert call.conversation is not None
    return str(call.conversation.messages[0]["content"])


async def run(world: World, trials: PromptTrials, request: TrialRequest) -> Any:
    view = await trials.start(request, started_by="ann")
    await asyncio.wait_for(world.executions.wait(view.execution_id), 20)
    return trials.view(view.execution_id)


async def test_the_gateway_says_the_new_version_on_its_next_call(world: World) -> None:
    await world.add("m", says("hi"))
    await world.prompts.save(PromptEdit(id=1, content="The second text."))
    await world.talk(model="m", text="x")
    assert system_of(world.suppliers.calls[-1]) != "The second text."
    await world.prompts.activate(1)
    events = await world.talk(model="m", text="x")
    assert system_of(world.suppliers.calls[-1]) == "The second text."
    block = next(data["prompt"] for _, data in events if data.get("state") == "routed")
    assert (block["system_prompt_id"], block["system_version_no"]) == (1, 2)
    await world.prompts.roll_back(1, 1)
    events = await world.talk(model="m", text="x")
    block = next(data["prompt"] for _, data in events if data.get("state") == "routed")
    assert block["system_version_no"] == 3
    assert system_of(world.suppliers.calls[-1]) == (await world.prompts.version(1, 1)).content
    served = world.prompts.served(1, 3)
    assert served is not None
    assert served.count == 1


async def test_a_version_is_tried_on_models_side_by_side_and_nothing_goes_live(
    world: World, trials: PromptTrials
) -> None:
    await world.add("good", says(GOOD[:40], GOOD[40:]))
    await world.add("bad", says("no structure at all"))
    await world.add("down", fails("upstream_http_503", 503))
    await world.prompts.save(PromptEdit(id=1, content="Try me."))
    heard: list[str] = []
    trials.changed.subscribe(
        lambda view: heard.append(view.answers[0].text if view.answers else "")
    )
    request = TrialRequest(1, 2, ("good", "bad", "down"), text="go", with_live=True)
    assert trials.forecast(request) == 6
    view = await run(world, trials, request)
    assert [(a.model, a.version_no, a.is_live) for a in view.answers] == [
        ("good", 2, False), ("good", 1, True), ("bad", 2, False), ("bad", 1, True),
        ("down", 2, False), ("down", 1, True),
    ]  # fmt: skip
    verdicts = [a.verdict for a in view.tried]
    assert verdicts == ["ok", "bad_structure", "failed"]
    assert (view.passed, view.is_over, view.error) == (1, True, "")
    assert all(a.state is TrialState.DONE and a.latency_ms is not None for a in view.answers)
    assert view.answers[0].text == GOOD
    assert view.answers[0].ttft_ms is not None
    assert view.answers[4].reason
    assert GOOD[:40] in heard  # told while it grows
    systems = [system_of(call) for call in world.suppliers.calls]
    assert systems.count("Try me.") == 3
    assert world.prompts.get(1).version_no == 1  # type: ignore[union-attr]
    assert world.prompts.served(1, 2) is None  # a trial is no use of it
    assert trials.newest(1, 2) == view
    assert trials.newest(1, 1) is None
    execution = await world.executions.get(view.execution_id)
    assert execution.status is ExecutionState.SUCCEEDED
    assert (execution.meta["passed"], execution.meta["total"]) == (1, 3)


async def test_tools_are_sent_when_a_tools_prompt_is_tried(
    world: World, trials: PromptTrials
) -> None:
    await world.add("m", says(GOOD, tools=("search",)))
    tool = {"type": "function", "function": {"name": "search"}}
    await world.prompts.save(PromptEdit(id=2, content="Use it.", tools_json=[tool]))
    view = await run(world, trials, TrialRequest(2, 2, ("m",)))
    conversation = world.suppliers.calls[-1].conversation
    assert conversation is not None
    assert list(conversation.tools) == [tool]
    assert system_of(world.suppliers.calls[-1]).endswith("\n\nUse it.")
    assert view.answers[0].tool_names == ("search",)


async def test_a_prompt_of_the_other_protocol_is_judged_by_its_own(
    world: World, trials: PromptTrials
) -> None:
    events = (
        {"event": "thinking_start"},
        {"event": "phase_start", "id": 1, "title": "Look"},
        {"event": "phase_delta", "id": 1, "text": "I look at it."},
        {"event": "thinking_end"},
        {"event": "final_delta", "text": "Hello."},
        {"event": "final_end"},
    )
    lines = "".join(json.dumps(event) + "\n" for event in events)
    await world.add("m", says(lines))
    await world.prompts.save(PromptEdit(id=3, content="Speak in lines."))
    assert world.settings.app.app_output_protocol is OutputProtocol.THINKINGML
    view = await run(world, trials, TrialRequest(3, 2, ("m",)))
    assert system_of(world.suppliers.calls[-1]) == "Speak in lines."
    assert "Hello." in view.answers[0].text
    assert view.answers[0].verdict == "ok"


async def test_nobody_but_the_operator_can_name_a_trial(world: World) -> None:
    await world.add("m", says("hi"))
    world.prompts.begin_trial(
        "t1", PromptTrial(ActivePrompts(1, 99, "Trial text."), OutputProtocol.THINKINGML)
    )
    for token in ("user:u1", "anon:a1", "admin:boss", "test:t"):
        await world.talk(token, model="m", text="x", metadata={"prompt_trial": "t1"})
        assert system_of(world.suppliers.calls[-1]) != "Trial text."
    await world.talk("operator", model="m", text="x", metadata={"prompt_trial": "t1"})
    assert system_of(world.suppliers.calls[-1]) == "Trial text."


@pytest.mark.parametrize("trial_id", ["gone", 7, [], {}, True])
async def test_an_unknown_trial_is_refused_not_answered_under_the_live_prompt(
    world: World, trial_id: Any
) -> None:
    await world.add("m", says("hi"))
    answer = await world.post("operator", model="m", text="x", metadata={"prompt_trial": trial_id})
    assert (answer.status_code, answer.json()["code"]) == (422, "prompt_trial_unknown")
    assert world.suppliers.calls == []


async def test_a_trial_that_cannot_be_made_says_why(world: World, trials: PromptTrials) -> None:
    await world.add("m", says("hi"))
    for models in ((), ("unknown",), tuple(f"m{n}" for n in range(13))):
        with pytest.raises(InputError) as error:
            await trials.start(TrialRequest(1, 1, models))
        assert error.value.field == "models"
    with pytest.raises(InputError):
        await trials.start(TrialRequest(1, 1, ("m",), text="x" * 501))
    with pytest.raises(NotFoundError):
        await trials.start(TrialRequest(1, 9, ("m",)))
    with pytest.raises(NotFoundError):
        await trials.start(TrialRequest(99, 1, ("m",)))


async def test_a_cancelled_trial_ends_and_its_override_is_gone(
    world: World, trials: PromptTrials
) -> None:
    async def hangs(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(text="begun")
        await asyncio.sleep(60)

    await world.add("m", hangs)
    made = await world.prompts.save(
        PromptEdit(name="n", prompt_type=PromptType.AGENT_SYSTEM, content="agent")
    )
    view = await trials.start(TrialRequest(made.id, 1, ("m",)))
    await until(lambda: any(a.text for a in trials.view(view.execution_id).answers))  # type: ignore[union-attr]
    await trials.cancel(view.execution_id)
    await asyncio.wait_for(world.executions.wait(view.execution_id), 10)
    ended = trials.view(view.execution_id)
    assert ended is not None
    assert ended.is_over
    assert ended.error
    assert world.prompts._trials == {}
