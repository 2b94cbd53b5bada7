"""Meter: calls, latency and time to first token by model key since the start; a few additions a call."""

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
KEYS_MOST = 200  # further keys are counted together
REST = "other"


@dataclass(slots=True)
class Histogram:
    """How many values fell under each bound, and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, value_ms: float) -> None:
        """Count one value."""
        seconds = value_ms / 1000
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds

    def buckets(self) -> tuple[list[tuple[str, float]], float]:
        """Return how many values lie at or under each bound, +Inf last, and their sum."""
        total, rows = 0, list[tuple[str, float]]()
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, total))
        return rows, self.sum_s


@dataclass(slots=True)
class KeyMeter:
    """What one model key saw."""

    ok: int = 0
    error: int = 0
    latency: Histogram = field(default_factory=Histogram)  # of good calls
    ttft: Histogram = field(default_factory=Histogram)


class Meter:
    """Counts by the key the caller asked for; only keys that resolve come here."""

    def __init__(self) -> None:
        """Start at zero."""
        self._keys: dict[str, KeyMeter] = {}

    @property
    def keys(self) -> dict[str, KeyMeter]:
        """What was counted, by key; read it, never change it."""
        return self._keys

    def count(self, key: str, *, ok: bool, latency_ms: float, ttft_ms: float | None) -> None:
        """Count one finished call."""
        meter = self._keys.get(key)
        if meter is None:
            if len(self._keys) >= KEYS_MOST:
                key = REST
            meter = self._keys.setdefault(key, KeyMeter())
        if ok:
            meter.ok += 1
            meter.latency.add(latency_ms)
        else:
            meter.error += 1
        if ttft_ms is not None:
            meter.ttft.add(ttft_ms)
