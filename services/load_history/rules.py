"""Pure: which plans are the same, which runs match, and what a change of a figure means."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from services.load_history.types import Change, Comparison, Measure, RunFilter, Trend, Unit
from services.loadtest.types import LoadPlan, LoadRun, Percentiles, SampleClass, Summary

FEWEST = 5  # calls; with fewer a percentile or a share is told to be unknown
ALIKE = 0.02  # a smaller change is never called better or worse
RATE_ALIKE = 0.05  # a rate has no calls to count a chance from
_TAIL = 0.5  # with 100 values beyond a percentile a change of 5 % counts, with 1 one of 50 %
_Z = 1.96  # 95 of 100 times chance alone stays within
# What says how a run is judged or begun, not what the target has to do.
_NOT_LOAD = frozenset(
    {"confirm", "sign_ins", "timeout_s", "stop_error_share", "stop_errors", "stop_p95_ttft_ms"}
    | {"good_ttft_ms", "good_total_ms", "thresholds", "worker", "target_id"}
)
_LOAD = tuple(field.name for field in fields(LoadPlan) if field.name not in _NOT_LOAD)


def same_load(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two stored plans ask the same of a target."""
    return all(_plain(first.get(name)) == _plain(second.get(name)) for name in _LOAD)


def differences(runs: Sequence[LoadRun]) -> tuple[str, ...]:
    """Return the fields of the plan in which the runs differ, and `target`."""
    names = [name for name in _LOAD if len({_plain(getattr(r.plan, name)) for r in runs}) > 1]
    return (*(["target"] if len({run.target for run in runs}) > 1 else []), *names)


def _plain(value: Any) -> str:
    # A plan read back from JSON has lists and plain words where a fresh one has tuples and enums.
    return json.dumps(value, default=str, sort_keys=True) if value else ""


def is_wanted(
    wanted: RunFilter, run_id: str, target: str, plan: Mapping[str, Any], error: str
) -> bool:
    """Whether a run matches what the store cannot look for by itself."""
    models = [str(key) for key in plan.get("models") or ()]
    if wanted.model and models and wanted.model not in models:
        return False
    sought = wanted.text.strip().lower()
    places = (run_id, target, error, str(plan.get("message") or ""), *models)
    return not sought or any(sought in place.lower() for place in places)


# -- one run against another


def compare(runs: Sequence[LoadRun], base: int) -> Comparison:
    """Return every figure of the runs with its change against the run at `base`."""
    found = [_measure(*one, runs, base) for one in _MEASURES]
    shown = tuple(one for one in found if any(value is not None for value in one.values))
    return Comparison(tuple(runs), base, shown, differences(runs))


def ttft_change(run: LoadRun, base: LoadRun) -> Change:
    """Return the p95 of the first text of a run against another's."""
    return _percentile_change("ttft", 0.95, run.summary, base.summary)


_Get = Callable[[Summary], float | None]
_Judge = Callable[[Summary | None, Summary | None], Change]


def _measure(
    key: str, unit: Unit, get: _Get, judge: _Judge, runs: Sequence[LoadRun], base: int
) -> Measure:
    values = tuple(None if run.summary is None else get(run.summary) for run in runs)
    changes = tuple(
        None if index == base else judge(run.summary, runs[base].summary)
        for index, run in enumerate(runs)
    )
    return Measure(key, unit, values, changes)


def _percentile_change(
    part: str, share: float, summary: Summary | None, base: Summary | None
) -> Change:
    mine, other = _part(summary, part), _part(base, part)
    value, before = quantile(mine, share), quantile(other, share)
    if value is None or before is None or min(mine.count, other.count) < FEWEST:
        return Change(Trend.UNKNOWN)
    change = _share(value, before)
    (low, high), (low_0, high_0) = bounds(mine, share), bounds(other, share)
    least = tail_noise(min(mine.count, other.count), share)
    apart = (low > high_0 or high < low_0) and (change is None or abs(change) >= least)
    return Change(_trend(value - before, change, is_apart=apart, more_is_better=False), change)


def _part(summary: Summary | None, part: str) -> Percentiles:
    return Percentiles() if summary is None else getattr(summary, part)


def quantile(values: Percentiles, share: float) -> float | None:
    """Return the value under which that share lies, straight between those that are known."""
    known = _known(values)
    if not known:
        return None
    below = known[0]
    for point in known:
        if point[0] >= share:
            return _between(below, point, share)
        below = point
    return below[1]


def _known(values: Percentiles) -> list[tuple[float, float]]:
    points = (
        (0.5, values.p50), (0.9, values.p90), (0.95, values.p95), (0.99, values.p99),
        (1.0, values.max),
    )  # fmt: skip
    found = [(share, value) for share, value in points if value is not None]
    # Under the median nothing is known: the lower half is taken to begin at 0.
    return [(0.0, 0.0), *found] if found else []


