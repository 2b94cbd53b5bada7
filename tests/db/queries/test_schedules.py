"""Slots and stretches of running, on SQLite and on PostgreSQL."""

import asyncio
from datetime import datetime, timedelta

import pytest

from db.engine import Database
from db.queries import schedules, uptime
from db.tables.schedules import ScheduleRow
from tests.support.clock import START

SLOT = START + timedelta(hours=1)


def values(slot_at: datetime = SLOT, claimed_by: str = "one", state: str = "fired") -> dict:
    return {
        "schedule_id": "e2e",
        "slot_at": slot_at,
        "state": state,
        "noted_at": START,
        "execution_id": "",
        "claimed_by": claimed_by,
    }


async def test_of_twenty_claims_at_once_one_wins(any_database: Database) -> None:
    claims = await asyncio.gather(
        *(
            any_database.write(lambda s, n=n: schedules.claim_slot(s, values(claimed_by=str(n))))
            for n in range(20)
        )
    )
    assert sum(claims) == 1


async def test_only_the_claimer_settles_and_only_an_unfired_claim_is_taken_over(
    any_database: Database,
) -> None:
    write = any_database.write
    assert await write(lambda s: schedules.claim_slot(s, values()))
    done = {"execution_id": "exe_1"}
    assert not await write(lambda s: schedules.settle_slot(s, "e2e", SLOT, "two", done))
    assert await write(lambda s: schedules.take_over(s, "e2e", SLOT, "one", "two"))
    assert not await write(lambda s: schedules.take_over(s, "e2e", SLOT, "one", "three"))
    assert await write(lambda s: schedules.settle_slot(s, "e2e", SLOT, "two", done))
    assert not await write(lambda s: schedules.take_over(s, "e2e", SLOT, "two", "three"))
    row = await any_database.read(lambda s: schedules.last_slot(s, "e2e", SLOT))
    assert row is not None
    assert (row.slot_at, row.claimed_by, row.execution_id) == (SLOT, "two", "exe_1")


async def test_missed_slots_are_noted_once_and_read_newest_first(any_database: Database) -> None:
    slots = [START + timedelta(hours=n) for n in range(4)]
    rows = [values(slot, "", "missed") for slot in slots]
    assert await any_database.write(lambda s: schedules.note_missed(s, rows)) == 4
    assert await any_database.write(lambda s: schedules.note_missed(s, rows)) == 0
    found = await any_database.read(lambda s: schedules.recent_slots(s, "e2e", ["missed"], 3))
    assert [row.slot_at for row in found] == slots[:0:-1]
    beyond = await any_database.read(lambda s: schedules.last_slot(s, "e2e", slots[2]))
    assert beyond is not None
    assert beyond.slot_at == slots[2]


async def test_a_schedule_is_kept_and_replaced(any_database: Database) -> None:
    for rule in ("daily:05:00", "every:6"):
        row = ScheduleRow(
            id="e2e", rule=rule, zone="UTC", is_enabled=True, anchor_at=START, updated_at=START
        )
        await any_database.write(lambda s, row=row: schedules.write_schedule(s, row))
    kept = await any_database.read(lambda s: schedules.read_schedule(s, "e2e"))
    assert kept is not None
    assert (kept.rule, kept.anchor_at) == ("every:6", START)


@pytest.mark.parametrize("back_s", [0, -3600])
async def test_a_stretch_only_grows(any_database: Database, back_s: int) -> None:
    number = await any_database.write(lambda s: uptime.begin(s, "boot", START))
    for seconds in (30, 60, back_s):
        at = START + timedelta(seconds=seconds)
        await any_database.write(lambda s, at=at: uptime.beat(s, number, at))
    (row,) = await any_database.read(
        lambda s: uptime.stretches(s, START - timedelta(days=1), START + timedelta(days=1))
    )
    assert (row.started_at, row.last_seen_at) == (START, START + timedelta(seconds=60))
    assert await any_database.read(uptime.first_start) == START
    later = START + timedelta(days=2)
    assert await any_database.read(lambda s: uptime.stretches(s, later, later)) == []
