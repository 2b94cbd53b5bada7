"""Pure: values counted in buckets of 1 % width, so that percentiles are within 0.5 %."""

import math

from services.loadtest.types import Percentiles

_GROWTH = 1.01
_LOG = math.log(_GROWTH)
_SMALLEST = 0.001  # all below counts as this


class Histogram:
    """Counts of values of at least 0; its size grows with their range, not with their number."""

    def __init__(self) -> None:
        """Start empty."""
        self.count = 0
        self.largest = 0.0
        self._buckets: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Count one value."""
        bucket = math.floor(math.log(max(value, _SMALLEST)) / _LOG)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.largest = max(self.largest, value)

    def at(self, share: float) -> float | None:
        """Return the value that this share (0..1) of all does not exceed; None when empty."""
        if not self.count:
            return None
        left = max(1, math.ceil(share * self.count))
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                middle = math.exp((bucket + 0.5) * _LOG)
                return min(middle, self.largest)
        return self.largest

    def percentiles(self) -> Percentiles:
        """Return what is told of a run; the largest value is exact."""
        if not self.count:
            return Percentiles()
        found = [self.at(share) for share in (0.5, 0.9, 0.95, 0.99)]
        p50, p90, p95, p99 = (None if value is None else round(value, 3) for value in found)
        return Percentiles(self.count, p50, p90, p95, p99, round(self.largest, 3))
