"""The list of load tests: filters in the address, a baseline, a comparison, a delete that asks."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from nicegui.testing import User

from components.primitives.big_table import BigTable
from components.primitives.status_dot import StatusDot
from db.engine import Database
from gymbro_ui.pages.loadtest.filters import Filters, address, read_filters
from services.loadtest.types import RunState
from services.settings.types import Env
from tests.support.builders import until
from tests.support.load_pages import load_operator, press
from tests.support.load_runs import PLAN, a_run, a_summary, write_run

PATH = "/simulator/load"


def rows(user: User) -> list[dict[str, Any]]:
    with user:
        (found,) = user.find(kind=BigTable).elements
        return json.loads(str(found.props["packed"]))


def fire(user: User, event: str, value: Any) -> None:
    (found,) = user.find(kind=BigTable).elements
    for listener in found._event_listeners.values():
        if listener.type == event:
            with user:
                found._handle_event({"listener_id": listener.id, "args": value})


def ids(user: User) -> list[str]:
    return [row["id"] for row in rows(user)]


async def test_the_list_shows_states_sums_thresholds_and_the_change_against_the_baseline(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        now = desk.clock.now()
        write_run(database, now - timedelta(hours=2), a_run(1, baseline=True))
        worse = a_run(2, state=RunState.FAILED, summary=a_summary(good=90, bad=10, ttft=400))
        write_run(database, now - timedelta(hours=1), worse)
        await user.open(PATH)
        await until(lambda: len(rows(user)) == 2)
        second, first = rows(user)
        assert (first["done"], first["bad"], first["limits"]["word"]) == ("100/100", "0", "守住")
        assert ["基线", "running"] in first["load_tags"]
        assert (second["bad"], second["limits"]["word"]) == ("10 · 10.0%", "超出")
        assert second["load_tags"][0][:2] == ["+300%", "failed"]
        assert second["ttft"] == "680 ms"


async def test_a_link_shows_the_same_runs_and_nothing_found_is_said(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        now = desk.clock.now()
        write_run(database, now, a_run(1))
        write_run(database, now, a_run(2, plan=replace(PLAN, models=("m-b",), message="别的")))
        write_run(database, now - timedelta(days=3), a_run(3, state=RunState.CANCELLED))
        for query, expected in (
            ("", [3, 2, 1]),
            ("?model=m-b", [2]),
            ("?state=cancelled", [3]),
            ("?window=24h", [2, 1]),
            ("?q=%E5%88%AB%E7%9A%84", [2]),
            ("?target=1", [3, 2, 1]),
            ("?target=7", []),
            ("?state=nonsense&window=9y", [3, 2, 1]),
        ):
            await user.open(PATH + query)
            wanted = [a_run(number).run_id for number in expected]
            await until(lambda wanted=wanted: ids(user) == wanted)


async def test_chosen_runs_are_compared_on_a_page_of_their_own(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        for number in (1, 2, 3):
            run = a_run(number, baseline=number == 2, summary=a_summary(ttft=100 * number))
            write_run(database, desk.clock.now(), run)
        await user.open(PATH)
        await until(lambda: len(rows(user)) == 3)
        fire(user, "pick", [a_run(3).run_id, a_run(2).run_id])
        press(user, "对比 2 次运行")
        await user.should_see("以 A 为准", retries=40)
        words = [str(dot.props["word"]) for dot in user.find(kind=StatusDot).elements]
        assert "+50% · 更差" in words
        assert "误差之内" in words
        await user.should_see("同一坐标轴")


async def test_plans_that_differ_are_told_and_one_run_cannot_be_compared(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        write_run(database, desk.clock.now(), a_run(1))
        write_run(database, desk.clock.now(), a_run(2, plan=replace(PLAN, users=50)))
        one, two = a_run(1).run_id, a_run(2).run_id
        await user.open(f"{PATH}/compare?runs={one},{two}")
        await user.should_see("计划在这些方面不同：用户", retries=40)
        await user.open(f"{PATH}/compare?runs={one}")
        await user.should_see("这些运行无法对比", retries=40)
        await user.should_see("请选择 2 到 4 次运行")
        await user.open(f"{PATH}/compare?runs={one},exe_nothing")
        await user.should_see("这些运行无法对比", retries=40)


async def test_a_run_is_marked_and_deleted_from_the_list_after_a_question(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        write_run(database, desk.clock.now(), a_run(1), [{}] * 3)
        await user.open(PATH)
        await until(lambda: len(rows(user)) == 1)
        run_id = a_run(1).run_id
        assert rows(user)[0]["can"] == ["mark", "delete"]
        fire(user, "act", {"id": run_id, "act": "mark"})
        await until(lambda: rows(user)[0]["load_tags"] == [["基线", "running"]])
        fire(user, "act", {"id": run_id, "act": "mark"})
        await until(lambda: rows(user)[0]["load_tags"] == [])
        fire(user, "act", {"id": run_id, "act": "delete"})
        await user.should_see("删除这次压测？", retries=40)
        press(user, "删除")
        await until(lambda: rows(user) == [])
        assert (await console.loadtest.runs(limit=5, offset=0))[0] == 0


def test_an_address_holds_every_choice_and_nothing_else() -> None:
    chosen = Filters("failed", "m/1", 3, "7d", "a & b")
    assert read_filters(address(chosen).partition("?")[2]) == chosen
    assert address(Filters()) == PATH
    assert Filters().is_plain
