"""Charts of a run over its seconds: in flight, rates, times, errors by kind; several runs on one axis."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from components.charts.options import INK, Axis, Series, lines
from components.loadtest.words import CLASS_LOOKS
from components.words import tr
from services.loadtest.types import FinderStep, LoadRun, Point, SampleClass, Summary

_KINDS = (
    SampleClass.ERRORED,
    SampleClass.INCOMPLETE,
    SampleClass.RATE_LIMITED,
    SampleClass.CANCELLED,
)
_MS = " ms"
_SECONDS_FROM = 5_000.0  # a chart that reaches so many ms is drawn in seconds
_ROOM_WIDE = 128
_ROOM = 112  # for the names at the ends of the lines
_P50 = Series("p50", (), colour=INK, width=2, dash="solid")
_P95 = Series("p95", (), colour=INK, dash="solid")
_P99 = Series("p99", (), colour=INK, dash=(4, 3))
Get = Callable[[Point], float | None]


def flow_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return in flight, and waiting where somebody waits."""
    series = [_series(Series(tr("In flight"), (), area=True), points, lambda p: p.in_flight)]
    if any(point.waiting for point in points):
        series.append(_series(tr("Waiting for room"), points, lambda p: p.waiting))
    return _chart(series)


def rate_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return calls begun and ended a second."""
    return _chart(
        [
            _series(tr("Begun"), points, lambda p: _rate(p.started, p)),
            _series(tr("Ended"), points, lambda p: _rate(p.ended, p)),
        ]
    )


def ttft_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return the percentiles of the first text."""
    return _chart(
        [
            _series(_P50, points, lambda p: p.ttft_p50),
            _series(_P95, points, lambda p: p.ttft_p95),
            _series(_P99, points, lambda p: p.ttft_p99),
        ],
        _MS,
    )


def total_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return the percentiles of the whole answer."""
    return _chart(
        [
            _series(_P50, points, lambda p: p.total_p50),
            _series(_P95, points, lambda p: p.total_p95),
        ],
        _MS,
    )


def error_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return what did not succeed, by class, a second; colours are those of the classes."""
    return _chart(
        [
            _series(
                Series(CLASS_LOOKS[kind].label, (), colour=f"var(--{CLASS_LOOKS[kind].tone})"),
                points,
                lambda p, kind=kind: _rate(p.counts.get(kind, 0), p),
            )
            for kind in _KINDS
            if any(point.counts.get(kind) for point in points)
        ]
    )


def own_options(points: Sequence[Point]) -> dict[str, Any]:
    """Return the gap between events, and how late the console itself was."""
    return _chart(
        [
            _series(tr("Gap p95"), points, lambda p: p.gap_p95),
            _series(tr("Own p99"), points, lambda p: p.lag_p99),
        ],
        _MS,
    )


COMPARED: tuple[tuple[str, Get, str], ...] = (
    ("ttft", lambda p: p.ttft_p95, _MS),
    ("total", lambda p: p.total_p95, _MS),
    ("rate", lambda p: _rate(p.ended, p), ""),
    ("flow", lambda p: p.in_flight, ""),
)


def together(runs: Sequence[LoadRun], names: Sequence[str], get: Get, unit: str) -> dict[str, Any]:
    """Return one figure of several runs on one axis, counted from the beginning of each."""
    return _chart(
        [_series(name, run.timeline, get) for name, run in zip(names, runs, strict=True)],
        unit,
    )


def steps_options(steps: Sequence[FinderStep]) -> dict[str, Any]:
    """Return first text and whole answer (p95) over the users of each step of a search."""
    best = {step.users: step for step in steps}
    ordered = [best[users] for users in sorted(best)]
    parts: tuple[tuple[str, Callable[[Summary], float | None]], ...] = (
        (tr("First text p95"), lambda s: s.ttft.p95),
        (tr("Whole answer p95"), lambda s: s.total.p95),
    )
    series = [
        Series(
            name,
            [(one.users, _short(get(one.summary)) if one.summary else None) for one in ordered],
        )
        for name, get in parts
    ]
    options = _chart(series, _MS)
    options["xAxis"]["axisLabel"]["formatter"] = "{value}"
    for one in options["series"]:
        one["showSymbol"] = True
    options["grid"]["right"] = _ROOM_WIDE
    return options


def _chart(series: Sequence[Series], unit: str = "") -> dict[str, Any]:
    if unit == _MS and max(_values(series), default=0.0) >= _SECONDS_FROM:
        series, unit = [_in_seconds(one) for one in series], " s"
    options = lines(series, axes=(Axis(low=0, unit=unit),))
    time = dict(options["xAxis"])
    time["type"] = "value"
    time["min"], time["max"] = 0, "dataMax"
    time["axisLabel"] = {**time["axisLabel"], "formatter": "{value} s"}
    time["minInterval"] = 1
    options["xAxis"] = time
    options["grid"] = {**options["grid"], "left": 56 if unit else 44, "right": _ROOM, "top": 12}
    return options


def _values(series: Sequence[Series]) -> list[float]:
    return [value for one in series for _at, value in one.points if value is not None]


def _in_seconds(one: Series) -> Series:
    scaled = [(at, None if value is None else round(value / 1000, 3)) for at, value in one.points]
    return replace(one, points=scaled)


def _series(line: Series | str, points: Sequence[Point], get: Get) -> Series:
    """Return the line (or one of that name) through these points."""
    values = [(round(point.at_s), _short(get(point))) for point in points]
    return replace(line if isinstance(line, Series) else Series(line, ()), points=values)


def _rate(count: int, point: Point) -> float:
    return count / point.seconds if point.seconds else 0.0


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
