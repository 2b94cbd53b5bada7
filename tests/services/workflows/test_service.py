"""Workflows over a real server on loopback: their steps run, fail, repeat, stop and are shown."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.executions import ExecutionRow
from services.executions.types import ExecutionFilter, ExecutionState
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.settings.types import Env
from services.workflows.types import (
    STARTER_NAME,
    OnFailure,
    Step,
    WorkflowEdit,
    WorkflowRun,
)
from tests.support.agents_desk import AgentsDesk, agents_desk
from tests.support.builders import until
from tests.support.upstream import GOOD_REPLY, FakeUpstream, failing, good, silent

S = ExecutionState
WAIT = Step("wait", params={"seconds": 1})
E2E = Step("e2e", params={"models": [], "user_types": ["anonymous"]})


def asking(agent_id: int, text: str = "Hi", **fields: object) -> Step:
    params = {"agent_id": agent_id, "test_input": text, "user_type": "anonymous"}
    return replace(Step("agent_test", params=params), **fields)  # type: ignore[arg-type]


def report(text: str) -> Step:
    return Step("report", params={"text": text})


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[AgentsDesk]:
    async with agents_desk(database, env, upstream) as desk:
        yield desk


async def run(desk: AgentsDesk, *steps: Step) -> WorkflowRun:
    """Run a new workflow of these steps to its end."""
    workflow = await desk.a_workflow(*steps, name=f"Workflow {len(desk.workflows.all())}")
    await desk.ended(await desk.workflows.run(workflow.id, started_by="me"))
    (found,) = await desk.workflows.runs(workflow.id)
    return found


def states(found: WorkflowRun) -> list[ExecutionState | None]:
    return [step.state for step in found.steps]


# -- stored


async def test_the_starter_comes_once_and_stays_deleted(
    desk: AgentsDesk, database: Database, env: Env
) -> None:
    (starter,) = desk.workflows.all()
    assert starter.name == STARTER_NAME
    assert [step.kind for step in starter.steps] == ["probe", "e2e", "report"]
    await desk.workflows.save(  # it can be saved as it is
        WorkflowEdit(starter.id, starter.name, starter.description, starter.steps)
    )
    await desk.workflows.delete(starter.id)
    again = AgentsDesk(database, env)
    assert again.workflows.all() == ()
    await again.stop()


async def test_a_workflow_is_kept_copied_and_deleted(
    desk: AgentsDesk, database: Database, env: Env
) -> None:
    workflow = await desk.a_workflow(WAIT, report("{{step1.status}}"))
    copied = await desk.workflows.copy(workflow.id)
    assert (copied.name, copied.steps) == ("Nightly (2)", workflow.steps)
    again = AgentsDesk(database, env)
    assert again.workflows.get(copied.id) == copied
    await again.stop()
    await desk.workflows.delete(copied.id)
    with pytest.raises(NotFoundError):
        desk.workflows.get(copied.id)


async def test_what_a_kind_refuses_is_refused_at_the_steps_field(desk: AgentsDesk) -> None:
    probe = Step("probe", params={})
    for steps, field in (
        ((WAIT, asking(99)), "steps.2.agent_id"),
        ((probe, report("{{step2.output}}")), "steps.2.text"),
        ((Step("probe", params={"endpoint_ids": [1]}),), "steps.1"),
    ):
        with pytest.raises(InputError) as refused:
            await desk.a_workflow(*steps)
        assert refused.value.field == field


# -- run


async def test_every_step_is_an_execution_of_its_own_and_later_ones_read_earlier_ones(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good("<thinking>short</thinking>"))
    agent = await desk.an_agent("a")
    found = await run(
        desk,
        asking(agent.id, "First"),
        asking(agent.id, "It said: {{step1.output}} and {{step1.status}}", name="Second"),
        E2E,
        report("{{workflow.name}}: {{step2.name}} {{step3.output}}"),
    )
    assert found.state is S.SUCCEEDED
    assert states(found) == [S.SUCCEEDED] * 4
    asked = [call.body["text"] for call in upstream.named("post")][:2]
    assert asked == ["First", "It said: <thinking>short</thinking> and succeeded"]
    parent = await desk.executions.get(found.execution_id)
    assert parent.output == f"{parent.subject}: Second 1/2 good, 0 not judged"
    parts = (await desk.executions.page(ExecutionFilter(parent_id=parent.id))).rows
    kinds = [part.execution_type for part in reversed(parts)]
    assert kinds == ["agent_test", "agent_test", "e2e", "report"]
    assert [step.execution_id for step in found.steps] == [
        part.execution_id for part in reversed(parts)
    ]
    assert {part.started_by for part in parts} == {"me"}
    rows = desk.database.read_now(lambda s: s.exec(select(ExecutionRow)).all())
    assert len(rows) == 5  # the run and its four parts, nothing else


async def test_steps_are_told_live_and_in_order(desk: AgentsDesk) -> None:
    told: list[WorkflowRun] = []
    desk.workflows.stepped.subscribe(told.append)
    agent = await desk.an_agent("a")
    found = await run(desk, asking(agent.id), WAIT)
    seen = list(dict.fromkeys(tuple(states(one)) for one in told))
    assert seen == [
        (None, None),
        (S.RUNNING, None),
        (S.SUCCEEDED, None),
        (S.SUCCEEDED, S.RUNNING),
        (S.SUCCEEDED, S.SUCCEEDED),
    ]
    assert found.steps[1].duration_ms is not None
    assert found.steps[1].duration_ms >= 900


async def test_a_failing_step_stops_the_rest_unless_it_may_go_on(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", failing(message="upstream_http_503"))
    agent = await desk.an_agent("a")
    stopped = await run(desk, asking(agent.id), report("never"))
    assert (stopped.state, states(stopped)) == (S.FAILED, [S.FAILED, None])
    assert "Step 1" in stopped.error
    assert "upstream_http_503" in stopped.error
    went_on = await run(
        desk, asking(agent.id, on_failure=OnFailure.CONTINUE), report("{{step1.error}}")
    )
    assert (went_on.state, states(went_on)) == (S.SUCCEEDED, [S.FAILED, S.SUCCEEDED])
    execution = await desk.executions.get(went_on.execution_id)
    assert execution.meta["failed"] == 1
    assert "upstream_http_503" in execution.output


async def test_a_failed_step_is_tried_again_as_often_as_it_says(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", failing(), failing(), good())
    agent = await desk.an_agent("a")
    found = await run(desk, asking(agent.id, retries=3))
    assert (found.state, found.steps[0].tries) == (S.SUCCEEDED, 3)
    assert found.steps[0].output == GOOD_REPLY[:500]
    assert len(upstream.named("post")) == 3


async def test_a_step_ends_at_its_time_limit(desk: AgentsDesk, upstream: FakeUpstream) -> None:
    upstream.play("a", silent())
    agent = await desk.an_agent("a", timeout_s=60)
    found = await run(desk, asking(agent.id, timeout_s=1), report("never"))
    assert (found.state, states(found)) == (S.FAILED, [S.TIMED_OUT, None])
    await asyncio.sleep(0.1)
    assert upstream.streams_left == 1
    assert not upstream.auth.users


async def test_a_cancel_ends_the_step_under_way_and_keeps_what_was_done(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", silent())
    first, second = await desk.an_agent("a"), await desk.an_agent("b")
    workflow = await desk.a_workflow(asking(first.id), asking(second.id), report("never"))
    started = await desk.workflows.run(workflow.id)
    await until(lambda: len(upstream.named("events")) == 2)
    await desk.executions.cancel(started.execution_id)
    ended = await desk.ended(started, 6)
    assert ended.status is S.CANCELLED
    (found,) = await desk.workflows.runs(workflow.id)
    assert states(found) == [S.SUCCEEDED, S.CANCELLED, None]
    part = await desk.executions.get(found.steps[1].execution_id)
    assert part.status is S.CANCELLED
    assert desk.executions.running() == ()
    assert not upstream.auth.users


async def test_a_cancelled_part_fails_its_step_and_is_not_tried_again(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    agent = await desk.an_agent("a")
    workflow = await desk.a_workflow(asking(agent.id, retries=3))
    started = await desk.workflows.run(workflow.id)
    await upstream.wait_for("events")
    part = next(e for e in desk.executions.running() if e.execution_type == "agent_test")
    await desk.executions.cancel(part.execution_id)
    ended = await desk.ended(started, 6)
    assert ended.status is S.FAILED
    assert len(upstream.named("post")) == 1


async def test_the_same_workflow_runs_once_at_a_time(desk: AgentsDesk) -> None:
    workflow = await desk.a_workflow(WAIT)
    started = await desk.workflows.run(workflow.id)
    with pytest.raises(ConflictError) as refused:
        await desk.workflows.run(workflow.id)
    assert refused.value.existing_id == started.execution_id
    await desk.ended(started)
    await desk.ended(await desk.workflows.run(workflow.id))


async def test_a_step_that_cannot_start_fails_with_the_reason(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(ttft_s=0.5))
    agent = await desk.an_agent("b")
    workflow = await desk.a_workflow(E2E, asking(agent.id), name="Busy")
    busy = await desk.executions.start("e2e", {"user_types": ["anonymous"]})
    await desk.agents.delete(agent.id)  # after it was stored
    ended = await desk.ended(await desk.workflows.run(workflow.id))
    assert ended.status is S.FAILED
    assert "running already" in ended.error
    await desk.ended(busy)


async def test_an_edit_does_not_touch_a_run_under_way(desk: AgentsDesk) -> None:
    workflow = await desk.a_workflow(WAIT, report("old"))
    started = await desk.workflows.run(workflow.id)
    await until(lambda: len(desk.executions.running()) == 2)
    edit = WorkflowEdit(workflow.id, workflow.name, "", (report("new"),))
    await desk.workflows.save(edit)
    assert (await desk.ended(started)).output == "old"


async def test_a_restart_leaves_the_run_interrupted_and_nothing_running(
    desk: AgentsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    agent = await desk.an_agent("a")
    workflow = await desk.a_workflow(asking(agent.id))
    started = await desk.workflows.run(workflow.id)
    await upstream.wait_for("events")
    await desk.executions.stop()
    (found,) = await desk.workflows.runs(workflow.id)
    assert (found.state, states(found)) == (S.INTERRUPTED, [S.INTERRUPTED])
    assert (await desk.executions.get(started.execution_id)).status is S.INTERRUPTED
