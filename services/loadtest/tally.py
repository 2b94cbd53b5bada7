"""Pure: count samples as they come and tell the figures at any time."""

from collections import Counter

from services.loadtest import rules
from services.loadtest.histogram import Histogram
from services.loadtest.types import LoadPlan, Sample, SampleClass, Summary

_ERRORS_TOLD = 20
_WORDS_KEPT = 500  # different error words; further ones count as "other"


class Tally:
    """The counts of one run."""

    def __init__(self, plan: LoadPlan) -> None:
        """Start with nothing counted."""
        self._plan = plan
        self._counts: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._ttft, self._total = Histogram(), Histogram()
        self.late, self.lag = Histogram(), Histogram()
        self._events = 0
        self.begun = 0
        self.due = 0  # arrivals that were due, of the open model
        self.dropped = 0
        self.in_flight = 0
        self.peak = 0

    def begin(self) -> int:
        """Count a call that is being sent; return its number, from 1."""
        self.begun += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        return self.begun

    def end(self, sample: Sample) -> None:
        """Count what became of a call."""
        self.in_flight -= 1
        self._counts[sample.sample_class] += 1
        self._events += sample.event_count
        if sample.sample_class is SampleClass.SUCCESS:
            self._total.add(sample.total_ms + sample.late_ms)
            if sample.ttft_ms is not None:
                self._ttft.add(sample.ttft_ms + sample.late_ms)
        elif sample.error:
            is_known = sample.error in self._errors or len(self._errors) < _WORDS_KEPT
            self._errors[sample.error if is_known else "other"] += 1

    @property
    def ended(self) -> int:
        """Calls that have ended."""
        return self._counts.total()

    def requested(self) -> int:
        """Return how many calls the plan has asked for until now."""
        return self._plan.requests or max(self.due, self.begun)

    def summary(self, elapsed_s: float, sign_ins: int = 0, refreshes: int = 0) -> Summary:
        """Return the figures; what was asked for and not ended counts as not started."""
        requested = self.requested()
        counts = {name.value: self._counts[name] for name in SampleClass}
        counts[SampleClass.NOT_STARTED] = requested - self.ended
        lag = self.lag.percentiles()
        seconds = max(elapsed_s, 0.001)
        return Summary(
            requested=requested,
            counts=counts,
            elapsed_s=round(elapsed_s, 3),
            peak_in_flight=self.peak,
            rate_per_s=round(self.ended / seconds, 2),
            events_per_s=round(self._events / seconds, 1),
            error_share=rules.error_share(counts),
            ttft=self._ttft.percentiles(),
            total=self._total.percentiles(),
            late=self.late.percentiles(),
            loop_lag=lag,
            dropped_starts=self.dropped,
            is_lag_sound=(lag.p99 or 0.0) <= rules.LAG_SOUND_MS,
            errors=dict(self._errors.most_common(_ERRORS_TOLD)),
            sign_ins=sign_ins,
            refreshes=refreshes,
        )
