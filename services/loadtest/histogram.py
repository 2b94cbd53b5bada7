"""Pure: values counted in buckets of 1 % width, so that percentiles are within 0.5 %."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from services.loadtest.types import Percentiles

_GROWTH = 1.01
_LOG = math.log(_GROWTH)
_SMALLEST = 0.001  # all below counts as this
_SHARES = (0.5, 0.9, 0.95, 0.99)


class Histogram:
    """Counts of values of at least 0; its size grows with their range, not with their number."""

    __slots__ = ("_sum", "buckets", "count", "largest")

    def __init__(self) -> None:
        """Start empty."""
        self.count = 0
        self.largest = 0.0
        self._sum = 0.0
        self.buckets: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Count one value."""
        bucket = math.floor(math.log(max(value, _SMALLEST)) / _LOG)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.count += 1
        self._sum += value
        self.largest = max(self.largest, value)

    def add_all(self, values: Iterable[float]) -> None:
        """Count many values at the least cost."""
        many = list(values)
        if not many:
            return
        log, buckets = math.log, self.buckets
        found = Counter([int(log(v) / _LOG + 1_000) if v > _SMALLEST else _FLOOR for v in many])
        for place, count in found.items():
            bucket = place - 1_000  # added so that int() rounds down below 1 ms too
            buckets[bucket] = buckets.get(bucket, 0) + count
        self.count += len(many)
        self._sum += sum(many)
        many.append(self.largest)
        self.largest = max(many)

    def merge(self, buckets: Mapping[int, int], largest: float) -> None:
        """Count what another one counted; the mean is then within 0.5 % too."""
        for bucket, count in buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
            self.count += count
            self._sum += count * math.exp((bucket + 0.5) * _LOG)
        self.largest = max(self.largest, largest)

    def at(self, share: float) -> float | None:
        """Return the value that this share (0..1) of all does not exceed; None when empty."""
        return self._at_each((share,))[0] if self.count else None

    def percentiles(self) -> Percentiles:
        """Return what is told of a run; the largest value is exact."""
        if not self.count:
            return Percentiles()
        p50, p90, p95, p99 = (round(value, 3) for value in self._at_each(_SHARES))
        mean = round(self._sum / self.count, 3)
        return Percentiles(self.count, p50, p90, p95, p99, round(self.largest, 3), mean)

    def _at_each(self, shares: tuple[float, ...]) -> list[float]:
        """Return the values of rising shares in one walk."""
        found: list[float] = []
        walk = iter(sorted(self.buckets))
        bucket, seen = next(walk), 0
        seen = self.buckets[bucket]
        for share in shares:
            wanted = max(1, math.ceil(share * self.count))
            while seen < wanted:
                bucket = next(walk)
                seen += self.buckets[bucket]
            found.append(min(math.exp((bucket + 0.5) * _LOG), self.largest))
        return found


_FLOOR = math.floor(math.log(_SMALLEST) / _LOG) + 1_000
