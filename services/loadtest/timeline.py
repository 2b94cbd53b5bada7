"""Pure: a run second by second; long runs merge neighbours, so that there are never many spans."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.loadtest.histogram import Histogram
from services.loadtest.types import Point, Sample, SampleClass

SPANS_MOST = 600


class _Span:
    """What is counted of one span."""

    __slots__ = (
        "counts", "gap", "in_flight", "lag", "point", "started", "total", "ttft", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.started = 0
        self.in_flight: int | None = None  # None: nobody looked during it
        self.waiting = 0
        self.counts: Counter[str] = Counter()
        self.ttft, self.total, self.gap, self.lag = (Histogram() for _ in range(4))
        self.point: Point | None = None  # drawn since the last change

    def take(self, later: "_Span") -> None:
        """Count the span that follows as part of this one."""
        self.started += later.started
        self.counts.update(later.counts)
        if later.in_flight is not None:
            self.in_flight, self.waiting = later.in_flight, later.waiting
        for name in ("ttft", "total", "gap", "lag"):
            other: Histogram = getattr(later, name)
            getattr(self, name).merge(other.buckets, other.largest)
        self.point = None


class Timeline:
    """The spans of one run, from its first moment without a hole."""

    def __init__(self) -> None:
        """Start empty, with spans of a second."""
        self._seconds = 1
        self._spans: list[_Span] = []

    def start_all(self, at_ms: Iterable[float]) -> None:
        """Count the calls that began at these times."""
        for second, count in Counter([int(at / 1000) for at in at_ms]).items():
            self._span(second * 1000.0).started += count

    def end_all(self, samples: Iterable[Sample]) -> None:
        """Count calls that ended, each in the span of its end."""
        seconds: dict[int, list[Sample]] = {}
        for sample in samples:
            second = int((sample.at_ms + sample.total_ms) / 1000)
            seconds.setdefault(second, []).append(sample)
        for second, ended in seconds.items():
            span = self._span(second * 1000.0)
            good = [one for one in ended if one.sample_class is SampleClass.SUCCESS]
            if good:
                span.counts[SampleClass.SUCCESS] += len(good)
            for one in ended if len(good) < len(ended) else ():
                if one.sample_class is not SampleClass.SUCCESS:
                    span.counts[one.sample_class] += 1
            span.total.add_all([one.total_ms + one.late_ms for one in good])
            span.ttft.add_all(
                [one.ttft_ms + one.late_ms for one in good if one.ttft_ms is not None]
            )

    def add_gaps(self, sample: Sample, gaps: Iterable[float]) -> None:
        """Count the gaps of a call that ended, in the span of its end."""
        self._span(sample.at_ms + sample.total_ms).gap.add_all(gaps)

    def look(self, at_ms: float, in_flight: int, waiting: int, lags_ms: Iterable[float]) -> None:
        """Note what is open now, and how late our own loop was."""
        span = self._span(at_ms)
        span.in_flight, span.waiting = in_flight, waiting
        span.lag.add_all(lags_ms)

    def merge_gaps(self, at_ms: float, buckets: Mapping[int, int], largest_ms: float) -> None:
        """Count gaps that another process counted."""
        self._span(at_ms).gap.merge(buckets, largest_ms)

    def points(self) -> tuple[Point, ...]:
        """Return every span as it is drawn."""
        found: list[Point] = []
        in_flight = 0
        for number, span in enumerate(self._spans):
            if span.in_flight is not None:
                in_flight = span.in_flight
            if span.point is None:
                span.point = _point(span, number * self._seconds, self._seconds, in_flight)
            found.append(span.point)
        return tuple(found)

    def _span(self, at_ms: float) -> _Span:
        number = max(0, int(at_ms / 1000 / self._seconds))
        while number >= SPANS_MOST:
            self._merge()
            number //= 2
        while len(self._spans) <= number:
            self._spans.append(_Span())
        span = self._spans[number]
        span.point = None
        return span

    def _merge(self) -> None:
        """Make one span of each two."""
        self._seconds *= 2
        pairs = zip(self._spans[::2], [*self._spans[1::2], _Span()], strict=False)
        merged: list[_Span] = []
        for span, later in pairs:
            span.take(later)
            merged.append(span)
        self._spans = merged


def _point(span: _Span, at_s: float, seconds: float, in_flight: int) -> Point:
    ttft, total = span.ttft.percentiles(), span.total.percentiles()
    return Point(
        at_s=at_s,
        seconds=seconds,
        in_flight=in_flight,
        waiting=span.waiting,
        started=span.started,
        ended=span.counts.total(),
        counts={str(name): count for name, count in span.counts.items()},
        ttft_p50=ttft.p50,
        ttft_p95=ttft.p95,
        ttft_p99=ttft.p99,
        total_p50=total.p50,
        total_p95=total.p95,
        gap_p95=span.gap.percentiles().p95,
        lag_p99=span.lag.percentiles().p99,
    )
