"""Agents over a real server on loopback: stored, tested in the background, judged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlmodel import func, select

from db.engine import Database
from db.tables.executions import ExecutionRow
from services.accounts.types import UserType
from services.agents import rules
from services.agents.types import AgentEdit
from services.executions.types import ExecutionState, OutputChunk, Trigger
from services.foundation.errors import InputError, NotFoundError
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import Env
from tests.support.agents_desk import AgentsDesk, agents_desk
from tests.support.upstream import (
    BAD_REPLY,
    GOOD_REPLY,
    FakeUpstream,
    failing,
    good,
    gotrue_error,
    refused,
    silent,
)

ANONYMOUS, PERMANENT = UserType.ANONYMOUS, UserType.PERMANENT
S = ExecutionState


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[AgentsDesk]:
    async with agents_desk(database, env, upstream) as desk:
        yield desk


def rows_of(desk: AgentsDesk) -> list[ExecutionRow]:
    return list(desk.database.read_now(lambda s: s.exec(select(ExecutionRow)).all()))


# -- stored


async def test_an_agent_is_kept_changed_copied_and_deleted(
    desk: AgentsDesk, database: Database, env: Env
) -> None:
    heard: list[None] = []
    desk.agents.changed.subscribe(heard.append)
    agent = await desk.an_agent("a", temperature=0.3, uses_tools=True, name="Coach")
    copied = await desk.agents.copy(agent.id)
    assert (copied.name, copied.temperature, copied.uses_tools) == ("Coach (2)", 0.3, True)
    await desk.agents.save(rules.as_edit(agent, name="Trainer", temperature=None))
    await desk.agents.delete(copied.id)
    assert len(heard) == 4
    again = AgentsDesk(database, env)
    (kept,) = again.agents.all()
    assert (kept.name, kept.temperature, kept.model_key) == ("Trainer", None, "a")
    new = await again.an_agent("b")
    assert new.id > copied.id  # the number of a deleted agent is never given again
    await again.stop()


async def test_bad_agents_are_refused_at_their_field(desk: AgentsDesk) -> None:
    agent = await desk.an_agent("a", name="Coach")
    for edit, field in (
        (AgentEdit(None, "coach", "a"), "name"),
        (AgentEdit(None, "Other", "a", prompt_id=999), "prompt_id"),
        (AgentEdit(None, "Other", "a", prompt_id=1, prompt_version_no=9), "prompt_version_no"),
    ):
        with pytest.raises(InputError) as problem:
            await desk.agents.save(edit)
        assert problem.value.field == field
    await desk.agents.save(rules.as_edit(agent))  # its own name is not taken
    with pytest.raises(NotFoundError):
        await desk.agents.save(replace(rules.as_edit(agent), id=77))
    with pytest.raises(NotFoundError):
        await desk.agents.delete(77)


# -- tested


async def test_a_test_returns_at_once_and_fills_its_own_row_only(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(ttft_s=0.3))
    agent = await desk.an_agent("a", temperature=0.4, max_tokens=64)
    clock = desk.clock
    begun = clock.monotonic()
    started = await desk.agents.test(agent.id, "Plan a day", ANONYMOUS, started_by="me")
    assert clock.monotonic() - begun < 0.3
    assert started.status is ExecutionState.PENDING
    ended = await desk.ended(started)
    assert ended.status is ExecutionState.SUCCEEDED
    (row,) = rows_of(desk)  # no dummy task, no dummy workflow
    assert (row.agent_id, row.task_id, row.workflow_id) == (agent.id, None, None)
    assert (row.test_input, row.test_output) == ("Plan a day", GOOD_REPLY)
    assert (row.execution_type, row.started_by) == ("agent_test", "me")
    (test,) = await desk.agents.tests(agent.id)
    assert (test.verdict, test.user_type, test.input) == ("ok", ANONYMOUS, "Plan a day")
    assert test.ttft_ms is not None
    assert test.ttft_ms >= 250
    (post,) = upstream.named("post")
    assert post.body["text"] == "Plan a day"
    assert (post.body["temperature"], post.body["max_tokens"]) == (0.4, 64)
    assert post.body["metadata"] == {"source": "agent_test", "agent_id": agent.id}
    assert "tool_choice" not in post.body
    assert not upstream.auth.users  # the user that was made is gone again


async def test_the_reply_streams_into_the_execution(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(gap_s=0.05))
    chunks: list[OutputChunk] = []
    desk.executions.output.subscribe(chunks.append)
    agent = await desk.an_agent("a")
    ended = await desk.ended(await desk.agents.test(agent.id, "Hi", ANONYMOUS))
    assert len(chunks) == 4
    assert "".join(chunk.text for chunk in chunks) == GOOD_REPLY == ended.output


async def test_a_registered_user_asks_with_tools(desk: AgentsDesk, upstream: FakeUpstream) -> None:
    agent = await desk.an_agent("a", uses_tools=True)
    ended = await desk.ended(await desk.agents.test(agent.id, "Hi", PERMANENT))
    assert ended.status is ExecutionState.SUCCEEDED
    assert upstream.named("post")[0].body["tool_choice"] == "auto"
    assert upstream.named("admin_create")
    assert (await desk.agents.tests(agent.id))[0].user_type is PERMANENT


async def test_a_chosen_prompt_version_is_what_the_model_reads(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    prompt = await desk.prompts.save(
        PromptEdit(name="Mine", prompt_type=PromptType.AGENT_SYSTEM, content="First text")
    )
    await desk.prompts.save(PromptEdit(id=prompt.id, content="Second text"))
    upstream.play("a", good("no structure at all"))
    old = await desk.an_agent("a", prompt_id=prompt.id, prompt_version_no=1)
    new = await desk.an_agent("a", name="New", prompt_id=prompt.id)
    for agent in (old, new):
        ended = await desk.ended(await desk.agents.test(agent.id, "Hi", ANONYMOUS))
        # an agent's own prompt asks for no structure: none is judged
        assert (ended.status, ended.meta["verdict"]) == (ExecutionState.SUCCEEDED, "ok")
    said = [call.body["payload"]["messages"][0]["content"] for call in upstream.named("post")]
    assert said == ["First text", "Second text"]
    assert all("text" not in call.body for call in upstream.named("post"))
    await desk.prompts.delete(prompt.id)
    ended = await desk.ended(await desk.agents.test(old.id, "Hi", ANONYMOUS))
    assert ended.status is ExecutionState.FAILED
    assert "prompt" in ended.error


async def test_each_way_to_fail_has_its_verdict_and_a_sentence(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    agent = await desk.an_agent("a", timeout_s=5)
    for turn, verdict, state, word in (
        (good(BAD_REPLY), "bad_structure", S.SUCCEEDED, ""),
        (failing(message="upstream_http_503"), "failed", S.FAILED, "upstream_http_503"),
        (refused(429, "RATE_LIMIT_EXCEEDED", retry_after="9"), "limited", S.FAILED, "RATE"),
        (refused(401, "token_expired"), "signin_failed", S.FAILED, "token_expired"),
    ):
        upstream.play("a", turn)
        ended = await desk.ended(await desk.agents.test(agent.id, "Hi", ANONYMOUS))
        assert (ended.meta["verdict"], ended.status) == (verdict, state)
        assert word in ended.error
    upstream.answer("signup", gotrue_error(422, "signup_disabled"))
    upstream.answer("edge", gotrue_error(422, "signup_disabled"))
    ended = await desk.ended(await desk.agents.test(agent.id, "Hi", ANONYMOUS))
    assert (ended.status, ended.meta["verdict"]) == (S.FAILED, "signin_failed")
    assert ended.error_kind == "anonymous_auth_failed"
    assert "signup_disabled" in ended.error


async def test_a_silent_model_times_out_by_the_agents_limit(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    agent = await desk.an_agent("a", timeout_s=5)
    ended = await desk.ended(await desk.agents.test(agent.id, "Hi", ANONYMOUS))
    assert ended.status is ExecutionState.TIMED_OUT


async def test_a_cancelled_test_leaves_the_stream_and_its_user(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    agent = await desk.an_agent("a")
    started = await desk.agents.test(agent.id, "Hi", ANONYMOUS)
    await upstream.wait_for("events")
    await desk.executions.cancel(started.execution_id)
    ended = await desk.ended(started, 5)
    assert ended.status is ExecutionState.CANCELLED
    await asyncio.sleep(0.1)
    assert upstream.streams_left == 1
    assert not upstream.auth.users
    assert desk.chat.open_count == 0


async def test_too_long_an_input_is_refused_before_any_row(desk: AgentsDesk) -> None:
    agent = await desk.an_agent("a")
    with pytest.raises(InputError, match="5001") as problem:
        await desk.agents.test(agent.id, "x" * 5_001, ANONYMOUS)
    assert problem.value.field == "test_input"
    with pytest.raises(NotFoundError):
        await desk.agents.test(99, "Hi", ANONYMOUS)
    count = desk.database.read_now(lambda s: s.exec(select(func.count(ExecutionRow.id))).one())  # type: ignore[arg-type]
    assert count == 0


async def test_tests_stay_when_their_agent_is_deleted(desk: AgentsDesk) -> None:
    agent = await desk.an_agent("a")
    started = await desk.agents.test(agent.id, "Hi", ANONYMOUS, trigger=Trigger.API)
    await desk.ended(started)
    await desk.agents.delete(agent.id)
    assert (await desk.executions.get(started.execution_id)).agent_id == agent.id
    with pytest.raises(NotFoundError):
        await desk.executions.run_again(started.execution_id)
