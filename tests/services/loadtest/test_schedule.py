"""Users and arrivals by stages: levels rise and fall evenly, nothing begins outside of them."""

import math

import pytest

from services.loadtest.schedule import Schedule
from services.loadtest.types import LoadPlan, Stage


def stages(*pairs: tuple[float, float], rate: bool = False) -> LoadPlan:
    made = tuple(
        Stage(seconds, rate=level) if rate else Stage(seconds, users=int(level))
        for seconds, level in pairs
    )
    return LoadPlan(users=100, cap=100, stages=made, seconds=sum(one.seconds for one in made))


def test_users_come_evenly_stay_and_go() -> None:
    schedule = Schedule(stages((10, 10), (10, 10), (10, 0)))
    assert schedule.begins_at_s(0, 0.0) == 0.0
    assert schedule.begins_at_s(5, 0.0) == pytest.approx(5.0)
    assert schedule.begins_at_s(5, 12.0) == 12.0
    assert schedule.begins_at_s(9, 21.5) is None  # the level fell below it for good
    assert schedule.begins_at_s(10, 0.0) is None


def test_a_user_that_rested_comes_back_when_the_level_does() -> None:
    schedule = Schedule(stages((1, 10), (9, 10), (10, 0), (10, 10)))
    assert schedule.begins_at_s(5, 18.0) == pytest.approx(25.0)


def test_arrivals_follow_the_rate_of_every_stage() -> None:
    schedule = Schedule(stages((10, 10), (10, 10), (10, 0), rate=True))
    assert schedule.arrivals == 200  # 50 up, 100 even, 50 down
    due = [schedule.due_s(no) for no in range(200)]
    assert None not in due
    times = [at for at in due if at is not None]
    assert times == sorted(times)
    assert (times[0], times[50], times[100]) == (0.0, pytest.approx(10), pytest.approx(15))
    assert times[150] == pytest.approx(20)
    assert times[199] == pytest.approx(30 - 2**0.5)
    assert schedule.due_s(200) is None


def test_a_stage_without_arrivals_is_waited_out() -> None:
    schedule = Schedule(stages((1, 0), (1, 0), (2, 10), rate=True))
    assert schedule.due_s(0) == pytest.approx(2.0)
    assert schedule.arrivals == 10


def test_without_stages_the_level_has_no_end() -> None:
    plan = LoadPlan(users=10, cap=10, ramp_s=5.0)
    assert Schedule(plan).begins_at_s(4, 0.0) == pytest.approx(2.0)
    assert Schedule(plan).begins_at_s(9, 1_000.0) == 1_000.0
    assert Schedule(plan).arrivals == math.inf
