"""Pure: the counts of a run, whole: what began, how it ended, and every figure made of it."""

from services.loadtest.tally import Gauge, Start, Tally
from services.loadtest.types import LoadPlan, Sample, SampleClass, Summary

OPEN = LoadPlan(users=10, cap=10, rate=5.0, seconds=10, good_ttft_ms=100.0, good_total_ms=500.0)


def a_sample(no: int, kind: SampleClass = SampleClass.SUCCESS, **fields: object) -> Sample:
    values: dict[str, object] = {
        "at_ms": 10.0 * no,
        "ttft_ms": 50.0,
        "total_ms": 200.0,
        "event_count": 4,
        "request_id": f"r{no}",
        **fields,
    }
    return Sample(no, 1, "m", kind, **values)  # type: ignore[arg-type]  # of its fields


def told(summary: Summary, *names: str) -> list[object]:
    return [getattr(summary, name) for name in names]


def test_every_call_ends_in_one_class_and_what_did_not_end_did_not_start() -> None:
    tally = Tally(LoadPlan(users=2, cap=2, requests=6))
    for no in range(1, 5):
        tally.begin(Start(no, 1, "m", 10.0 * no, f"r{no}"))
    tally.end(a_sample(1), [10.0, 20.0])
    tally.end(a_sample(2, SampleClass.ERRORED, error="http_500", error_text="x", status=500), [])
    tally.end(a_sample(3, SampleClass.RATE_LIMITED, error="http_429"), [])
    assert list(tally.open) == [4]
    assert (tally.ended, tally.requested()) == (3, 6)
    summary = tally.summary(2.0, sign_ins=3, refreshes=1)
    assert summary.counts == {
        **{name.value: 0 for name in SampleClass},
        "success": 1,
        "errored": 1,
        "rate_limited": 1,
        "not_started": 3,
    }
    assert told(summary, "requested", "elapsed_s", "rate_per_s", "events_per_s") == [
        6, 2.0, 1.5, 6.0,
    ]  # fmt: skip
    assert told(summary, "sign_ins", "refreshes", "errors") == [
        3, 1, {"http_500": 1, "http_429": 1},
    ]  # fmt: skip
    first, second = summary.first_errors
    assert (first.no, first.at_ms, first.model_key, first.request_id) == (2, 20.0, "m", "r2")
    assert (first.status, first.error, first.text) == (500, "http_500", "x")
    assert (first.sample_class, second.sample_class) == (
        SampleClass.ERRORED,
        SampleClass.RATE_LIMITED,
    )
    assert (summary.late.p50, summary.gaps.p50 is None) == (None, False)


def test_times_of_the_open_model_count_from_when_a_call_was_due() -> None:
    tally = Tally(OPEN)
    tally.end(a_sample(1, late_ms=40.0), [])  # first text after 90 ms, all after 240
    tally.end(a_sample(2, late_ms=60.0), [])  # first text after 110 ms: good no more
    tally.end(a_sample(3, ttft_ms=None, total_ms=450.0), [])  # without text it is not good
    tally.end(a_sample(4, total_ms=480.0, late_ms=30.0), [])  # 510 ms in all
    summary = tally.summary(1.0)
    assert told(summary, "good", "goodput_per_s", "goodput_share") == [1, 1.0, 0.25]
    assert summary.ttft.max == 110.0
    assert summary.total.max == 510.0
    assert summary.late.max == 60.0


def test_what_an_engine_knows_of_itself_is_told() -> None:
    tally = Tally(OPEN)
    tally.look(Gauge(1.0, begun=7, due=9, dropped=2, in_flight=3, waiting=1, peak=5), [1.0, 4.0])
    summary = tally.summary(0.0)
    assert told(summary, "requested", "peak_in_flight", "dropped_starts", "rate_per_s") == [
        9, 5, 2, 0.0,
    ]  # fmt: skip
    assert summary.loop_lag.max == 4.0
    assert summary.is_lag_sound
    point = tally.timeline()[-1]
    assert (point.in_flight, point.waiting) == (3, 1)
    tally.look(tally.gauge, [900.0])
    assert not tally.summary(1.0).is_lag_sound


def test_gaps_counted_elsewhere_are_merged_and_nothing_is_nothing() -> None:
    here, there = Tally(OPEN), Tally(OPEN)
    here.end(a_sample(1), [10.0, 20.0, 30.0])
    before = here.summary(1.0).gaps
    here.merge_gaps({}, 0.0, 10.0)
    assert here.summary(1.0).gaps == before
    there.merge_gaps({100: 3}, 30.0, 500.0)
    assert there.summary(1.0).gaps.max == 30.0


def test_words_of_errors_are_bounded_and_the_rest_is_other() -> None:
    tally = Tally(LoadPlan(users=1, cap=1, requests=1_000))
    for no in range(600):
        tally.end(a_sample(no, SampleClass.ERRORED, error=f"word {no}"), [])
    summary = tally.summary(1.0)
    assert summary.errors["other"] == 100
    assert (len(summary.errors), len(summary.first_errors)) == (20, 20)
