"""Pure: what may be demanded of a run, and whether it held."""

from collections.abc import Callable
from dataclasses import dataclass

from services.foundation.messages import Message, say
from services.loadtest.types import LoadPlan, Summary, Threshold, ThresholdResult

ERROR_SHARE_HELD = 0.05  # where the plan says nothing else
LAG_SOUND_MS = 5.0  # p99 of our own loop; above it the figures are told to be doubtful
_MS_MAX = 600_000.0
_RATE_MAX = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that can be demanded."""

    value: Callable[[Summary], float | None]
    words: Callable[[float | None, float], Message]
    limit_max: float
    is_least: bool = False  # the value must not be below the limit; else not above it


def results(plan: LoadPlan, summary: Summary) -> tuple[ThresholdResult, ...]:
    """Return what became of every threshold: the plan's own, its stop rules, the usual error share."""
    wanted = {one.metric: one.limit for one in plan.thresholds}
    share = ERROR_SHARE_HELD if plan.stop_error_share is None else plan.stop_error_share
    wanted.setdefault("error_share", share)
    if plan.stop_p95_ttft_ms is not None:
        wanted.setdefault("ttft_p95_ms", plan.stop_p95_ttft_ms)
    return tuple(judge(Threshold(metric, limit), summary) for metric, limit in wanted.items())


def stop_results(plan: LoadPlan, summary: Summary) -> tuple[ThresholdResult, ...]:
    """Return what became of the two figures that may end a run early."""
    found: list[ThresholdResult] = []
    if plan.stop_error_share is not None:
        found.append(judge(Threshold("error_share", plan.stop_error_share), summary))
    if plan.stop_p95_ttft_ms is not None and summary.ttft.p95 is not None:
        found.append(judge(Threshold("ttft_p95_ms", plan.stop_p95_ttft_ms), summary))
    return tuple(found)


def judge(threshold: Threshold, summary: Summary) -> ThresholdResult:
    """Return whether it held; without a value it did not."""
    metric = METRICS[threshold.metric]
    value, limit = metric.value(summary), threshold.limit
    is_held = value is not None and (value >= limit if metric.is_least else value <= limit)
    words = metric.words(value, limit)
    return ThresholdResult(threshold.metric, limit, value, is_held, words)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


METRICS: dict[str, Metric] = {
    "error_share": Metric(
        lambda s: s.error_share,
        lambda value, limit: say(
            "{share} of the calls failed; at most {limit} may",
            share=_share(value), limit=_share(limit),
        ),
        1.0,
    ),
    "limited_share": Metric(
        lambda s: s.counts.get("rate_limited", 0) / s.ended if s.ended else None,
        lambda value, limit: say(
            "{share} of the calls were limited (429); at most {limit} may be",
            share=_share(value), limit=_share(limit),
        ),
        1.0,
    ),
    "ttft_p95_ms": Metric(
        lambda s: s.ttft.p95,
        lambda value, limit: say(
            "The first text came after {value} ms (p95); at most {limit} ms may pass",
            value=_ms(value), limit=_ms(limit),
        ),
        _MS_MAX,
    ),
    "ttft_p99_ms": Metric(
        lambda s: s.ttft.p99,
        lambda value, limit: say(
            "The first text came after {value} ms (p99); at most {limit} ms may pass",
            value=_ms(value), limit=_ms(limit),
        ),
        _MS_MAX,
    ),
    "total_p95_ms": Metric(
        lambda s: s.total.p95,
        lambda value, limit: say(
            "The whole reply took {value} ms (p95); at most {limit} ms may pass",
            value=_ms(value), limit=_ms(limit),
        ),
        _MS_MAX,
    ),
    "total_p99_ms": Metric(
        lambda s: s.total.p99,
        lambda value, limit: say(
            "The whole reply took {value} ms (p99); at most {limit} ms may pass",
            value=_ms(value), limit=_ms(limit),
        ),
        _MS_MAX,
    ),
    "gap_p95_ms": Metric(
        lambda s: s.gaps.p95,
        lambda value, limit: say(
            "{value} ms lay between two events (p95); at most {limit} ms may",
            value=_ms(value), limit=_ms(limit),
        ),
        _MS_MAX,
    ),
    "goodput_share": Metric(
        lambda s: s.goodput_share,
        lambda value, limit: say(
            "{share} of the calls were good; at least {limit} must be",
            share=_share(value), limit=_share(limit),
        ),
        1.0,
        is_least=True,
    ),
    "goodput_per_s": Metric(
        lambda s: s.goodput_per_s,
        lambda value, limit: say(
            "{value} good calls came a second; at least {limit} must",
            value=_rate(value), limit=_rate(limit),
        ),
        _RATE_MAX,
        is_least=True,
    ),
    "rate_per_s": Metric(
        lambda s: s.rate_per_s,
        lambda value, limit: say(
            "{value} calls ended a second; at least {limit} must",
            value=_rate(value), limit=_rate(limit),
        ),
        _RATE_MAX,
        is_least=True,
    ),
}  # fmt: skip
