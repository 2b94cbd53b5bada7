"""Slots fire once: over restarts, absences, clock jumps and a second process."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from db.engine import Database
from services.schedules.beat import Beat
from services.schedules.types import SlotState
from services.settings.service import Settings
from tests.support.builders import until
from tests.support.clock import START, FakeClock
from tests.support.schedule_desk import HOUR, Desk


@pytest.fixture
async def desk(database: Database, clock: FakeClock, settings: Settings):
    desk = Desk(database, clock, settings)
    yield desk
    await desk.off()


async def test_two_processes_on_one_database_give_one_run_a_slot(desk: Desk) -> None:
    first = await desk.boot()
    second = await desk.boot()
    for day in range(3, 13):
        desk.clock.set_now(datetime(2026, 3, day, 5, 0, 1, tzinfo=UTC))
        await asyncio.gather(first.tick(), second.tick())
        await desk.quiet()
    assert desk.fired == [datetime(2026, 3, day, 5, tzinfo=UTC) for day in range(3, 13)]


async def test_down_over_one_slot_gives_one_catch_up_after_the_restart(desk: Desk) -> None:
    await desk.boot()
    await desk.off()
    desk.clock.jump(22 * HOUR)
    schedules = await desk.boot()
    assert desk.fired == [datetime(2026, 3, 3, 5, tzinfo=UTC)]
    last = schedules.view().last_slot
    assert last is not None
    assert last.state is SlotState.MADE_UP
    await desk.off()
    await desk.boot()
    assert len(desk.fired) == 1


async def test_down_over_five_slots_gives_one_catch_up_and_four_shown_as_missed(
    desk: Desk,
) -> None:
    await desk.boot()
    await desk.off()
    desk.clock.jump(4 * 24 * HOUR + 22 * HOUR)
    schedules = await desk.boot()
    assert desk.fired == [datetime(2026, 3, 7, 5, tzinfo=UTC)]
    missed = [slot.slot_at.day for slot in schedules.view().missed]
    assert missed == [6, 5, 4, 3]
    await desk.off()
    again = await desk.boot()
    assert [slot.slot_at.day for slot in again.view().missed] == [6, 5, 4, 3]


async def test_a_restart_every_ten_minutes_still_runs_every_day(desk: Desk) -> None:
    await desk.settings.change({"e2e_interval_hours": 24})
    for _ in range(6 * 30):
        await desk.boot()
        await desk.off()
        desk.clock.jump(600)
    assert desk.fired == [START + timedelta(hours=24)]


async def test_a_clock_set_forward_an_hour_gives_at_most_one_run_and_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.settings.change({"e2e_interval_hours": 3})
    await desk.boot()
    await desk.pass_time(2.5)
    desk.clock.jump(HOUR)
    with caplog.at_level(logging.WARNING):
        await desk.pass_time(0.25, 15)
    assert desk.fired == [START + timedelta(hours=3)]
    assert any("jumped by +3600 s" in record.getMessage() for record in caplog.records)


async def test_a_clock_set_back_an_hour_neither_stalls_nor_repeats_a_slot(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.settings.change({"e2e_interval_hours": 3})
    schedules = await desk.boot()
    await desk.pass_time(3.1)
    assert len(desk.fired) == 1
    desk.clock.jump(-HOUR)
    with caplog.at_level(logging.WARNING):
        await desk.watch(5)
    assert any("jumped by -3600 s" in record.getMessage() for record in caplog.records)
    ticked_at = schedules.view().last_tick_at
    assert ticked_at is not None
    assert (desk.clock.now() - ticked_at).total_seconds() < 10
    await desk.pass_time(3.9)
    assert desk.fired == [START + timedelta(hours=n) for n in (3, 6)]


async def test_a_clock_that_was_a_year_ahead_does_not_stop_the_schedule(desk: Desk) -> None:
    await desk.settings.change({"e2e_interval_hours": 3})
    schedules = await desk.boot()
    desk.clock.jump(365 * 24 * HOUR)
    await schedules.tick()
    await desk.quiet()
    assert len(desk.fired) == 1
    desk.clock.jump(-365 * 24 * HOUR)
    await desk.pass_time(3.3)
    assert len(desk.fired) == 2


async def test_when_no_beat_comes_the_watch_ticks_by_itself(desk: Desk) -> None:
    schedules = await desk.boot()
    schedules._beat.stop()
    desk.clock.set_now(datetime(2026, 3, 3, 4, 59, 50, tzinfo=UTC))
    before = schedules.view().last_tick_at
    await desk.watch(45)
    assert schedules.view().last_tick_at != before
    assert len(desk.fired) == 1


async def test_a_beat_that_cannot_start_is_told_and_tried_again_and_no_slot_is_lost(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its library is loaded late: files may have run out by then."""
    schedules = await desk.boot()
    start, tries = schedules._beat.start, [0]

    def failing() -> None:
        tries[0] += 1
        if tries[0] < 10:
            raise OSError(24, "Too many open files")
        start()

    monkeypatch.setattr(schedules._beat, "start", failing)
    desk.clock.set_now(datetime(2026, 3, 3, 4, 59, 50, tzinfo=UTC))
    await desk.watch(45)
    assert "Too many open files" in caplog.text
    assert not schedules._beat.is_running
    assert desk.fired == [datetime(2026, 3, 3, 5, tzinfo=UTC)]
    await desk.watch(15)
    assert schedules._beat.is_running