def _between(low: tuple[float, float], high: tuple[float, float], share: float) -> float:
    width = high[0] - low[0]
    part = (share - low[0]) / width if width else 0.0
    return low[1] + (high[1] - low[1]) * part


def tail_noise(count: int, share: float) -> float:
    """Return the least change that counts: few values lie beyond a late percentile."""
    return _TAIL / math.sqrt(count * (1 - share))


def bounds(values: Percentiles, share: float) -> tuple[float, float]:
    """Return between which values chance alone may put that percentile, 95 of 100 times."""
    spread = _Z * math.sqrt(share * (1 - share) / max(1, values.count))
    low = quantile(values, max(0.0, share - spread)) or 0.0
    high = quantile(values, min(1.0, share + spread)) or 0.0
    return low, high


def _share_change(get: Callable[[Summary], tuple[int, int]], *, more_is_better: bool) -> _Judge:
    def judge(summary: Summary | None, base: Summary | None) -> Change:
        if summary is None or base is None:
            return Change(Trend.UNKNOWN)
        mine, other = get(summary), get(base)
        if min(mine[1], other[1]) < FEWEST:
            return Change(Trend.UNKNOWN)
        value, before = mine[0] / mine[1], other[0] / other[1]
        (low, high), (low_0, high_0) = _wilson(*mine), _wilson(*other)
        apart = low > high_0 or high < low_0
        change = _share(value, before)
        trend = _trend(value - before, change, is_apart=apart, more_is_better=more_is_better)
        return Change(trend, change)

    return judge


def _wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the interval in which a share seen so often lies, 95 of 100 times (Wilson)."""
    share, square = hits / total, _Z * _Z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    half = half * _Z / (1 + square / total)
    return middle - half, middle + half


def _rate_change(get: _Get) -> _Judge:
    def judge(summary: Summary | None, base: Summary | None) -> Change:
        value = None if summary is None else get(summary)
        before = None if base is None else get(base)
        if value is None or not before:
            return Change(Trend.UNKNOWN)
        change = value / before - 1
        apart = abs(change) >= RATE_ALIKE
        return Change(_trend(change, change, is_apart=apart, more_is_better=True), change)

    return judge


def _share(value: float, before: float) -> float | None:
    return value / before - 1 if before else None


def _trend(
    difference: float, change: float | None, *, is_apart: bool, more_is_better: bool
) -> Trend:
    if not is_apart or not difference or (change is not None and abs(change) < ALIKE):
        return Trend.SAME
    return Trend.BETTER if (difference > 0) is more_is_better else Trend.WORSE


def _ended(summary: Summary, *names: SampleClass) -> tuple[int, int]:
    return sum(summary.counts.get(name, 0) for name in names), summary.ended


def _successes(summary: Summary) -> tuple[int, int]:
    return _ended(summary, SampleClass.SUCCESS)


def _bad(summary: Summary) -> tuple[int, int]:
    return _ended(summary, SampleClass.INCOMPLETE, SampleClass.ERRORED)


def _limited(summary: Summary) -> tuple[int, int]:
    return _ended(summary, SampleClass.RATE_LIMITED)


def _ratio(get: Callable[[Summary], tuple[int, int]]) -> _Get:
    def value(summary: Summary) -> float | None:
        hits, total = get(summary)
        return hits / total if total else None

    return value


def _percentiles(parts: Iterable[str]) -> Iterable[tuple[str, Unit, _Get, _Judge]]:
    for part in parts:
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            yield f"{part}_{name}", Unit.MS, _getter(part, name), _judge(part, share)


def _getter(part: str, name: str) -> _Get:
    return lambda summary: getattr(getattr(summary, part), name)


def _judge(part: str, share: float) -> _Judge:
    return lambda mine, base: _percentile_change(part, share, mine, base)


_MEASURES: tuple[tuple[str, Unit, _Get, _Judge], ...] = (
    (
        "success_share",
        Unit.SHARE,
        _ratio(_successes),
        _share_change(_successes, more_is_better=True),
    ),
    ("error_share", Unit.SHARE, _ratio(_bad), _share_change(_bad, more_is_better=False)),
    ("limited_share", Unit.SHARE, _ratio(_limited), _share_change(_limited, more_is_better=False)),
    ("rate", Unit.RATE, lambda s: s.rate_per_s, _rate_change(lambda s: s.rate_per_s)),
    ("goodput", Unit.RATE, lambda s: s.goodput_per_s, _rate_change(lambda s: s.goodput_per_s)),
    *_percentiles(("ttft", "total", "gaps")),
)
