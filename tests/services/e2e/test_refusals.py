"""What is refused before a launch begins, and an end that the store refuses at first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlmodel import select

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.e2e_runs import E2eLaunchRow
from services.accounts.types import UserType
from services.e2e.plan import to_params
from services.e2e.store import E2eStore
from services.e2e.types import Launch, LaunchRequest, RunStatus
from services.executions.types import ExecutionState, Trigger
from services.foundation.errors import InputError
from services.mapping.types import MappingEdit, Scope
from services.models.types import EndpointEdit
from services.settings.types import Env
from services.targets.types import SELF_ID
from tests.support.builders import until
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import FakeUpstream

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))


@pytest.fixture
async def desk(database: Database, env: Env) -> AsyncIterator[E2eDesk]:
    async with FakeUpstream() as server, desk_on(database, env, server, QuickClock()) as desk:
        server.models = ["a", "b", "c"]
        yield desk


async def test_a_key_that_is_not_mapped_here_is_refused_and_no_row_is_stored(desk: E2eDesk) -> None:
    await desk.models.save(
        EndpointEdit(name="one", base_url="http://127.0.0.1:9", model="m", allows_local=True)
    )
    await desk.mapping.save(MappingEdit(Scope.MAPPING, "known", default_model="m"))
    wanted = LaunchRequest(models=("known", "typo"), target_id=SELF_ID)
    with pytest.raises(InputError, match=r"Not mapped: typo$") as refused_:
        await desk.e2e.start(wanted)
    assert refused_.value.field == "models"
    again = await desk.executions.start("e2e", to_params(wanted), trigger=Trigger.MANUAL)
    ended = await asyncio.wait_for(desk.executions.wait(again.execution_id), 10)
    assert ended.status is ExecutionState.FAILED  # an older run started again
    assert desk.database.read_now(lambda s: list(s.exec(select(E2eLaunchRow)).all())) == []
    await desk.launch(LaunchRequest(models=("typo",), user_types=(UserType.ANONYMOUS,)))


async def test_a_launch_whose_end_the_store_refused_is_closed_when_it_is_back(
    desk: E2eDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refusals = E2eStore.close, 0

    async def refuse(store: E2eStore, launch: Launch, *rest: Any, **more: Any) -> Launch:
        nonlocal refusals
        if refusals < 2:
            refusals += 1
            raise DatabaseUnavailableError("full", "no space left")
        return await write(store, launch, *rest, **more)

    monkeypatch.setattr(E2eStore, "close", refuse)
    told: list[RunStatus] = []
    desk.e2e.finished.subscribe(lambda launch: told.append(launch.status))
    ended = await desk.launch(ONE)
    assert ended.launch.status is RunStatus.RUNNING
    await until(lambda: RunStatus.SUCCESS in told, 10)
    launch, runs = await desk.e2e.launch(ended.launch.launch_id)
    assert (launch.status, launch.good) == (RunStatus.SUCCESS, 3)
    assert [run.status for run in runs] == [RunStatus.SUCCESS]
    assert refusals == 2
