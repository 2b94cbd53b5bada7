"""Once a day: made up after a pause, tried again after an hour, over restarts and clock changes."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.executions.service import Executions
from services.executions.types import Ending, ExecutionState
from services.foundation.tasks import Tasks
from services.schedules.daily import FIRST_S, Daily
from services.settings.service import Settings
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work

HOUR = 3_600.0


class Desk:
    def __init__(self, executions: Executions, daily: Daily, work: Work) -> None:
        self.executions, self.daily, self.work = executions, daily, work

    async def look(self) -> bool:
        """Look, and let what was started end."""
        is_started = await self.daily.look()
        for one in self.executions.running():
            await self.executions.wait(one.execution_id)
        return is_started


@pytest.fixture
async def desk(database: Database, clock: FakeClock, settings: Settings) -> AsyncIterator[Desk]:
    tasks = Tasks()
    executions = Executions(database, clock, tasks, settings)
    work = Work()
    work.go.set()
    executions.register(work.kind)
    daily = Daily(executions, clock, tasks, "demo", lambda: settings.preferences.backup_daily)
    yield Desk(executions, daily, work)
    await daily.stop()
    await executions.stop()
    await tasks.stop(2.0)


async def test_it_starts_once_a_day(desk: Desk, clock: FakeClock) -> None:
    assert await desk.look()
    assert not await desk.look()
    clock.jump(23 * HOUR)
    assert not await desk.look()
    clock.jump(HOUR)
    assert await desk.look()
    [newest, _] = await desk.executions.newest(5)
    assert (newest.trigger, newest.started_by) == ("schedule", "daily")


async def test_one_that_failed_is_tried_again_after_an_hour(desk: Desk, clock: FakeClock) -> None:
    desk.work.ending = Ending(ExecutionState.FAILED)
    assert await desk.look()
    clock.jump(HOUR - 1)
    assert not await desk.look()
    clock.jump(1)
    assert await desk.look()


async def test_a_clock_that_was_set_back_far_does_not_stop_it(desk: Desk, clock: FakeClock) -> None:
    assert await desk.look()
    clock.jump(-400 * 24 * HOUR)
    assert await desk.look()


async def test_it_can_be_switched_off(desk: Desk, settings: Settings) -> None:
    await settings.change({"backup_daily": False})
    assert not await desk.look()


async def test_a_fresh_start_waits_before_it_looks(desk: Desk, clock: FakeClock) -> None:
    await desk.daily.start()
    await clock.advance(FIRST_S - 1)
    assert await desk.executions.newest(1) == []
    await clock.advance(2)
    await until(desk.work.begun.is_set)
