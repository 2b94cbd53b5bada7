"""From a run's page to its column of the matrix and back, and what is said when there is none."""

from dataclasses import replace
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.e2e.matrix import MatrixGrid
from components.executions.facts import Facts
from components.primitives.drawer import Drawer
from components.primitives.toast import Toasts
from services.executions.types import ExecutionState
from tests.support.builders import until
from tests.support.pages import operator


def the(user: User, kind: type[Any]) -> Any:
    with user:
        return next(iter(ElementFilter(kind=kind)), None)


async def test_a_run_leads_to_its_column_and_the_worst_cell_leads_back() -> None:
    async with operator() as (user, console):
        console.executions._all[0] = replace(
            console.executions._all[0], execution_id="exe_940", meta={"launch_no": 940}
        )
        await user.open("/executions/exe_940")
        await until(lambda: the(user, Facts) is not None and the(user, Facts)._props["facts"])
        (fact,) = (one for one in the(user, Facts)._props["facts"] if one["name"] == "批次")
        assert (fact["text"], fact["href"]) == ("矩阵中的 #940", "/e2e?launch=exe_940")
        await user.open(fact["href"])
        await until(lambda: the(user, MatrixGrid) is not None)
        grid = the(user, MatrixGrid)
        assert 940 in [column["no"] for column in grid._props["data"]["axis"]["columns"]]
        assert len(grid._props["data"]["axis"]["columns"]) > 48  # wider than what is shown else
        assert grid._props["asked"] == 940
        await until(lambda: the(user, Drawer).is_open)
        await user.should_see("此次执行", retries=20)
        with user:
            links = [one._props["href"] for one in ElementFilter(kind=ui.link)]
        assert any(link.startswith("/executions/exe_") for link in links)


async def test_a_run_under_way_leads_to_its_column_too() -> None:
    async with operator(running=True) as (user, console):
        await user.open("/executions/exe_102")
        await until(lambda: the(user, Facts) is not None and the(user, Facts)._props["facts"])
        facts = {one["text"]: one["href"] for one in the(user, Facts)._props["facts"]}
        assert facts["在矩阵中查看"] == "/e2e?launch=exe_102"
        over = replace(console.executions.running()[0], status=ExecutionState.FAILED, seq=200)
        console.executions.changed.emit(over)  # it made no launch
        await until(
            lambda: "在矩阵中查看" not in [o["text"] for o in the(user, Facts)._props["facts"]]
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "此次执行没有对应的列"),
        (
            {"target_id": 2, "target": "https://api.gymbro.example"},
            "另一个服务：https://api.gymbro",
        ),
        ({"launch_no": 1}, "此次执行早于矩阵可显示的范围"),
    ],
)
async def test_a_run_without_a_column_is_told_why(change: dict[str, Any] | None, said: str) -> None:
    async with operator() as (user, console):
        found = await console.e2e.launch_of("exe_990")

        async def launch_of(_: str) -> Any:
            return None if change is None else replace(found, **change)

        console.e2e.launch_of = launch_of
        await user.open("/e2e?launch=exe_990")
        await until(lambda: the(user, Toasts) and the(user, Toasts)._props["items"])
        assert said in the(user, Toasts)._props["items"][0]["text"]
        assert the(user, MatrixGrid)._props["asked"] == 0
