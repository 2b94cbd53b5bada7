"""The finder of a safe number of users, with its steps kept and linked, and the live figures."""

import asyncio

import pytest

from services.executions.types import ExecutionState, Trigger
from services.foundation.errors import InputError
from services.loadtest.types import RunState, SafeFinding
from tests.support.load_desk import LoadDesk
from tests.support.upstream import FakeUpstream, failing, good, refused


async def find(desk: LoadDesk, **values: object) -> SafeFinding:
    execution = await desk.loadtest.finder.start(values, trigger=Trigger.API)
    await asyncio.wait_for(desk.executions.wait(execution.execution_id), 60)
    return await desk.loadtest.finder.finding(execution.execution_id)


async def test_the_most_allowed_holds_twice_and_its_steps_are_kept(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", good(gap_s=0.02))
    found = await find(desk, users=2, seconds=1, models=["model-a"])
    assert (found.safe_users, found.is_at_least, found.state) == (2, True, RunState.SUCCEEDED)
    assert [step.users for step in found.steps] == [1, 2, 2]
    assert "At least 2" in str(found.words)
    execution = await desk.executions.get(found.execution_id)
    for step in found.steps:
        run = await desk.loadtest.run(step.run_id)
        assert run.parent_id == execution.id
    made = upstream.named("signup")
    assert len(made) == 2  # the steps share their users
    assert len(upstream.named("admin_delete")) == 2


@pytest.mark.parametrize("turn", [failing(), refused(429, "rate_limited", retry_after="1")])
async def test_not_even_one_user_when_nothing_holds(
    desk: LoadDesk, upstream: FakeUpstream, turn: object
) -> None:
    upstream.play("model-a", turn)  # type: ignore[arg-type]
    found = await find(desk, users=8, seconds=1, models=["model-a"])
    assert (found.safe_users, [step.users for step in found.steps]) == (0, [1])
    assert found.steps[0].reason is not None
    assert "Not even 1" in str(found.words)


async def test_a_search_that_cannot_ask_says_so(desk: LoadDesk, upstream: FakeUpstream) -> None:
    execution = await desk.loadtest.finder.start(
        {"users": 4, "seconds": 1, "models": ["typo"]}, trigger=Trigger.API
    )
    ended = await asyncio.wait_for(desk.executions.wait(execution.execution_id), 60)
    assert ended.status is ExecutionState.FAILED
    found = await desk.loadtest.finder.finding(execution.execution_id)
    assert (found.safe_users, found.steps) == (None, ())
    with pytest.raises(InputError):
        await desk.loadtest.finder.start({"users": 4, "rate": 5}, trigger=Trigger.API)
