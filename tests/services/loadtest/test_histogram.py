"""Percentiles are within one percent of the exact ones."""

import math
import random

import pytest

from services.loadtest.histogram import Histogram


@pytest.mark.parametrize("shape", ["uniform", "heavy tail", "two humps"])
def test_every_percentile_is_within_one_percent(shape: str) -> None:
    dice = random.Random(7)
    make = {
        "uniform": lambda: dice.uniform(0.5, 900),
        "heavy tail": lambda: dice.lognormvariate(5, 1.5),
        "two humps": lambda: dice.choice([dice.gauss(20, 1), dice.gauss(4_000, 50)]),
    }[shape]
    values = [make() for _ in range(5_000)]
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    values.sort()
    found = histogram.percentiles()
    for share, got in ((0.5, found.p50), (0.9, found.p90), (0.95, found.p95), (0.99, found.p99)):
        exact = values[math.ceil(share * len(values)) - 1]
        assert got == pytest.approx(exact, rel=0.01)
    assert found.max == pytest.approx(values[-1], abs=0.001)
    assert found.count == 5_000
    assert found.mean == pytest.approx(sum(values) / 5_000, rel=0.001)
    merged = Histogram()
    merged.merge(histogram.buckets, histogram.largest)
    assert merged.percentiles().mean == pytest.approx(sum(values) / 5_000, rel=0.01)


def test_nothing_has_no_percentile_and_zero_counts() -> None:
    histogram = Histogram()
    assert histogram.percentiles().p50 is None
    histogram.add(0.0)
    assert histogram.percentiles().p99 == 0.0
    assert histogram.percentiles().count == 1


def test_the_mean_is_exact_and_of_merged_counts_within_a_percent() -> None:
    values = [1.0, 2.0, 30.0, 400.0]
    first, merged = Histogram(), Histogram()
    first.add_all(values)
    merged.merge(first.buckets, first.largest)
    assert first.percentiles().mean == 108.25
    assert abs((merged.percentiles().mean or 0) / 108.25 - 1) < 0.01
    assert merged.percentiles().p50 == first.percentiles().p50
