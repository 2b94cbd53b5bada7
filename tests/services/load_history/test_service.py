"""Kept load tests are found, paged, compared, marked and deleted, the same on both stores."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, func, select

from db.engine import Database
from db.tables.load_runs import PromptTestRow
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.load_history.service import LoadHistory
from services.load_history.types import RunFilter, SampleFilter, SampleOrder, Trend
from services.loadtest.types import RunState, SampleClass
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.load_desk import LoadDesk
from tests.support.load_runs import PLAN, a_run, a_summary, write_run
from tests.support.postgres import both_stores


@pytest.fixture
def history(store: Database, env: Env) -> LoadHistory:
    return LoadHistory(store, LoadDesk(store, env).loadtest)


def ids(*numbers: int) -> list[str]:
    return [a_run(number).run_id for number in numbers]


async def found(
    history: LoadHistory, wanted: RunFilter, limit: int = 50, offset: int = 0
) -> list[str]:
    page = await history.page(wanted, limit=limit, offset=offset)
    return [one.run.run_id for one in page.rows]


@both_stores
async def test_runs_are_found_by_state_model_target_time_and_text_page_by_page(
    store: Database, history: LoadHistory, clock: FakeClock
) -> None:
    now = clock.now()
    write_run(store, now - timedelta(days=9), a_run(1))
    other = replace(PLAN, models=("m-b",), message="你好 100%")
    write_run(store, now - timedelta(hours=2), a_run(2, plan=other, target_id=2))
    broken = a_run(3, state=RunState.FAILED, error="a limit broke")
    write_run(store, now - timedelta(hours=1), broken)
    assert await found(history, RunFilter()) == ids(3, 2, 1)
    assert await found(history, RunFilter(states=(RunState.FAILED,))) == ids(3)
    assert await found(history, RunFilter(model="m-b")) == ids(2)
    assert await found(history, RunFilter(target_id=2)) == ids(2)
    assert await found(history, RunFilter(text="你好")) == ids(2)
    assert await found(history, RunFilter(text="LIMIT")) == ids(3)
    assert await found(history, RunFilter(created_from=now - timedelta(days=1))) == ids(3, 2)
    assert await found(history, RunFilter(created_to=now - timedelta(days=1))) == ids(1)
    assert await found(history, RunFilter(), limit=1, offset=1) == ids(2)
    page = await history.page(RunFilter(), limit=1, offset=0)
    assert page.total == 3
    assert page.rows[0].run.timeline == ()  # lists leave it where it is


@both_stores
async def test_calls_are_paged_filtered_searched_and_ordered(
    store: Database, history: LoadHistory, clock: FakeClock
) -> None:
    calls: list[dict[str, object]] = [{} for _ in range(250)]
    calls[9] = {"sample_class": "errored", "error": "upstream_timeout", "response_message": ""}
    calls[19] = {"model": "m-b", "total_ms": 9_999.0, "response_message": "50%_off"}
    calls[29] = {"ttft_ms": None, "sample_class": "incomplete"}
    write_run(store, clock.now(), a_run(1), calls)
    (run_id,) = ids(1)

    async def numbers(
        wanted: SampleFilter, limit: int = 3, offset: int = 0
    ) -> tuple[int, list[int]]:
        page = await history.samples(run_id, wanted, limit=limit, offset=offset)
        return page.total, [one.sample.no for one in page.rows]

    assert await numbers(SampleFilter()) == (250, [1, 2, 3])
    assert await numbers(SampleFilter(), 100, 200) == (250, list(range(201, 251)))
    assert await numbers(SampleFilter(model="m-b")) == (1, [20])
    assert await numbers(SampleFilter(sample_class=SampleClass.ERRORED)) == (1, [10])
    assert await numbers(SampleFilter(text="TIMEOUT")) == (1, [10])
    assert await numbers(SampleFilter(text="%_")) == (1, [20])  # no wildcards
    assert await numbers(SampleFilter(text="req-7")) == (11, [7, 70, 71])
    assert await numbers(SampleFilter(order=SampleOrder.SLOWEST)) == (250, [20, 250, 249])
    assert await numbers(SampleFilter(order=SampleOrder.FIRST_TEXT)) == (250, [250, 249, 248])
    _, last = await numbers(SampleFilter(order=SampleOrder.FIRST_TEXT), 1, 249)
    assert last == [30]  # without a first text: at the end
    assert await history.models(run_id) == ["m-a", "m-b"]
    sheet = await history.export(run_id, "csv", SampleFilter(text="req-7"))
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode().lstrip("\ufeff"))))
    assert len(lines) == 11
    assert {line["request_id"][:5] for line in lines} == {"req-7"}
    slowest = await history.export(run_id, "json", SampleFilter(order=SampleOrder.SLOWEST))
    assert [one["no"] for one in json.loads(slowest.content)["results"]][:2] == [20, 250]
    assert (await history.sample(run_id, 20)).sample.reply_text == "50%_off"
    with pytest.raises(NotFoundError):
        await history.sample(run_id, 999)


@both_stores
async def test_one_run_is_the_baseline_of_its_plan_and_the_others_are_told_against_it(
    store: Database, history: LoadHistory, clock: FakeClock
) -> None:
    heard: list[str] = []
    history.changed.subscribe(heard.append)
    write_run(store, clock.now(), a_run(1))
    write_run(store, clock.now(), a_run(2, summary=a_summary(ttft=400)))
    write_run(store, clock.now(), a_run(3, plan=replace(PLAN, users=20)))
    first, second, third = ids(1, 2, 3)
    await history.set_baseline(first)
    await history.set_baseline(third)  # another plan: both stay
    page = await history.page(RunFilter(), limit=9, offset=0)
    marks = {one.run.run_id: one.run.baseline for one in page.rows}
    assert marks == {first: True, second: False, third: True}
    change = next(one.change for one in page.rows if one.run.run_id == second)
    assert change is not None
    assert change.trend is Trend.WORSE
    assert change.share == pytest.approx(3.0)
    await history.set_baseline(second)
    assert {one.run.run_id for one in (await history.page(RunFilter(), limit=9, offset=0)).rows
            if one.run.baseline} == {second, third}  # fmt: skip
    await history.unset_baseline(second)
    assert heard == [first, third, second, second]
    base = await history.baseline_of(page.rows[1].run)
    assert base is None


@both_stores
async def test_two_to_four_runs_are_compared_against_the_baseline_among_them(
    store: Database, history: LoadHistory, clock: FakeClock
) -> None:
    for number in range(1, 6):
        write_run(store, clock.now(), a_run(number, baseline=number == 2))
    compared = await history.compare(ids(1, 2, 3))
    assert compared.base == 1
    assert [run.run_id for run in compared.runs] == ids(1, 2, 3)
    assert len(compared.runs[0].timeline) == 5
    assert (await history.compare(ids(4, 3))).base == 0
    for wrong in (ids(1), ids(1, 1), ids(1, 2, 3, 4, 5)):
        with pytest.raises(InputError):
            await history.compare(wrong)
    with pytest.raises(NotFoundError):
        await history.compare([*ids(1), "exe_unknown"])


@both_stores
async def test_a_run_is_deleted_with_its_calls_alone(
    store: Database, history: LoadHistory, clock: FakeClock
) -> None:
    write_run(store, clock.now(), a_run(1), [{}] * 5)
    write_run(store, clock.now(), a_run(2), [{}] * 3)
    await history.delete(ids(1)[0])
    assert await found(history, RunFilter()) == ids(2)

    def count(session: Session) -> int:
        return session.exec(select(func.count()).select_from(PromptTestRow)).one()

    assert store.read_now(count) == 3


async def test_what_runs_or_never_succeeded_is_no_baseline_and_not_deleted(
    database: Database, env: Env, clock: FakeClock
) -> None:
    history = LoadHistory(database, LoadDesk(database, env).loadtest)
    write_run(database, clock.now(), a_run(1, state=RunState.RUNNING))
    write_run(database, clock.now(), a_run(2, summary=a_summary(good=0, bad=5)))
    running, broken = ids(1, 2)
    with pytest.raises(ConflictError):
        await history.set_baseline(running)
    with pytest.raises(ConflictError):
        await history.delete(running)
    with pytest.raises(ConflictError):
        await history.set_baseline(broken)
