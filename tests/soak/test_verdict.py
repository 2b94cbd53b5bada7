"""The judge of a soak: what it must notice and what it must not mind."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.soak.verdict import (
    Check,
    Fault,
    Sample,
    backwards,
    flat,
    memory,
    passed,
    slope_per_10_min,
    sums,
    unexpected,
    warm,
)

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def samples(minutes: int, mb_per_10_min: float = 0.0, **fields: int) -> list[Sample]:
    """One sample each 10 s: a warm-up of 80 MB, then a straight line with bursts of load."""
    made: list[Sample] = []
    for at_s in range(0, minutes * 60, 10):
        warm_mb = 200.0 if at_s > 300 else 120.0 + at_s / 300 * 80
        burst = 40.0 if at_s % 180 < 20 else 0.0
        values = {"handles": 50, "threads": 20, "tasks": 100, "rows": at_s} | fields
        rss = warm_mb + burst + mb_per_10_min * at_s / 600
        made.append(Sample(at_s=at_s, rss_mb=rss, is_quiet=at_s % 60 != 0, **values))
    return made


def test_a_flat_memory_passes_whatever_its_warm_up_and_bursts_were() -> None:
    assert memory(samples(30)).ok is True
    assert memory(samples(30, 0.8)).ok is True


def test_a_slope_of_a_megabyte_in_ten_minutes_is_noticed_under_the_bursts() -> None:
    found = memory(samples(30, 1.3))
    assert found.ok is False
    assert "+1.30 MB" in found.found


def test_a_short_soak_does_not_judge_memory_and_does_not_fail_by_it() -> None:
    found = memory(samples(5, 500))
    assert found.ok is None
    assert passed([found])
    assert not passed([found, Check("x", ok=False, found="")])
    assert memory([]).ok is None


def test_warm_up_is_a_third_and_ten_minutes_at_most() -> None:
    assert warm(samples(30))[0].at_s >= 597
    assert warm(samples(120))[0].at_s == pytest.approx(610, abs=10)
    assert all(one.is_quiet for one in warm(samples(30)))


def test_handles_that_grow_are_noticed_and_those_that_come_and_go_are_not() -> None:
    growing = [
        Sample(one.at_s, one.rss_mb, 50 + int(one.at_s / 60), 20, 100, 0) for one in samples(30)
    ]
    assert flat(growing, "handles", slack=8).ok is False
    waving = [Sample(one.at_s, 1, 50 + int(one.at_s) % 7, 20, 100, 0) for one in samples(30)]
    assert flat(waving, "handles", slack=8).ok is True
    assert flat(samples(1)[:4], "handles", slack=8).ok is None


def test_an_error_is_explained_only_by_a_fault_of_its_time_and_its_words() -> None:
    fault = Fault("supplier down", AT, AT + timedelta(seconds=20), "gateway")
    soon, long_after = AT + timedelta(seconds=30), AT + timedelta(minutes=10)
    assert unexpected([(soon, "services.gateway.run", "cut")], [fault]) == []
    assert len(unexpected([(long_after, "services.gateway.run", "cut")], [fault])) == 1
    assert len(unexpected([(soon, "nicegui", "KeyError")], [fault])) == 1
    assert len(unexpected([(AT - timedelta(seconds=1), "services.gateway", "")], [fault])) == 1


def a_run(**fields: object) -> dict[str, object]:
    counts = {"success": 8, "errored": 1, "not_started": 1}
    return {"id": 1, "stored": 9, "summary": {"requested": 10, "counts": counts}} | fields


def test_sums_of_a_run_are_compared_with_its_classes_and_its_rows() -> None:
    assert sums([a_run()], {1: 9}) == []
    assert sums([a_run(summary=None)], {}) == []
    assert "8 rows" in sums([a_run()], {1: 8})[0]
    assert "10 acknowledged" in sums([a_run(stored=10)], {1: 10})[0]
    lost = {"requested": 11, "counts": {"success": 9}}
    assert "11 requested, classes say 9" in sums([a_run(summary=lost)], {1: 9})[0]


def test_times_that_go_back_are_counted() -> None:
    times = [AT, AT + timedelta(seconds=2), AT + timedelta(seconds=1), AT + timedelta(seconds=3)]
    assert backwards(times) == 1
    assert backwards(times, timedelta(seconds=1)) == 0


def test_the_slope_is_per_ten_minutes() -> None:
    assert slope_per_10_min([(0, 1.0), (60, 1.1), (120, 1.2)]) == pytest.approx(1.0)
    assert slope_per_10_min([(0, 1.0)]) == 0.0
