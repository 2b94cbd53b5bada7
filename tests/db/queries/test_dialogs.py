"""Turns of conversations are kept once, found and paged the same on both databases."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import dialogs as queries
from db.queries.dialogs import DialogQuery
from services.dialogs.rows import row_values, to_dialog
from services.dialogs.types import Dialog, DialogRequest, EventLine, Saved, TurnTimings
from services.e2e.types import CellStatus, CheckResult, Kind
from tests.support.postgres import both_stores

BEGIN = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def a_turn(number: int, **values: Any) -> Dialog:
    given: dict[str, Any] = {
        "dialog_id": f"exe_{number:018d}",
        "request": DialogRequest("gpt", f"question {number}", temperature=0.5, uses_tools=True),
        "status": CellStatus.OK,
        "kind": Kind.OK,
        "root": f"exe_{number:018d}",
        "reply": f"Antwort 回答 {number} \x00 \ud800",
        "timings": TurnTimings(signin_ms=3, ttft_ms=1.5, gap_max_ms=9.0, total_ms=20.0),
        "events": (EventLine(1, "status", 0.5, 12, '{"a":"\\u0001"}'),),
        "checks": (CheckResult("completed", True, "ok", "x", "y", 3),),
        "claims": {"sub": "u", "is_anonymous": True},
        "flags": ("bad_json_event",),
        "created_at": BEGIN + timedelta(minutes=number),
    }
    return Dialog(**{**given, **values})


async def keep(store: Database, *turns: Dialog) -> None:
    for turn in turns:
        await store.write(partial(queries.keep, values=row_values(turn)))


async def ids(store: Database, before: str = "", limit: int = 50, **wanted: Any) -> list[str]:
    query = partial(
        queries.page, wanted=DialogQuery(**wanted), before=before, limit=limit, window=100
    )
    rows, _ = await store.read(query)
    return [row["dialog_id"] for row in rows]


@both_stores
async def test_a_turn_comes_back_as_it_was_kept(store: Database) -> None:
    turn = a_turn(1)
    await keep(store, turn)
    values = await store.read(partial(queries.find, dialog_id=turn.dialog_id))
    assert values is not None
    found = to_dialog(values)
    assert found.request == turn.request
    assert (found.timings, found.events, found.checks) == (turn.timings, turn.events, turn.checks)
    assert (found.claims, found.flags, found.saved) == (turn.claims, turn.flags, Saved.STORED)
    assert found.created_at == turn.created_at
    assert found.reply.startswith("Antwort 回答 1 ")


@both_stores
async def test_the_end_of_a_turn_fills_its_row_and_a_crash_closes_it(store: Database) -> None:
    running = a_turn(1, status=CellStatus.RUNNING, kind=Kind.NOT_RUN, reply="")
    await keep(store, running, a_turn(2, status=CellStatus.RUNNING))
    await keep(store, a_turn(1), a_turn(1))  # once at its end, once more by the journal
    assert len(await ids(store)) == 2
    change = partial(queries.interrupt_left_over, verdict="interrupted", error="interrupted")
    assert await store.write(change) == 1
    assert await ids(store, verdicts=("interrupted",)) == [a_turn(2).dialog_id]


@both_stores
async def test_pages_and_searches_find_the_same(store: Database) -> None:
    turns = [a_turn(n) for n in range(1, 6)]
    await keep(store, *turns, a_turn(6, status=CellStatus.FAILED, kind=Kind.SUPPLIER, error="HTTP"))
    names = [turn.dialog_id for turn in turns]
    assert await ids(store, limit=2, before=names[4]) == [names[3], names[2]]
    assert await ids(store, text="QUESTION 3") == [names[2]]
    assert await ids(store, text="回答 4") == [names[3]]
    assert await ids(store, text="question_3") == []
    assert len(await ids(store, text="http")) == 1
    assert await ids(store, kinds=("supplier",)) == [a_turn(6).dialog_id]
    assert await ids(store, model="gpt", created_to=BEGIN + timedelta(minutes=2)) == names[1::-1]
    whole = partial(queries.whole, wanted=DialogQuery(text="question 5"), limit=10)
    (row,) = await store.read(partial(whole, events_most=1))
    assert row["events"]
    (row,) = await store.read(partial(whole, events_most=0))
    assert "events" not in row
    assert await store.read(partial(queries.models, limit=10)) == ["gpt"]
