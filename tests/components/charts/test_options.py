"""Options: at most four lines told apart without colour, gaps kept, marks drawn."""

import json

from components.charts.options import Axis, Series, Span, lines, spark

POINTS = [(1_000, 10.0), (2_000, None), (3_000, 30.0)]


def test_four_lines_differ_in_colour_and_dash_and_are_named_at_their_end() -> None:
    option = lines([Series(f"s{n}", POINTS) for n in range(6)])
    shown = option["series"]
    assert len(shown) == 4
    assert len({line["lineStyle"]["color"] for line in shown}) == 4
    assert len({str(line["lineStyle"]["type"]) for line in shown}) == 4
    assert all(line["endLabel"]["show"] for line in shown)


def test_a_gap_is_a_gap() -> None:
    line = lines([Series("p50", POINTS)])["series"][0]
    assert line["connectNulls"] is False
    assert line["data"][1] == [2_000, None]


def test_a_single_point_is_a_dot() -> None:
    assert lines([Series("p50", POINTS[:1])])["series"][0]["showSymbol"] is True
    assert lines([Series("p50", POINTS)])["series"][0]["showSymbol"] is False


def test_spans_are_areas_and_moments_are_marks() -> None:
    line = lines([Series("p50", POINTS)], spans=[Span(1, 5, "off"), Span(7, 7, "v12")])["series"][0]
    assert line["markArea"]["data"] == [[{"xAxis": 1, "name": "off"}, {"xAxis": 5}]]
    assert line["markLine"]["data"] == [{"xAxis": 7, "name": "v12"}]


def test_two_axes_stand_left_and_right_and_only_one_draws_its_grid() -> None:
    axes = lines([Series("a", POINTS)], axes=[Axis("%", 0, 100, "%"), Axis("ms")])["yAxis"]
    assert [axis["position"] for axis in axes] == ["left", "right"]
    assert [axis["splitLine"]["show"] for axis in axes] == [True, False]
    assert axes[0]["max"] == 100


def test_nothing_moves_and_everything_is_plain_data() -> None:
    for option in (lines([Series("a", POINTS)]), lines([]), spark(POINTS)):
        assert option["animation"] is False
        assert "function" not in json.dumps(option)


def test_a_unit_cannot_break_out_of_its_template() -> None:
    axis = lines([Series("a", POINTS)], axes=[Axis(unit="{value}")])["yAxis"][0]
    assert axis["axisLabel"]["formatter"] == "{value}value"
