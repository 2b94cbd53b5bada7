"""What a plan costs and which limits it meets, told before anything is sent."""

from dataclasses import replace

import pytest

from services.loadtest.forecast import OWN_FILES, Facts, foresee
from services.loadtest.types import Arrangement, LoadPlan, Stage

OWN = Facts("This console", is_self=True, is_production=False, is_loopback=True, models=("demo",),
            unlimited=frozenset({"demo"}), descriptor_limit=65_536)  # fmt: skip
FAR = Facts("Live", is_self=False, is_production=True, is_loopback=False, models=("gpt-4o", "xai"))


def test_a_small_run_against_the_demo_costs_its_calls_and_meets_nothing() -> None:
    found = foresee(LoadPlan(users=10, cap=200, requests=30), OWN)
    assert (found.calls, found.sign_ins, found.streams, found.expected_429) == (30, 5, 10, 0)
    assert (found.is_exact, found.is_self, found.duration_s) == (True, True, None)
    assert found.descriptors == 30 + OWN_FILES
    assert found.arrangement is Arrangement.IN_PROCESS
    assert [str(one) for one in found.warnings if "429" in str(one)] == []


def test_quota_of_each_family_is_held_against_all_signed_in_users() -> None:
    found = foresee(LoadPlan(users=10, cap=200, requests=1_000, sign_ins=4), replace(
        FAR, is_self=True, is_loopback=True, call_s=2.0))  # fmt: skip
    needs = {one.family: (one.needed, one.limit, one.room) for one in found.quotas}
    assert needs == {"gpt": (500, 20, 80), "xai": (500, 50, 200)}
    assert found.expected_429 == 420 + 300
    assert found.duration_s == 200


def test_streams_of_few_users_elsewhere_are_refused_and_said() -> None:
    found = foresee(LoadPlan(users=200, cap=200, requests=200), FAR)
    assert found.sign_ins == 10
    assert found.expected_429 >= 180  # 20 of 200 streams have a place
    assert found.needs_confirm == "Live"
    words = " ".join(str(one) for one in found.warnings)
    assert "20 streams open (2 each)" in words
    assert "production" in words
    assert not found.is_exact


@pytest.mark.parametrize(
    ("plan", "calls", "seconds"),
    [
        (LoadPlan(users=50, cap=50, rate=10.0, seconds=60), 600, 60),
        (LoadPlan(users=50, cap=50, rate=10.0, seconds=60, ramp_s=20), 500, 60),
        (LoadPlan(users=50, cap=50, rate=10.0, requests=101), 101, 10),
        (LoadPlan(users=50, cap=50, stages=(Stage(10, rate=10.0), Stage(10, rate=0.0)),
                  seconds=20), 100, 20),
    ],
)  # fmt: skip
def test_arrivals_by_the_clock_are_known_exactly(
    plan: LoadPlan, calls: int, seconds: float
) -> None:
    found = foresee(plan, OWN)
    assert (found.calls, found.duration_s) == (calls, pytest.approx(seconds))


def test_many_streams_work_apart_and_want_files() -> None:
    found = foresee(LoadPlan(users=1_000, cap=1_000), replace(OWN, descriptor_limit=1_024))
    assert found.arrangement is Arrangement.WORKER
    assert any("ulimit -n" in str(one) for one in found.warnings)


def test_users_over_the_cap_wait_and_it_is_said() -> None:
    found = foresee(LoadPlan(users=300, cap=200, requests=300), OWN)
    assert found.streams == 200
    assert any("100 users wait" in str(one) for one in found.warnings)


def test_requests_a_second_over_the_limit_of_the_users_are_told() -> None:
    found = foresee(LoadPlan(users=100, cap=100, rate=100.0, seconds=10, sign_ins=10), OWN)
    assert found.expected_429 == 800  # 20 of 100 streams have a place
    assert any("50 requests a second" in str(one) for one in found.warnings)
