"""The answer in the head, freshness, the dots, the latest runs, the first steps."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from components.dashboard.dots import entries
from components.dashboard.first_steps import start_text
from components.dashboard.freshness import fresh_until, interval_of, is_stale
from components.dashboard.supplier_form import SupplierDraft
from components.dashboard.works import answer_of
from components.executions.rows import list_row, result_text, state_looks, took_text
from components.words import speaking
from services.e2e.types import CellStatus, Health
from services.executions.types import Execution, ExecutionState, Trigger
from services.schedules.types import DailyAt, Every
from tests.support.e2e_views import NOW, a_health, a_schedule


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


EMPTY = Health((), (), 0, 0, 0, None, None)


def all_good() -> Health:
    health = a_health(6)
    dots = tuple(replace(dot, status=CellStatus.OK) for dot in health.dots)
    return replace(health, dots=dots, judged=12, good=12, not_judged=0)


def test_everything_good_is_green_with_its_share():
    answer = answer_of(all_good())
    assert (answer.tone, answer.figure) == ("ok", "12/12")


def test_one_bad_cell_makes_the_answer_as_bad_as_itself():
    answer = answer_of(a_health(24))
    assert answer.tone == "failed"
    assert answer.figure != "48/48"


def test_zero_mapped_models_are_never_green():
    answer = answer_of(EMPTY)
    assert (answer.tone, answer.figure, answer.word) == ("none", "–", "Nothing to judge")


def test_mapped_but_never_judged_is_never_green():
    assert answer_of(replace(EMPTY, mapped=("m",))).tone == "none"


def test_nothing_judged_because_sign_in_failed_shows_that():
    health = a_health(2)
    dots = tuple(replace(dot, status=CellStatus.SIGNIN_FAILED) for dot in health.dots)
    answer = answer_of(replace(health, dots=dots, judged=0, good=0, not_judged=4))
    assert answer.tone == "signin"


def test_sign_in_down_turns_the_answer_red_even_if_the_judged_ones_are_good():
    health = all_good()
    dots = (
        *health.dots[:6],
        *(replace(d, status=CellStatus.SIGNIN_FAILED) for d in health.dots[6:]),
    )
    down = replace(health, dots=dots, judged=6, good=6, sign_in_down="anonymous_auth_failed")
    assert answer_of(down).tone == "signin"


def test_a_verdict_turns_stale_ten_percent_after_its_interval():
    view = a_schedule()
    judged = NOW - timedelta(hours=3)
    assert interval_of(view) == timedelta(hours=3)
    assert fresh_until(judged, view) == judged + timedelta(hours=3, minutes=18)
    assert not is_stale(judged, view, NOW)
    assert is_stale(judged, view, NOW + timedelta(minutes=19))
    assert not is_stale(None, view, NOW)


def test_a_daily_check_stays_fresh_for_a_day():
    view = replace(a_schedule(), rule=DailyAt(time(5, 0)))
    assert interval_of(view) == timedelta(days=1)
    assert interval_of(replace(view, rule=Every(24))) == timedelta(days=1)


def test_problems_stand_first_and_every_mapped_model_has_an_entry():
    health = a_health(24)
    found = entries(health, a_schedule())
    assert {one["key"] for one in found} == set(health.mapped)
    assert found[0]["dots"][0]["tone"] == "failed"
    assert found[-1]["dots"][0]["tone"] == "ok"


def test_a_model_without_a_verdict_is_hollow_and_cannot_be_opened():
    (entry,) = entries(replace(EMPTY, mapped=("new",)), a_schedule())
    assert [dot["id"] for dot in entry["dots"]] == [0, 0]
    assert [dot["tone"] for dot in entry["dots"]] == ["none", "none"]


def test_dots_of_unmapped_models_are_left_out():
    health = a_health(3)
    assert len(entries(replace(health, mapped=health.mapped[:1]), a_schedule())) == 1


def a_run(**changes: object) -> Execution:
    run = Execution(
        1,
        "exe_1",
        "e2e",
        "E2E",
        ExecutionState.SUCCEEDED,
        Trigger.SCHEDULE,
        done=40,
        total=40,
        started_at=NOW - timedelta(seconds=95),
        finished_at=NOW,
        meta={"judged": 38, "good": 35},
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def test_a_run_that_ended_with_three_red_models_is_finished_and_says_three():
    row = list_row(a_run(), {}, "UTC", NOW)
    assert state_looks()[row["state"]]["word"] == "Finished"
    assert row["result"] == "40 of 40 · 3 ✕"
    assert row["took"] == "1 m 35 s"


def test_a_running_one_counts_on():
    run = a_run(status=ExecutionState.RUNNING, finished_at=None, done=4, meta={})
    assert took_text(run, NOW) == "1 m 35 s"
    assert result_text(run) == "4 of 40"


def test_one_that_never_started_has_no_time():
    assert took_text(a_run(started_at=None, finished_at=None), NOW) == "–"
    assert result_text(a_run(total=0, meta={}, error="")) == "–"


def test_the_first_run_names_its_price():
    assert start_text(2, 10) == "Run first E2E · 2 conversations · about 10 s"
    assert start_text(1, None) == "Run first E2E · 1 conversation · about 5 s"
    assert start_text(80, None).endswith("about 7 min")


def test_a_supplier_is_named_after_its_host():
    assert SupplierDraft("https://api.deepseek.com/v1", "openai", "k").name == "api.deepseek.com"
