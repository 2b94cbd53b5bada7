"""Plans in words, classes of replies, the schedule of arrivals, stop rules and verdicts."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from services.chat.types import Outcome, Reply, Timings
from services.foundation.errors import InputError
from services.loadtest import reading, rules, thresholds
from services.loadtest.schedule import Schedule
from services.loadtest.types import LoadPlan, Percentiles, SampleClass, Summary
from services.targets.types import Target

PLAN = LoadPlan(users=10, cap=200, requests=10)


def verdict(plan: LoadPlan, figures: Summary) -> object:
    return rules.verdict(replace(figures, thresholds=thresholds.results(plan, figures)))


def summary(**counts: int) -> Summary:
    return Summary(sum(counts.values()), counts, error_share=rules.error_share(counts))


def test_a_plan_of_users_alone_asks_once_each_under_the_cap_of_the_settings() -> None:
    plan = reading.read_plan({"users": 1000}, 200)
    assert (plan.users, plan.requests, plan.cap, plan.is_open) == (1000, 1000, 200, False)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "users"),
        ({"users": 0}, "users"),
        ({"users": 1001}, "users"),
        ({"users": True}, "users"),
        ({"users": 1, "rate": 0}, "rate"),
        ({"users": 1, "rate": float("nan")}, "rate"),
        ({"users": 1, "seconds": 3601}, "seconds"),
        ({"users": 1, "stop_error_share": 1.1}, "stop_error_share"),
        ({"users": 1, "models": "a"}, "models"),
        ({"users": 1, "models": [""]}, "models"),
        ({"users": 1, "user_type": "operator"}, "user_type"),
        ({"users": 1, "result_mode": "xml"}, "result_mode"),
        ({"users": 1, "user": 2}, "user"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        reading.read_plan(values, 200)
    assert refused.value.field == field


def test_a_production_target_wants_its_name_typed() -> None:
    target = Target(2, "Live", "http://x/api/v1", "http://x", is_production=True)
    with pytest.raises(InputError, match="production"):
        rules.check_target(PLAN, target)
    rules.check_target(replace(PLAN, confirm="Live"), target)
    rules.check_target(PLAN, replace(target, is_production=False))


def test_sign_ins_are_far_fewer_than_calls() -> None:
    many = LoadPlan(users=1000, cap=200, requests=100_000)
    assert rules.sign_in_budget(many, is_self=True) == 100
    assert rules.sign_in_budget(many, is_self=False) == 10
    assert rules.sign_in_budget(replace(many, sign_ins=3), is_self=True) == 3


def test_arrivals_come_evenly_and_slower_while_the_rate_grows() -> None:
    plan = LoadPlan(users=10, cap=10, rate=10.0)
    assert [Schedule(plan).due_s(no) for no in (0, 1, 20)] == [0.0, 0.1, 2.0]
    ramped = Schedule(replace(plan, ramp_s=2.0))  # 10 arrivals while the rate grows
    due = [ramped.due_s(no) or 0.0 for no in range(21)]
    assert (due[0], due[10], due[20]) == (0.0, pytest.approx(2.0), pytest.approx(3.0))
    gaps = [later - before for before, later in pairwise(due[:11])]
    assert gaps == sorted(gaps, reverse=True)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(Outcome.COMPLETED, "r"), SampleClass.SUCCESS),
        (Reply(Outcome.REFUSED, "r", status=429), SampleClass.RATE_LIMITED),
        (Reply(Outcome.STREAM_REFUSED, "r", status=429), SampleClass.RATE_LIMITED),
        (Reply(Outcome.ERROR_EVENT, "r", error="upstream_http_429"), SampleClass.RATE_LIMITED),
        (Reply(Outcome.ERROR_EVENT, "r", error="upstream_http_500"), SampleClass.ERRORED),
        (Reply(Outcome.REFUSED, "r", status=401), SampleClass.ERRORED),
        (Reply(Outcome.UNREACHABLE, "r"), SampleClass.ERRORED),
        (Reply(Outcome.INCOMPLETE, "r"), SampleClass.INCOMPLETE),
        (Reply(Outcome.DEADLINE, "r"), SampleClass.ERRORED),
        (
            Reply(Outcome.DEADLINE, "r", timings=Timings(first_event_ms=5)),
            SampleClass.INCOMPLETE,
        ),
    ],
)
def test_each_way_a_call_ends_has_one_class(reply: Reply, expected: SampleClass) -> None:
    assert rules.classify(reply) is expected


def test_limited_calls_are_no_errors() -> None:
    assert rules.error_share({"success": 3, "errored": 1, "rate_limited": 96}) == 0.25
    assert rules.error_share({"rate_limited": 5}) == 0.0


def test_a_share_stops_a_run_only_when_enough_was_judged() -> None:
    plan = replace(PLAN, stop_error_share=0.1)
    assert rules.stop_reason(plan, summary(errored=19)) is None
    assert rules.stop_reason(plan, summary(errored=3, success=17)) is not None
    assert rules.stop_reason(plan, summary(errored=2, success=18)) is None
    assert rules.stop_reason(replace(PLAN, stop_errors=1), summary(incomplete=1)) is not None


def test_a_slow_first_text_stops_and_breaks() -> None:
    plan = replace(PLAN, stop_p95_ttft_ms=100)
    slow = replace(summary(success=20), ttft=Percentiles(20, 50, 90, 101, 120, 130))
    assert rules.stop_reason(plan, slow) is not None
    assert verdict(plan, slow) is not None
    assert verdict(PLAN, slow) is None


def test_without_a_threshold_five_percent_hold_and_no_success_never_does() -> None:
    assert verdict(PLAN, summary(success=95, errored=5)) is None
    assert verdict(PLAN, summary(success=94, errored=6)) is not None
    assert str(verdict(PLAN, summary(rate_limited=5))) == "No call succeeded"