async def test_a_console_frozen_for_eight_hours_makes_up_one_run(desk: Desk) -> None:
    await desk.settings.change({"e2e_interval_hours": 3})
    schedules = await desk.boot()
    desk.clock.jump(8 * HOUR)
    await desk.watch(5)
    assert desk.fired == [START + timedelta(hours=6)]
    assert [s.slot_at for s in schedules.view().missed] == [START + timedelta(hours=3)]


async def test_a_slot_claimed_by_a_process_that_died_is_fired_by_the_next_one(desk: Desk) -> None:
    async def dies(_slot: datetime) -> str:
        await asyncio.Event().wait()
        return "never"

    await desk.boot()
    schedules = desk.open[0][0]
    schedules._fire = dies
    desk.clock.set_now(datetime(2026, 3, 3, 5, 0, 1, tzinfo=UTC))
    await schedules.tick()
    await asyncio.sleep(0.02)
    await desk.off()
    desk.clock.jump(10)
    again = await desk.boot()
    assert desk.fired == []  # too early: the other may still be at it
    desk.clock.jump(30)
    await again.tick()
    await desk.quiet()
    assert desk.fired == [datetime(2026, 3, 3, 5, tzinfo=UTC)]
    await again.tick()
    await desk.quiet()
    assert len(desk.fired) == 1


async def test_off_spans_show_when_the_console_was_off(desk: Desk) -> None:
    await desk.boot()
    await desk.pass_time(1, 20)
    await desk.off()
    desk.clock.jump(2 * HOUR)
    schedules = await desk.boot()
    await desk.pass_time(1, 20)
    spans = await schedules.off_spans(START - timedelta(days=1), desk.clock.now())
    assert len(spans) == 1
    assert abs((spans[0].start - START).total_seconds() - HOUR) < 40
    assert abs((spans[0].end - START).total_seconds() - 3 * HOUR) < 5


async def test_the_beat_is_a_real_scheduler_that_calls_every_few_seconds() -> None:

    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        ticks += 1

    beat = Beat(tick, every_s=0.05)
    beat.start()
    try:
        await until(lambda: ticks >= 3)
        beat.realign()
        so_far = ticks
        await until(lambda: ticks > so_far)
    finally:
        beat.stop()
    so_far = ticks
    await asyncio.sleep(0.15)
    assert ticks == so_far
