"""Big table: rows travel as one text, small changes alone, and no event of a browser is trusted."""

import json
from typing import Any

import orjson
import pytest
from nicegui import ElementFilter, ui
from nicegui.testing.user_simulation import user_simulation

from components.primitives import big_table
from components.primitives.big_table import (
    Acted,
    BigColumn,
    BigTable,
    RowAct,
    TableCalls,
    TableShape,
    TableWords,
)

ROWS = [{"id": str(n), "name": f"row {n}", "on": True} for n in range(10)]


def a_table(told: list[Any], **more: Any) -> BigTable:
    shape = TableShape(
        [BigColumn("name", "Name", "name")], [RowAct("edit", "edit", "Edit")], "400px"
    )
    words = TableWords("Rows", "Find", "None", {"all": "All", "bad": "Bad"})
    calls = TableCalls(open=told.append, act=told.append, pick=told.append)
    return BigTable(shape, words, calls, **more)


def fire(table: BigTable, event: str, args: Any) -> None:
    for listener in table._event_listeners.values():
        if listener.type == event:
            table._handle_event({"id": table.id, "listener_id": listener.id, "args": args})


async def test_events_of_a_browser_are_never_trusted() -> None:
    told: list[Any] = []
    async with user_simulation(lambda: a_table(told).show(ROWS)) as user:
        await user.open("/")
        with user:
            table = next(iter(ElementFilter(kind=BigTable)))
        fire(table, "open", "3")
        fire(table, "open", "99")
        fire(table, "open", {"evil": 1})
        fire(table, "act", {"id": "4", "act": "on", "value": "true", "kid": None})
        fire(table, "act", ["no", "object"])
        fire(table, "pick", ["1", "2", "99", {"a": 1}])
        fire(table, "pick", "1")
    assert told == ["3", Acted("4", "on", False, ""), ("1", "2"), ()]  # every field


async def test_a_small_change_travels_alone_and_a_later_page_gets_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(big_table, "can_push", lambda _client: True)
    sent: list[Any] = []
    async with user_simulation(lambda: a_table([]).show(ROWS)) as user:
        await user.open("/")
        with user:
            table = next(iter(ElementFilter(kind=BigTable)))
        table.run_method = lambda name, text: sent.append((name, json.loads(text)))  # type: ignore[method-assign, assignment]
        table.show(ROWS)
        assert sent == []
        changed = [*ROWS[:4], {**ROWS[4], "on": False}, *ROWS[5:]]
        table.show(changed)
        assert sent == [("patch", [changed[4]])]
        assert orjson.loads(table._props["packed"]) == changed
        table.show(changed[:5])  # fewer rows: the whole travels
        assert len(sent) == 1
        assert orjson.loads(table._props["packed"]) == changed[:5]
        table.redraw("4")
        assert sent[-1] == ("patch", [changed[4]])


async def test_only_a_known_facet_can_be_asked_for() -> None:
    def page() -> None:
        with ui.column():
            a_table([], only="bad", find="x" * 999)
            a_table([], only="<script>")

    async with user_simulation(page) as user:
        await user.open("/")
        with user:
            first, second = ElementFilter(kind=BigTable)
        assert (first._props["only"], len(first._props["find"])) == ("bad", 200)
        assert second._props["only"] == ""
