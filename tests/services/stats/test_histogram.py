"""Histogram: percentiles are within the stated error of the exact ones, merged or not."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.stats.histogram import ERROR, bucket_of, merged, percentile, value_of


def counted(values: list[int]) -> dict[str, int]:
    buckets: dict[str, int] = {}
    for value in values:
        name = str(bucket_of(value))
        buckets[name] = buckets.get(name, 0) + 1
    return buckets


@given(st.integers(0, 86_400_000))
def test_a_bucket_stands_for_its_values_within_the_error(value: int) -> None:
    assert abs(value_of(bucket_of(value)) - value) <= value * ERROR + 0.5


@given(st.lists(st.integers(0, 600_000), min_size=1), st.lists(st.integers(0, 600_000)))
def test_merged_percentiles_are_near_the_exact_ones(one: list[int], other: list[int]) -> None:
    buckets = merged([counted(one), counted(other)])
    everything = sorted([*one, *other])
    for share in (0.5, 0.95):
        exact = everything[max(1, math.ceil(share * len(everything))) - 1]
        found = percentile(buckets, share)
        assert found is not None
        assert abs(found - exact) <= exact * ERROR + 0.5


def test_nothing_counted_has_no_percentile() -> None:
    assert percentile({}, 0.5) is None
