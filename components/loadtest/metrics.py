"""Metrics of thresholds: their words, their senses and how their limits are typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.words import tr, word


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One figure a threshold can be set on."""

    label: str  # msgid, with sense and unit: what the form offers
    word: str  # msgid
    unit: str  # %, ms or /s; a share is typed in per cent and kept as 0..1
    is_least: bool = False  # the figure must not be below the limit

    @property
    def is_share(self) -> bool:
        """Whether it is kept as 0..1."""
        return self.unit == "%"


METRIC_SPECS: Mapping[str, MetricSpec] = {
    "error_share": MetricSpec(word("Failed calls, at most %"), word("Failed calls"), "%"),
    "limited_share": MetricSpec(word("Rate limited calls, at most %"), word("Rate limited"), "%"),
    "ttft_p95_ms": MetricSpec(word("First text p95, at most ms"), word("First text p95"), "ms"),
    "ttft_p99_ms": MetricSpec(word("First text p99, at most ms"), word("First text p99"), "ms"),
    "total_p95_ms": MetricSpec(
        word("Whole answer p95, at most ms"), word("Whole answer p95"), "ms"
    ),
    "total_p99_ms": MetricSpec(
        word("Whole answer p99, at most ms"), word("Whole answer p99"), "ms"
    ),
    "gap_p95_ms": MetricSpec(
        word("Gap between events p95, at most ms"), word("Gap between events p95"), "ms"
    ),
    "goodput_share": MetricSpec(
        word("Good calls, at least %"), word("Good calls"), "%", is_least=True
    ),
    "goodput_per_s": MetricSpec(
        word("Good calls a second, at least"), word("Good calls a second"), "/s", is_least=True
    ),
    "rate_per_s": MetricSpec(
        word("Calls ended a second, at least"), word("Calls a second"), "/s", is_least=True
    ),
}


def threshold_text(metric: str, limit: float) -> str:
    """Return a threshold such as `First text p95 ≤ 900 ms`."""
    spec = METRIC_SPECS.get(metric)
    if spec is None:
        return f"{metric} {limit:g}"
    sign = "≥" if spec.is_least else "≤"
    unit = {"%": "%", "ms": " ms", "/s": tr("/s")}[spec.unit]
    return f"{tr(spec.word)} {sign} {shown_limit(metric, limit):g}{unit}"


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
