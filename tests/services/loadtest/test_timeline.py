"""A run second by second: what ended lies in the span of its end; long runs have no more spans."""

from services.loadtest.timeline import SPANS_MOST, Timeline
from services.loadtest.types import Sample, SampleClass


def sample(end_ms: float, ttft_ms: float = 10.0) -> Sample:
    at_ms = end_ms - 20.0
    return Sample(1, 1, "m", SampleClass.SUCCESS, at_ms, ttft_ms=ttft_ms, total_ms=20.0)


def test_each_second_tells_what_began_and_ended_in_it() -> None:
    line = Timeline()
    line.start_all([100, 900])
    line.end_all([sample(1_500, ttft_ms=100)])
    line.add_gaps(sample(1_500), [5.0, 20.0])
    line.look(2_000, in_flight=1, waiting=3, lags_ms=[0.5])
    first, second, third = line.points()
    assert (first.started, first.ended, second.ended) == (2, 0, 1)
    assert second.counts == {"success": 1}
    assert 99 <= (second.ttft_p50 or 0) <= 101
    assert (second.gap_p95 or 0) > 19
    assert (third.at_s, third.in_flight, third.waiting) == (2, 1, 3)
    assert third.lag_p99 is not None


def test_a_long_run_merges_its_seconds_and_loses_no_call() -> None:
    line = Timeline()
    for second in range(SPANS_MOST * 5):
        line.start_all([second * 1000])
        line.end_all([sample(second * 1000 + 500)])
    points = line.points()
    assert len(points) <= SPANS_MOST
    assert sum(point.ended for point in points) == SPANS_MOST * 5
    assert sum(point.started for point in points) == SPANS_MOST * 5
    assert {point.seconds for point in points} == {8}
    assert [point.at_s for point in points[:2]] == [0, 8]
