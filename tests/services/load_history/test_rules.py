"""What a change means: chance is told from a difference, plans that ask the same are the same."""

from dataclasses import replace

import pytest

from services.load_history import rules
from services.load_history.types import RunFilter, Trend
from services.loadtest.rows import plan_values
from services.loadtest.types import Percentiles, Stage, Threshold
from tests.support.load_runs import PLAN, a_run, a_summary


def trends(mine: object, base: object) -> dict[str, Trend]:
    found = rules.compare([base, mine], 0)  # pyright: ignore[reportArgumentType]
    return {one.key: one.changes[1].trend for one in found.measures if one.changes[1]}


def test_a_run_like_the_other_is_the_same_within_noise() -> None:
    found = trends(a_run(1, summary=a_summary(ttft=103)), a_run(2))
    assert set(found.values()) == {Trend.SAME}


def test_times_twice_as_long_are_worse_and_half_as_long_better() -> None:
    found = trends(a_run(1, summary=a_summary(ttft=200)), a_run(2))
    assert found["ttft_p50"] is found["total_p50"] is found["gaps_p50"] is Trend.WORSE
    found = trends(a_run(1, summary=a_summary(ttft=40)), a_run(2))
    assert found["ttft_p50"] is found["ttft_p95"] is Trend.BETTER
    assert found["rate"] is Trend.SAME


def test_a_few_calls_are_too_little_for_a_word() -> None:
    found = trends(a_run(1, summary=a_summary(good=4, ttft=400)), a_run(2))
    assert found["ttft_p95"] is found["success_share"] is Trend.UNKNOWN


def test_twenty_calls_do_not_prove_a_late_percentile_that_a_thousand_do() -> None:
    few = trends(
        a_run(1, summary=a_summary(good=20, ttft=125)), a_run(2, summary=a_summary(good=20))
    )
    many = trends(
        a_run(1, summary=a_summary(good=5_000, ttft=125)),
        a_run(2, summary=a_summary(good=5_000)),
    )
    assert (few["ttft_p95"], many["ttft_p95"]) == (Trend.SAME, Trend.WORSE)


def test_sixty_calls_say_nothing_of_a_p99_that_moved_a_little_but_of_one_that_doubled() -> None:
    base = a_run(2, summary=a_summary(good=60))
    moved = a_run(1, summary=a_summary(good=60, ttft=140))
    doubled = a_run(1, summary=a_summary(good=60, ttft=220))
    assert trends(moved, base)["ttft_p99"] is Trend.SAME
    assert trends(doubled, base)["ttft_p99"] is Trend.WORSE


def test_more_failures_are_worse_and_fewer_calls_a_second_too() -> None:
    found = trends(a_run(1, summary=a_summary(good=60, bad=40)), a_run(2))
    assert found["error_share"] is found["success_share"] is found["goodput"] is Trend.WORSE
    assert found["limited_share"] is Trend.SAME


def test_a_run_without_figures_is_shown_without_a_word() -> None:
    found = rules.compare([a_run(1), a_run(2, summary=None)], 0)
    assert all(one.values[1] is None for one in found.measures)
    assert {one.changes[1].trend for one in found.measures if one.changes[1]} == {Trend.UNKNOWN}


def test_changes_are_told_against_the_chosen_base() -> None:
    found = rules.compare([a_run(1, summary=a_summary(ttft=50)), a_run(2)], 1)
    ttft = next(one for one in found.measures if one.key == "ttft_p50")
    assert ttft.changes[1] is None
    assert ttft.changes[0] is not None
    assert ttft.changes[0].share == pytest.approx(-0.5)


def test_a_quantile_lies_straight_between_the_known_ones() -> None:
    values = Percentiles(100, 100, 180, 190, 198, 200)
    assert rules.quantile(values, 0.5) == 100
    assert rules.quantile(values, 0.7) == pytest.approx(140)
    assert rules.quantile(values, 1.0) == 200
    assert rules.quantile(Percentiles(), 0.5) is None
    low, high = rules.bounds(values, 0.5)
    assert low < 100 < high
    wide = rules.bounds(replace(values, count=10), 0.5)
    assert wide[0] < low
    assert wide[1] > high


@pytest.mark.parametrize(
    "change",
    [{"users": 11}, {"requests": 99}, {"models": ("m-b",)}, {"rate": 5.0}, {"message": "other"},
     {"stages": (Stage(10, 5),)}, {"cap": 10}],
)  # fmt: skip
def test_another_load_has_another_baseline(change: dict[str, object]) -> None:
    other = replace(PLAN, **change)  # pyright: ignore[reportArgumentType]
    assert not rules.same_load(plan_values(PLAN), plan_values(other))
    assert rules.differences([a_run(1), a_run(2, plan=other)]) == tuple(change)


def test_limits_stop_rules_and_sign_ins_do_not_change_the_load() -> None:
    other = replace(
        PLAN, stop_errors=3, thresholds=(Threshold("error_share", 0.1),), sign_ins=2, timeout_s=9,
        confirm="x",
    )  # fmt: skip
    assert rules.same_load(plan_values(PLAN), plan_values(other))


def test_a_plan_kept_by_an_earlier_version_without_new_fields_is_the_same() -> None:
    kept = {name: value for name, value in plan_values(PLAN).items() if name != "stages"}
    assert rules.same_load(plan_values(PLAN), kept)


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [
        (RunFilter(), True),
        (RunFilter(model="m-a"), True),
        (RunFilter(model="m-b"), False),
        (RunFilter(text="HELLO"), True),
        (RunFilter(text="exe_1"), True),
        (RunFilter(text="127.0"), True),
        (RunFilter(text="broke"), True),
        (RunFilter(text="nothing like that"), False),
    ],
)
def test_a_search_looks_at_id_target_models_message_and_error(
    wanted: RunFilter, is_found: bool
) -> None:
    values = plan_values(PLAN)
    assert rules.is_wanted(wanted, "exe_1", "http://127.0.0.1", values, "it broke") is is_found


def test_a_run_of_all_models_is_found_by_any_model() -> None:
    values = plan_values(replace(PLAN, models=()))
    assert rules.is_wanted(RunFilter(model="m-z"), "exe_1", "", values, "")
