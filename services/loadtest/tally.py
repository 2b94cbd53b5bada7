"""Pure: count what an engine tells of a run, and give the figures at any time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.loadtest import rules, thresholds
from services.loadtest.histogram import Histogram
from services.loadtest.timeline import Timeline
from services.loadtest.types import ErrorDetail, LoadPlan, Point, Sample, SampleClass, Summary

_ERRORS_TOLD = 20
_TOGETHER = 200  # ended calls that are counted at once
_WORDS_KEPT = 500  # different error words; further ones count as "other"


@dataclass(slots=True)  # not frozen: see Sample
class Start:
    """A call that is being sent."""

    no: int
    user_no: int
    model_key: str
    at_ms: float
    request_id: str


@dataclass(slots=True)
class Gauge:
    """What an engine knows of itself at one moment."""

    elapsed_s: float = 0.0
    begun: int = 0
    due: int = 0  # arrivals that were due, of the open model
    dropped: int = 0
    in_flight: int = 0
    waiting: int = 0
    peak: int = 0


class Tally:
    """The counts of one run; an engine tells it what begins and what ends."""

    def __init__(self, plan: LoadPlan) -> None:
        """Start with nothing counted."""
        self._plan = plan
        self._counts: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._first_errors: list[ErrorDetail] = []
        self._ttft, self._total, self._late = Histogram(), Histogram(), Histogram()
        self._lag, self._gaps = Histogram(), Histogram()
        self._begun: list[float] = []  # when, and what has ended: not counted yet
        self._over: list[Sample] = []
        self._events = 0
        self._good = 0
        self._timeline = Timeline()
        self.gauge = Gauge()
        self.open: dict[int, Start] = {}  # begun and not ended, by number

    def begin(self, start: Start) -> None:
        """Count a call that is being sent."""
        self.open[start.no] = start
        self._begun.append(start.at_ms)

    def end(self, sample: Sample, gaps: Sequence[float]) -> None:
        """Count what became of a call."""
        self.open.pop(sample.no, None)
        if gaps:
            self._gaps.add_all(gaps)
            self._timeline.add_gaps(sample, gaps)
        self._over.append(sample)
        if len(self._over) >= _TOGETHER:
            self._settle()

    def _settle(self) -> None:
        """Count what has begun and ended since the last time: together it costs a third."""
        begun, self._begun = self._begun, []
        over, self._over = self._over, []
        if begun:
            self._timeline.start_all(begun)
        if not over:
            return
        self._timeline.end_all(over)
        good = [sample for sample in over if sample.sample_class is SampleClass.SUCCESS]
        self._counts[SampleClass.SUCCESS] += len(good)
        self._events += sum([sample.event_count for sample in over])
        if self._plan.is_open:
            self._late.add_all([sample.late_ms for sample in over])
        self._end_well(good)
        if len(good) < len(over):
            for sample in over:
                if sample.sample_class is not SampleClass.SUCCESS:
                    self._counts[sample.sample_class] += 1
                    self._note_error(sample)

    def look(self, gauge: Gauge, lags_ms: Sequence[float]) -> None:
        """Take what the engine knows of itself, and how late its loop was since the last time."""
        self._settle()
        self.gauge = gauge
        self._lag.add_all(lags_ms)
        self._timeline.look(gauge.elapsed_s * 1000, gauge.in_flight, gauge.waiting, lags_ms)

    def merge_gaps(self, buckets: Mapping[int, int], largest_ms: float, at_ms: float) -> None:
        """Count gaps between events that another process counted, up to that moment."""
        if buckets:
            self._gaps.merge(buckets, largest_ms)
            self._timeline.merge_gaps(at_ms, buckets, largest_ms)

    def _end_well(self, good: Sequence[Sample]) -> None:
        self._total.add_all([one.total_ms + one.late_ms for one in good])
        self._ttft.add_all([one.ttft_ms + one.late_ms for one in good if one.ttft_ms is not None])
        plan = self._plan
        if plan.good_ttft_ms is None and plan.good_total_ms is None:
            self._good += len(good)
            return
        for one in good:
            ttft_ms = None if one.ttft_ms is None else one.ttft_ms + one.late_ms
            self._good += _within(ttft_ms, plan.good_ttft_ms) and _within(
                one.total_ms + one.late_ms, plan.good_total_ms
            )

    def _note_error(self, sample: Sample) -> None:
        if sample.error:
            is_known = sample.error in self._errors or len(self._errors) < _WORDS_KEPT
            self._errors[sample.error if is_known else "other"] += 1
        if len(self._first_errors) < _ERRORS_TOLD and sample.sample_class in _TOLD:
            self._first_errors.append(
                ErrorDetail(
                    no=sample.no,
                    at_ms=sample.at_ms,
                    model_key=sample.model_key,
                    sample_class=sample.sample_class,
                    request_id=sample.request_id,
                    status=sample.status,
                    error=sample.error,
                    text=sample.error_text,
                )
            )

    @property
    def ended(self) -> int:
        """Calls that have ended."""
        return self._counts.total() + len(self._over)

    def requested(self) -> int:
        """Return how many calls the plan has asked for until now."""
        return self._plan.requests or max(self.gauge.due, self.gauge.begun, self.ended)

    def timeline(self) -> tuple[Point, ...]:
        """Return the spans until now."""
        self._settle()
        return self._timeline.points()

    def summary(self, elapsed_s: float, sign_ins: int = 0, refreshes: int = 0) -> Summary:
        """Return the figures; what was asked for and not ended counts as not started."""
        self._settle()
        requested = self.requested()
        counts = {name.value: self._counts[name] for name in SampleClass}
        counts[SampleClass.NOT_STARTED] = requested - self.ended
        lag = self._lag.percentiles()
        seconds = max(elapsed_s, 0.001)
        summary = Summary(
            requested=requested,
            counts=counts,
            elapsed_s=round(elapsed_s, 3),
            peak_in_flight=self.gauge.peak,
            rate_per_s=round(self.ended / seconds, 2),
            events_per_s=round(self._events / seconds, 1),
            error_share=rules.error_share(counts),
            ttft=self._ttft.percentiles(),
            total=self._total.percentiles(),
            late=self._late.percentiles(),
            loop_lag=lag,
            dropped_starts=self.gauge.dropped,
            is_lag_sound=(lag.p99 or 0.0) <= thresholds.LAG_SOUND_MS,
            errors=dict(self._errors.most_common(_ERRORS_TOLD)),
            sign_ins=sign_ins,
            refreshes=refreshes,
            gaps=self._gaps.percentiles(),
            good=self._good,
            goodput_per_s=round(self._good / seconds, 2),
            goodput_share=round(self._good / self.ended, 4) if self.ended else 0.0,
            first_errors=tuple(self._first_errors),
        )
        return replace(summary, thresholds=thresholds.results(self._plan, summary))


_TOLD = (SampleClass.INCOMPLETE, SampleClass.ERRORED, SampleClass.RATE_LIMITED)


def _within(value: float | None, limit: float | None) -> bool:
    return limit is None or (value is not None and value <= limit)
