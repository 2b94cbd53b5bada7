"""A run's page: figures that move and end, sums, calls page by page, one call whole, exports, cancel."""

import asyncio
import csv
import io
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.loadtest.samples import Samples
from components.primitives.data_table import DataTable
from components.primitives.drawer import Drawer
from db.engine import Database
from gymbro_ui.api import load_export
from services.executions.types import ExecutionState
from services.load_history.types import SampleOrder
from services.loadtest.types import RunState, SampleClass
from services.settings.types import Env
from tests.support.builders import until
from tests.support.load_pages import load_operator, press, rows_by, table
from tests.support.load_runs import a_run, write_run
from tests.support.upstream import failing, good, no_terminal, refused

PATH = "/simulator/load"


def label(user: User, marker: str) -> str:
    with user:
        shown = [one for one in ElementFilter(kind=ui.label, marker=marker) if one.visible]
    return shown[0].text if shown else ""


async def opened(user: User, name: str, row_id: str) -> None:
    (found,) = [one for one in user.find(kind=DataTable).elements if one.props["name"] == name]
    with user:
        assert found._on_open is not None
        result = found._on_open(row_id)
        if result is not None:
            await result


async def test_figures_move_while_it_runs_and_a_cancel_is_told_with_what_was_kept(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, upstream):
        upstream.play("slow", good(ttft_s=0.4))
        upstream.models = ["slow"]
        begun = await desk.begin(users=4, cap=2, seconds=30)
        await user.open(f"{PATH}/{begun.execution_id}")
        await user.should_see("运行中", retries=40)
        await user.should_see("最多并发 2", retries=60)  # the queue behind the cap
        await until(lambda: label(user, "load-flow").startswith("2 个进行中 · 2 个等待"), 10)
        first = rows_by(user, "按类别统计的调用", "id")["success"]["count"]
        await until(lambda: rows_by(user, "按类别统计的调用", "id")["success"]["count"] != first, 5)
        await console.executions.cancel(begun.execution_id)
        await desk.executions.wait(begun.execution_id)
        await user.should_see("已取消：", retries=60)
        run = await console.loadtest.run(begun.execution_id)
        assert run.summary is not None
        assert label(user, "load-sum").startswith(f"合计 {run.summary.requested} = 请求")
        assert f"已保存 {run.stored}" in label(user, "load-sum")


async def test_of_three_hundred_users_two_hundred_are_in_flight_and_the_rest_is_shown_waiting(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, upstream):
        upstream.play("slow", good(ttft_s=60))
        upstream.models = ["slow"]
        begun = await desk.begin(users=300, requests=300, sign_ins=2)
        await user.open(f"{PATH}/{begun.execution_id}")
        await user.should_see(marker="load-flow", retries=100)
        await until(
            lambda: label(user, "load-flow") == "200 个进行中 · 100 个等待（最多并发 200）", 30
        )
        await console.executions.cancel(begun.execution_id)
        await desk.executions.wait(begun.execution_id)
        run = await console.loadtest.run(begun.execution_id)
        assert run.summary is not None
        assert sum(run.summary.counts.values()) == run.summary.requested == 300
        assert run.summary.counts["cancelled"] == run.summary.peak_in_flight == 200


async def test_classes_errors_with_advice_and_thresholds_stand_in_words(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, upstream):
        upstream.play("ok", good())
        upstream.play("bad", failing())
        upstream.play("cut", no_terminal())
        upstream.play("limited", refused(429, "rate_limit_exceeded", retry_after="1"))
        upstream.models = ["ok", "bad", "cut", "limited"]
        _, run = await desk.load(users=4, requests=40)
        await user.open(f"{PATH}/{run.run_id}")
        await user.should_see("超出限制：", retries=40)
        counts = {key: row["count"] for key, row in rows_by(user, "按类别统计的调用", "id").items()}
        assert counts == {
            "success": "10", "incomplete": "10", "errored": "10", "rate_limited": "10",
            "cancelled": "0", "not_started": "0",
        }  # fmt: skip
        errors = table(user, "按种类统计的错误")
        assert sum(int(row["count"]) for row in errors) == 30
        limited = next(row for row in errors if "rate_limit" in row["kind"])
        assert "多登录几个用户" in limited["advice"]
        await opened(user, "按种类统计的错误", limited["id"])
        await user.should_see("rate_limit_exceeded · HTTP 429")
        (held,) = table(user, "阈值")
        assert (held["what"], held["state"]["word"]) == ("失败的调用 ≤ 5%", "超出")
        assert held["value"] == "66.7%"


