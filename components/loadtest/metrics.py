"""Metrics of thresholds: their words, their senses and how their limits are typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.words import tr, word


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One figure a threshold can be set on."""

    label: str  # msgid, with its unit
    unit: str  # %, ms or /s; a share is typed in per cent and kept as 0..1

    @property
    def is_share(self) -> bool:
        """Whether it is kept as 0..1."""
        return self.unit == "%"


METRIC_SPECS: Mapping[str, MetricSpec] = {
    "error_share": MetricSpec(word("Failed calls, at most %"), "%"),
    "limited_share": MetricSpec(word("Rate limited calls, at most %"), "%"),
    "ttft_p95_ms": MetricSpec(word("First text p95, at most ms"), "ms"),
    "ttft_p99_ms": MetricSpec(word("First text p99, at most ms"), "ms"),
    "total_p95_ms": MetricSpec(word("Whole answer p95, at most ms"), "ms"),
    "total_p99_ms": MetricSpec(word("Whole answer p99, at most ms"), "ms"),
    "gap_p95_ms": MetricSpec(word("Gap between events p95, at most ms"), "ms"),
    "goodput_share": MetricSpec(word("Good calls, at least %"), "%"),
    "goodput_per_s": MetricSpec(word("Good calls a second, at least"), "/s"),
    "rate_per_s": MetricSpec(word("Calls ended a second, at least"), "/s"),
}


def metric_options() -> dict[str, str]:
    """Return the metrics with their words."""
    return {name: tr(spec.label) for name, spec in METRIC_SPECS.items()}


def shown_limit(metric: str, limit: float) -> float:
    """Return a limit as it is typed."""
    spec = METRIC_SPECS.get(metric)
    return round(limit * 100, 4) if spec is not None and spec.is_share else limit


def stored_limit(metric: str, typed: Any) -> Any:
    """Return a typed limit as a plan keeps it; what is no number stays as it is."""
    spec = METRIC_SPECS.get(metric)
    is_number = isinstance(typed, int | float) and not isinstance(typed, bool)
    return typed / 100 if is_number and spec is not None and spec.is_share else typed
