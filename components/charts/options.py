"""Options: pure builders of ECharts options from series; colours are the theme's custom properties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[int, float | None]  # epoch ms, value; None is a gap
INK = "var(--accent)"
COLOURS = ("var(--chart-1)", "var(--chart-2)", "var(--chart-3)", "var(--chart-4)")
_DASHES: tuple[str | list[int], ...] = ("solid", [6, 3], [2, 3], [8, 3, 2, 3])
_MONTH_DAY = "{MM}-{dd}"


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name stands at its end, so no legend is needed."""

    name: str
    points: Sequence[Point]
    colour: str = ""  # a CSS colour; empty: by position
    width: float = 1.5
    dash: str | Sequence[int] = ""  # empty: by position
    axis: int = 0  # 0 left, 1 right
    unit: str = ""
    area: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """One value axis."""

    name: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    whole: bool = False  # only whole numbers stand at it
    offset: int = 0  # pixels away from the drawing, so that names at the ends of lines have room


@dataclass(frozen=True, slots=True)
class Span:
    """A shaded time, e.g. the console was off; or a thin mark when start equals end."""

    start_ms: int
    end_ms: int
    label: str = ""


def lines(
    series: Sequence[Series],
    *,
    axes: Sequence[Axis] = (Axis(),),
    spans: Sequence[Span] = (),
    right: int = 76,
) -> dict[str, Any]:
    """Return a time chart of at most four lines, told apart by colour, dash and the name at the end.

    `right` is the room for these names and a second axis, in pixels.
    """
    shown = [_line(one, index) for index, one in enumerate(series[:4])]
    if shown and spans:
        shown[0] |= _spans(spans)
    return {
        "animation": False,
        "textStyle": {"fontFamily": "sans-serif", "fontSize": 12},
        "grid": {"left": 44, "right": right, "top": 24, "bottom": 24},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "backgroundColor": "var(--s1)",
            "borderColor": "var(--line)",
            "borderWidth": 1,
            "padding": [8, 12],
            "textStyle": {"color": "var(--text)", "fontSize": 12},
            "axisPointer": {"type": "line", "lineStyle": {"color": "var(--control)", "width": 1}},
            "extraCssText": "box-shadow:var(--shadow);border-radius:8px",
        },
        "xAxis": _time_axis(),
        "yAxis": [_value_axis(axis, index) for index, axis in enumerate(axes)],
        "series": shown,
    }


def spark(points: Sequence[Point], colour: str = INK) -> dict[str, Any]:
    """Return a line without axes, for beside a figure."""
    one = _line(Series("", points, colour=colour, dash="solid"), 0)
    one["endLabel"] = {"show": False}
    hidden = {"show": False}
    return {
        "animation": False,
        "grid": {"left": 1, "right": 1, "top": 2, "bottom": 2},
        "xAxis": {"type": "time", **hidden},
        "yAxis": {"type": "value", "scale": True, **hidden},
        "series": [one],
    }


def _line(one: Series, index: int) -> dict[str, Any]:
    colour = one.colour or COLOURS[index % len(COLOURS)]
    dash = one.dash or _DASHES[index % len(_DASHES)]
    option: dict[str, Any] = {
        "name": one.name,
        "type": "line",
        "yAxisIndex": one.axis,
        "data": [[at, value] for at, value in one.points],
        "showSymbol": len(one.points) == 1,
        "symbolSize": 5,
        "connectNulls": False,
        "silent": False,
        "emphasis": {"disabled": True},
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": one.width, "type": dash},
        "endLabel": {
            "show": True,
            "formatter": "{a}",
            "color": colour,
            "fontSize": 12,
            "distance": 6,
        },
        "labelLayout": {"moveOverlap": "shiftY"},
    }
    if one.area:
        option["areaStyle"] = {"color": colour, "opacity": 0.08}
    return option


def _time_axis() -> Mapping[str, Any]:
    return {
        "type": "time",
        "axisLine": {"lineStyle": {"color": "var(--line)"}},
        "axisTick": {"show": False},
        "axisLabel": {
            "color": "var(--faint)",
            "fontSize": 12,
            "hideOverlap": True,
            "rich": {"primary": {"fontSize": 12, "fontWeight": "normal"}},
            "formatter": {
                "year": "{yyyy}",
                "month": _MONTH_DAY,
                "day": _MONTH_DAY,
                "hour": "{HH}:{mm}",
                "minute": "{HH}:{mm}",
            },
        },
        "splitLine": {"show": False},
    }


def _value_axis(axis: Axis, index: int) -> dict[str, Any]:
    return {
        "type": "value",
        "name": axis.name,
        "nameTextStyle": {
            "color": "var(--faint)",
            "fontSize": 12,
            "align": "right" if index else "left",
            "padding": [0, 0, 0, 0 if index else -36],
        },
        "nameGap": 10,
        "min": axis.low,
        "max": axis.high,
        "splitNumber": 4,
        "position": "right" if index else "left",
        "offset": axis.offset,
        "minInterval": 1 if axis.whole else 0,
        "axisLabel": {
            "color": "var(--faint)",
            "fontSize": 12,
            "formatter": "{value}" + axis.unit.replace("{", "").replace("}", ""),
        },
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitLine": {"show": index == 0, "lineStyle": {"color": "var(--line)", "width": 1}},
    }


def _spans(spans: Sequence[Span]) -> dict[str, Any]:
    areas = [span for span in spans if span.end_ms > span.start_ms]
    marks = [span for span in spans if span.end_ms <= span.start_ms]
    option: dict[str, Any] = {}
    if areas:
        option["markArea"] = {
            "silent": True,
            "itemStyle": {"color": "var(--s2)", "opacity": 0.9},
            "label": {"color": "var(--faint)", "fontSize": 11, "position": "insideTop"},
            "data": [
                [{"xAxis": span.start_ms, "name": span.label}, {"xAxis": span.end_ms}]
                for span in areas
            ],
        }
    if marks:
        option["markLine"] = {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": "var(--control)", "type": "solid", "width": 1},
            "label": {"color": "var(--faint)", "fontSize": 11, "formatter": "{b}"},
            "data": [{"xAxis": span.start_ms, "name": span.label} for span in marks],
        }
    return option