async def test_calls_are_shown_page_by_page_filtered_and_opened_whole(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        calls: list[dict[str, Any]] = [{} for _ in range(120)]
        calls[6] |= {
            "sample_class": "errored", "error": "upstream_timeout", "error_text": "<b>late</b>",
            "response_message": "", "total_ms": 9000.0, "status": 504, "message_id": "m" * 32,
        }  # fmt: skip
        write_run(database, desk.clock.now(), a_run(1, target_id=1), calls)
        await user.open(f"{PATH}/{a_run(1).run_id}")
        await user.should_see("第 1–50 条，共 120 条", retries=40)
        (samples,) = user.find(kind=Samples).elements
        with user:
            await samples._after()
            await samples._after()
        assert label(user, "load-count") == "第 101–120 条，共 120 条"
        with user:
            await samples._want(order=SampleOrder.SLOWEST)
        assert table(user, "调用")[0]["no"] == "7"
        with user:
            await samples._want(sample_class=SampleClass.ERRORED)
        assert [row["no"] for row in table(user, "调用")] == ["7"]
        await opened(user, "调用", "7")
        await user.should_see("<b>late</b>")  # as text
        await user.should_see("upstream_timeout · HTTP 504")
        await user.should_see("m" * 32)
        await user.should_see("本控制台网关的记录")
        assert any(drawer.is_open for drawer in user.find(kind=Drawer).elements)


async def test_a_run_that_ended_before_any_call_says_why(database: Database, env: Env) -> None:
    async with load_operator(database, env) as (user, _console, desk, upstream):
        upstream.models = []
        ended, run = await desk.load(users=2, requests=2)
        assert (ended.status, run.state) == (ExecutionState.FAILED, RunState.FAILED)
        await user.open(f"{PATH}/{run.run_id}")
        await user.should_see("未能开始：", retries=40)
        assert table(user, "调用") == []


async def test_the_baseline_is_set_and_taken_off_on_the_page(database: Database, env: Env) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        write_run(database, desk.clock.now(), a_run(1))
        await user.open(f"{PATH}/{a_run(1).run_id}")
        await user.should_see("设为基线", retries=40)
        press(user, "设为基线")
        await user.should_see("不再作为基线", retries=40)
        assert (await console.loadtest.run(a_run(1).run_id)).baseline
        press(user, "不再作为基线")
        await user.should_see("设为基线", retries=40)


@pytest.mark.parametrize("key", ["exe_nothing", "exe_<b>", "12"])
async def test_a_run_nobody_knows_is_said_to_be_none(
    database: Database, env: Env, key: str
) -> None:
    async with load_operator(database, env) as (user, *_):
        await user.open(f"{PATH}/{key}")
        await user.should_see("没有这次压测", retries=40)


async def test_the_exports_of_the_page_hold_every_call_of_a_thousand(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        calls = [{"response_message": "=1+1"} for _ in range(1000)]
        write_run(database, desk.clock.now(), a_run(1), calls)
        run_id = a_run(1).run_id
        await user.open(f"{PATH}/{run_id}")
        await user.should_see("共 1,000 条", retries=40)
        links = [str(b.props.get("href", "")) for b in user.find(kind=ui.button).elements]
        assert f"{PATH}/{run_id}/export.csv" in links
        app = FastAPI()
        app.include_router(load_export.router(console))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            sheet = await http.get(f"{PATH}/{run_id}/export.csv")
            document = await http.get(f"{PATH}/{run_id}/export.json")
            missing = await http.get(f"{PATH}/{run_id[:-1]}9/export.json")
        lines = list(csv.DictReader(io.StringIO(sheet.text.lstrip("\ufeff"))))
        assert len(lines) == 1000
        assert all(cell != "=1+1" for cell in lines[0].values())
        assert len(json.loads(document.text)["results"]) == 1000
        assert "attachment" in sheet.headers["content-disposition"]
        assert missing.status_code == 404


async def test_the_page_follows_a_run_to_its_end_without_being_asked(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, upstream):
        upstream.play("slow", good(ttft_s=0.2))
        upstream.models = ["slow"]
        begun = await desk.begin(users=2, requests=12)
        await user.open(f"{PATH}/{begun.execution_id}")
        await asyncio.wait_for(desk.executions.wait(begun.execution_id), 30)
        await user.should_see("12 次调用中 12 次成功", retries=60)
        await user.should_see("第 1–12 条，共 12 条", retries=60)
