"""Which slots fire: rules, changes of settings, the switch, overlaps."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from db.engine import Database
from services.schedules.types import DailyAt, SlotState
from services.settings.service import Settings
from tests.support.clock import START, FakeClock
from tests.support.schedule_desk import HOUR, Desk


@pytest.fixture
async def desk(database: Database, clock: FakeClock, settings: Settings):
    desk = Desk(database, clock, settings)
    yield desk
    await desk.off()


async def test_a_fresh_install_runs_at_five_every_day(desk: Desk) -> None:
    schedules = await desk.boot()
    view = schedules.view()
    assert view.rule == DailyAt(time(5))
    assert view.next_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    await desk.pass_time(49, 1800)
    assert desk.fired == [datetime(2026, 3, day, 5, tzinfo=UTC) for day in (3, 4)]
    last = schedules.view().last_slot
    assert last is not None
    assert (last.state, last.execution_id) == (SlotState.FIRED, "exe_2")


async def test_an_interval_counts_from_slot_to_slot_and_never_drifts(desk: Desk) -> None:
    schedules = await desk.boot()
    await desk.settings.change({"e2e_interval_hours": 6})
    await desk.quiet()
    assert schedules.view().next_at == START + timedelta(hours=6)
    await desk.pass_time(25, 700)
    assert desk.fired == [START + timedelta(hours=6 * n) for n in (1, 2, 3, 4)]
    assert schedules.view().next_at == START + timedelta(hours=30)


async def test_page_and_scheduler_use_the_same_next_slot(desk: Desk) -> None:
    schedules = await desk.boot()
    for patch in (
        {"e2e_interval_hours": 3},
        {"e2e_interval_hours": 24},
        {"e2e_interval_hours": None, "e2e_daily_time": "23:30"},
        {"e2e_timezone": "America/New_York"},
    ):
        await desk.settings.change(patch)
        await desk.quiet()
        shown = schedules.view().next_at
        assert shown is not None
        desk.fired.clear()
        desk.clock.jump((shown - desk.clock.now()).total_seconds() - 1)
        await schedules.tick()
        await desk.quiet()
        assert desk.fired == []
        desk.clock.jump(1)
        await schedules.tick()
        await desk.quiet()
        assert desk.fired == [shown]


async def test_ten_ticks_on_one_slot_fire_it_once(desk: Desk) -> None:
    schedules = await desk.boot()
    desk.clock.set_now(datetime(2026, 3, 3, 5, 0, 5, tzinfo=UTC))
    await asyncio.gather(*(schedules.tick() for _ in range(10)))
    await desk.quiet()
    assert len(desk.fired) == 1


async def test_a_change_from_24_to_3_hours_counts_from_the_change_without_a_burst(
    desk: Desk,
) -> None:
    await desk.settings.change({"e2e_interval_hours": 24})
    schedules = await desk.boot()
    await desk.pass_time(20)
    changed = desk.clock.now()
    await desk.settings.change({"e2e_interval_hours": 3})
    await desk.quiet()
    await desk.pass_time(2.9)
    assert desk.fired == []
    assert schedules.view().next_at == changed + timedelta(hours=3)
    await desk.pass_time(0.2)
    assert desk.fired == [changed + timedelta(hours=3)]


async def test_a_change_made_while_the_console_was_off_counts_from_the_start(desk: Desk) -> None:
    await desk.boot()
    await desk.off()
    await desk.settings.change({"e2e_interval_hours": 3})
    desk.clock.jump(30 * HOUR)
    schedules = await desk.boot()
    assert desk.fired == []
    assert schedules.view().next_at == desk.clock.now() + timedelta(hours=3)


async def test_a_zone_change_moves_the_next_run(desk: Desk) -> None:
    schedules = await desk.boot()
    await desk.settings.change({"e2e_timezone": "Asia/Shanghai"})
    await desk.quiet()
    assert schedules.view().next_at == datetime(2026, 3, 2, 21, tzinfo=UTC)
    assert schedules.view().zone == "Asia/Shanghai"


async def test_switched_off_nothing_starts_and_switched_on_nothing_is_made_up(desk: Desk) -> None:
    schedules = await desk.boot()
    await desk.settings.change({"e2e_enabled": False})
    await desk.quiet()
    assert schedules.view().next_at is None
    await desk.pass_time(30, 3600)
    assert desk.fired == []
    await desk.settings.change({"e2e_enabled": True})
    await desk.quiet()
    await schedules.tick()
    await desk.quiet()
    assert desk.fired == []
    assert schedules.view().next_at == datetime(2026, 3, 4, 5, tzinfo=UTC)


async def test_an_overlap_is_skipped_and_shown_with_the_running_id(desk: Desk) -> None:
    schedules = await desk.boot()
    desk.busy = "exe_long"
    desk.clock.set_now(datetime(2026, 3, 3, 5, 0, 1, tzinfo=UTC))
    await schedules.tick()
    await desk.quiet()
    view = schedules.view()
    assert view.last_slot is not None
    assert (view.last_slot.state, view.last_slot.execution_id) == (SlotState.SKIPPED, "exe_long")
    assert [slot.state for slot in view.missed] == [SlotState.SKIPPED]
    desk.busy = ""
    await schedules.tick()
    await desk.quiet()
    assert desk.fired == []


async def test_a_start_that_fails_is_missed_and_the_schedule_goes_on(desk: Desk) -> None:
    async def broken(_slot: datetime) -> str:
        raise RuntimeError("no")

    schedules = await desk.boot(broken)
    desk.clock.set_now(datetime(2026, 3, 3, 5, 0, 1, tzinfo=UTC))
    await schedules.tick()
    await desk.quiet()
    last = schedules.view().last_slot
    assert last is not None
    assert last.state is SlotState.MISSED
    assert schedules.view().next_at == datetime(2026, 3, 4, 5, tzinfo=UTC)
