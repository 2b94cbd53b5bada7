"""Probe before activate: the candidate is asked through the real gateway, for the operator alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.chat.client import ChatClient
from services.executions.types import ExecutionState
from services.foundation.errors import InputError
from services.mapping.trial import KIND, TrialParts, Trials
from services.mapping.types import MappingEdit, RequestContext, Scope, TrialView
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.builders import until
from tests.support.gateway import World, limits, serving
from tests.support.scripted import fails, says
from tests.support.upstream_script import GOOD_REPLY


class Desk:
    """A served gateway and the trials over it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chat = ChatClient(world.clock)
        self.prompt = ""
        self.heard: list[TrialView] = []
        self.trials = Trials(
            TrialParts(
                world.mapping,
                world.settings,
                world.executions,
                self.chat,
                lambda: self.prompt,
                lambda: f"{world.base}/api/v1",
                lambda: "operator",
            )
        )
        self.trials.changed.subscribe(self.heard.append)

    async def run(self, *edits: MappingEdit) -> TrialView:
        started = await self.trials.start(edits)
        await asyncio.wait_for(self.world.executions.wait(started.execution_id), 20)
        await until(lambda: self.trials.view(started.execution_id).is_over)  # type: ignore[union-attr]
        view = self.trials.view(started.execution_id)
        assert view is not None
        return view


@pytest.fixture
async def desk(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[Desk]:
    async with serving(World(database, limits(env), secrets)) as world:
        made = Desk(world)
        yield made
        made.chat.close()


async def offer(desk: Desk, **scripts: object) -> None:
    """Offer models at one endpoint; nothing maps to them yet."""
    names = tuple(name.replace("_", "-") for name in scripts)
    await desk.world.add("there", model=names[0], model_list=names)
    for name, script in zip(names, scripts.values(), strict=True):
        desk.world.suppliers.scripts[name] = script  # type: ignore[assignment]


async def test_three_of_four_passed_before_anything_was_stored(desk: Desk) -> None:
    good = says(GOOD_REPLY)
    await offer(desk, a=good, b=good, c=says("no structure at all"), d=good)
    before = desk.world.mapping.all()
    edit = MappingEdit(Scope.MAPPING, "new-key", default_model="a", candidates=("a", "b", "c", "d"))
    assert desk.trials.forecast([edit]) == 4
    view = await desk.run(edit)
    assert (view.passed, view.total) == (3, 4)
    verdicts = {result.model: result.verdict for result in view.results}
    assert verdicts == {"a": "ok", "b": "ok", "c": "bad_structure", "d": "ok"}
    assert [call.model for call in desk.world.suppliers.calls] == ["a", "b", "c", "d"]
    assert desk.world.mapping.all() == before
    assert desk.world.mapping.resolve("new-key") is None


async def test_every_step_is_told_and_the_execution_keeps_the_sum(desk: Desk) -> None:
    await offer(desk, a=says(GOOD_REPLY), b=fails("upstream_http_503", 503))
    edit = MappingEdit(Scope.MAPPING, "k", default_model="a", candidates=("b",))
    view = await desk.run(edit)
    assert [len(heard.results) for heard in desk.heard if not heard.is_over][-1] == 2
    execution = await desk.world.executions.get(view.execution_id)
    assert (execution.execution_type, execution.status) == (KIND, ExecutionState.SUCCEEDED)
    assert (execution.meta["passed"], execution.meta["total"]) == (1, 2)
    failed = view.results[1]
    assert (failed.verdict, failed.is_good) == ("failed", False)
    assert "503" in failed.reason


async def test_nobody_but_the_operator_can_use_a_trial(desk: Desk) -> None:
    await offer(desk, a=says(GOOD_REPLY))
    world = desk.world
    candidate = world.mapping.candidate([MappingEdit(Scope.MAPPING, "secret", default_model="a")])
    world.mapping.begin_trial("t1", candidate, RequestContext())
    body = {"model": "secret", "text": "hi", "metadata": {"mapping_trial": "t1"}}
    for token in ("user:u", "admin:a", "anon:x"):
        answer = await world.post(token, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "model_not_allowed")
    assert (await world.post("operator", **body)).status_code == 202
    world.mapping.end_trial("t1")
    answer = await world.post("operator", **body)
    assert answer.json()["code"] == "model_not_allowed"


async def test_a_restriction_is_tried_through_a_key_that_reaches_its_models(desk: Desk) -> None:
    await offer(desk, a=says(GOOD_REPLY), b=says(GOOD_REPLY), lonely=says(GOOD_REPLY))
    await desk.world.mapping.save(
        MappingEdit(Scope.MAPPING, "k", default_model="a", candidates=("a", "b"))
    )
    edit = MappingEdit(Scope.USER, "u", default_model="b", candidates=("b", "lonely"))
    view = await desk.run(edit)
    asked, alone = view.results
    assert (asked.key, asked.model, asked.verdict) == ("mapping:k", "b", "ok")
    assert (alone.model, alone.verdict) == ("lonely", "not_judged")


async def test_a_prompt_that_forbids_the_model_is_told_instead_of_asking_another(
    desk: Desk,
) -> None:
    await offer(desk, a=says(GOOD_REPLY), b=says(GOOD_REPLY))
    await desk.world.mapping.save(MappingEdit(Scope.PROMPT, "7", default_model="b"))
    desk.prompt = "7"
    edit = MappingEdit(Scope.MAPPING, "k", default_model="a", candidates=("a",))
    view = await desk.run(edit)
    assert view.results[0].verdict == "not_judged"
    assert "prompt:7" in view.results[0].reason
    assert desk.world.suppliers.calls == []


async def test_one_model_of_many_mappings_is_asked_once_and_a_dead_one_never(desk: Desk) -> None:
    await offer(desk, a=says(GOOD_REPLY))
    edits = [
        MappingEdit(Scope.MAPPING, f"k{n}", default_model="a", candidates=("gone",))
        for n in range(5)
    ]
    assert desk.trials.forecast(edits) == 1
    off = MappingEdit(Scope.MAPPING, "k", default_model="a", is_active=False)
    assert desk.trials.forecast([off]) == 0
    with pytest.raises(InputError):
        await desk.trials.start([off])


async def test_a_cancelled_trial_says_so_and_leaves_no_trial_behind(desk: Desk) -> None:
    async def hangs(_call: object) -> AsyncIterator[object]:
        await asyncio.Event().wait()
        yield

    await offer(desk, a=hangs)
    started = await desk.trials.start([MappingEdit(Scope.MAPPING, "k", default_model="a")])
    await until(lambda: desk.world.suppliers.calls)
    await desk.world.executions.cancel(started.execution_id)
    await until(lambda: desk.trials.view(started.execution_id).is_over)  # type: ignore[union-attr]
    view = desk.trials.view(started.execution_id)
    assert view is not None
    assert view.error
    assert desk.world.mapping._trials == {}
