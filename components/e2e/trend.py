"""Trend: the share of good answers and the latencies of each launch, as one chart."""

from collections.abc import Sequence
from typing import Any

from components.charts.options import Axis, Series, Span, lines
from components.primitives.formats import FEW, epoch_ms
from components.words import tr
from services.e2e.types import TrendPoint
from services.schedules.types import OffSpan

FEWEST = 2  # launches; fewer make no line


def trend_options(points: Sequence[TrendPoint], off_spans: Sequence[OffSpan]) -> dict[str, Any]:
    """Return the chart; a launch with fewer than five judged cells is a gap, not 0 %."""
    at = [epoch_ms(point.at) or 0 for point in points]
    share = [
        round(100 * point.good / point.judged, 1) if point.judged >= FEW else None
        for point in points
    ]
    series = [
        Series(tr("Good"), list(zip(at, share, strict=True)), width=2, area=True, unit="%"),
        Series(
            "p50",
            [(x, _seconds(p.p50_ms)) for x, p in zip(at, points, strict=True)],
            colour="var(--muted)",
            dash="solid",
            axis=1,
            unit="s",
        ),
        Series(
            "p95",
            [(x, _seconds(p.p95_ms)) for x, p in zip(at, points, strict=True)],
            colour="var(--muted)",
            dash=(4, 3),
            axis=1,
            unit="s",
        ),
    ]
    axes = (Axis(tr("Good"), low=0, high=100, unit="%"), Axis(tr("Latency"), low=0, unit=" s"))
    options = lines(series, axes=axes, spans=[_span(span) for span in off_spans])
    # Names stand at the ends of the lines, so the right axis moves out of their way.
    options["grid"] = {**options["grid"], "right": 104}
    share_axis, time_axis = options["yAxis"]
    share_axis["interval"] = 25
    time_axis["offset"] = 44
    time_axis["minInterval"] = 1
    return options


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 1000, 2)


def _span(span: OffSpan) -> Span:
    return Span(epoch_ms(span.start) or 0, epoch_ms(span.end) or 0, tr("Console off"))
