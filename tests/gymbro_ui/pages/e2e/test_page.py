"""The E2E page as a user meets it: loading, filters, live changes, drawer, failures."""

import asyncio
from dataclasses import replace
from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User

from components.e2e.matrix import MatrixGrid
from components.primitives.data_table import DataTable
from components.primitives.toolbar import Segment
from services.accounts.types import UserType
from services.e2e.types import CellChange, CellStatus, LaunchRequest, Matrix
from services.foundation.errors import StoreError
from tests.support import preview_data as data
from tests.support.builders import until
from tests.support.pages import operator


def the(user: User, kind: type[Any]) -> Any:
    with user:
        return next(iter(ElementFilter(kind=kind)), None)


async def the_grid(user: User) -> MatrixGrid:
    await until(lambda: the(user, MatrixGrid) is not None)
    return the(user, MatrixGrid)


def fire(element: Any, event: str, args: Any) -> None:
    """Let the element's listener run as if the browser had sent the event."""
    for listener in element._event_listeners.values():
        if listener.type == event:
            element._handle_event({"id": element.id, "listener_id": listener.id, "args": args})


async def test_it_shows_the_matrix_of_the_address():
    async with operator() as (user, _):
        await user.open("/e2e?window=last20&view=permanent&model=gpt-4o&model=qwen-max")
        grid = await the_grid(user)
        data = grid._props["data"]
        assert {row["key"] for row in data["rows"]} == {"gpt-4o", "qwen-max"}
        assert len(data["axis"]["columns"]) == 20
        assert grid._props["view"] == "permanent"


async def test_a_choice_is_loaded_and_kept_in_the_address():
    async with operator() as (user, _):
        await user.open("/e2e")
        grid = await the_grid(user)
        with user:
            windows = next(one for one in ElementFilter(kind=Segment) if "last100" in one._known)
        fire(windows, "choose", "last100")
        await until(lambda: len(grid._props["data"]["axis"]["columns"]) == 100)


async def test_cells_change_while_a_run_goes_on_and_the_run_control_follows():
    async with operator() as (user, console):
        await user.open("/e2e")
        grid = await the_grid(user)
        sent: list[Any] = []
        grid.patch = lambda changes: sent.extend(changes) or True  # type: ignore[method-assign]
        change = CellChange(1000, "gpt-4o", UserType.ANONYMOUS, CellStatus.FAILED, 1, 3, 40)
        console.e2e.cell_changed.emit(change)
        await until(lambda: sent)
        assert sent == [change]
        await user.should_see("3/40")


async def test_a_page_opened_late_shows_the_present_state():
    async with operator(running=True) as (user, _):
        await user.open("/e2e")
        await user.should_see("14/40", retries=20)


async def test_changes_that_come_while_it_loads_are_not_lost():
    async with operator() as (user, console):
        gate = asyncio.Event()
        read = console.e2e.matrix

        async def slow(**given: Any) -> Matrix:
            found = await read(**given)
            await gate.wait()
            return found

        console.e2e.matrix = slow
        await user.open("/e2e")
        changed = CellChange(1000, "gpt-4o", UserType.ANONYMOUS, CellStatus.FAILED, 1, 1, 40)
        await asyncio.sleep(0.05)
        console.e2e.cell_changed.emit(changed)
        await asyncio.sleep(0.05)
        gate.set()
        grid = await the_grid(user)
        row = next(r for r in grid._props["data"]["rows"] if r["key"] == "gpt-4o")
        assert row["codes"][0][-1] == "f"


async def test_a_new_launch_brings_its_column():
    async with operator() as (user, console):
        await user.open("/e2e")
        grid = await the_grid(user)
        before = len(grid._props["data"]["axis"]["columns"])
        read = console.e2e.matrix

        async def longer(**given: Any) -> Matrix:
            found = await read(**given)
            newest = replace(found.columns[-1], launch_no=1001)
            rows = tuple(
                replace(row, cells={user: codes + "p" for user, codes in row.cells.items()})
                for row in found.rows
            )
            return replace(found, columns=(*found.columns, newest), rows=rows)

        console.e2e.matrix = longer
        launch = await console.e2e.start(LaunchRequest())
        assert launch.launch_no == 1001
        await until(lambda: len(grid._props["data"]["axis"]["columns"]) == before + 1)
        console.e2e._timer.cancel()


async def test_a_cell_opens_in_the_drawer_with_all_its_parts():
    async with operator() as (user, _):
        await user.open("/e2e")
        grid = await the_grid(user)
        fire(grid, "open", {"no": 1000, "key": "qwen-max", "user": "anonymous"})
        await user.should_see("期间我方没有任何变化", retries=20)
        await user.should_see("复制证据", retries=20)


async def test_the_address_can_open_a_cell():
    async with operator() as (user, _):
        await user.open("/e2e?cell=12")
        await user.should_see("复制证据", retries=30)


async def test_a_cell_that_cannot_be_read_says_why_and_offers_a_retry():
    async with operator() as (user, console):
        await user.open("/e2e")
        grid = await the_grid(user)

        async def broken(*_: Any) -> None:
            raise StoreError("The database cannot be read")

        console.e2e.cell_at = broken
        fire(grid, "open", {"no": 1000, "key": "qwen-max", "user": "anonymous"})
        await user.should_see("无法读取此结果", retries=20)
        await user.should_see("重试", retries=20)


async def test_the_hover_card_is_answered():
    async with operator() as (user, _):
        await user.open("/e2e")
        grid = await the_grid(user)
        answers: list[Any] = []
        grid.facts = lambda place, lines: answers.append((place, lines))  # type: ignore[method-assign]
        fire(grid, "peek", {"no": 1000, "key": "qwen-max", "user": "anonymous"})
        await until(lambda: answers)
        place, lines = answers[0]
        assert place.model_key == "qwen-max"
        assert lines[-1][1] == "b" * 32


async def test_the_table_is_the_same_data_in_words():
    async with operator() as (user, _):
        await user.open("/e2e?mode=table")
        await until(lambda: the(user, DataTable) is not None)
        rows = the(user, DataTable)._props["rows"]
        assert len(rows) == 20
        assert rows[0]["model"].startswith(("ds-", "deepseek"))


async def test_nothing_mapped_is_said_and_leads_on():
    async with operator(bare=True) as (user, _):
        await user.open("/e2e")
        await user.should_see("无可判定", retries=20)


async def test_results_that_cannot_be_read_say_why_and_can_be_tried_again():
    async with operator() as (user, console):
        read = console.e2e.matrix

        async def broken(**_: Any) -> Matrix:
            raise StoreError("The database cannot be read")

        console.e2e.matrix = broken
        await user.open("/e2e")
        await user.should_see("The database cannot be read", retries=20)
        console.e2e.matrix = read
        user.find("重试").click()
        await the_grid(user)


async def test_a_single_launch_says_that_a_trend_needs_two():
    async with operator() as (user, console):

        async def one(**_: Any) -> list[Any]:
            return data.trend(1)

        async def two(**_: Any) -> list[Any]:
            return data.trend(2)

        console.e2e.trend = one
        await user.open("/e2e")
        await user.should_see("至少两次检测才有趋势", retries=20)
        console.e2e.trend = two
        await user.open("/e2e?window=7d")
        await user.should_not_see("至少两次检测才有趋势", retries=20)
