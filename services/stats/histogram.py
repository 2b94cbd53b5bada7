"""Pure: a histogram of milliseconds that merges by adding, and percentiles within 2 % from it."""

import math
from collections.abc import Iterable, Mapping

GROWTH = 1.04  # a bucket's upper edge over that of the one before
ERROR = (GROWTH - 1) / (GROWTH + 1)  # the most a percentile is off, as a share: 0.0196
_LOG = math.log(GROWTH)
_LONGEST_MS = 86_400_000  # a day; what is longer counts as that
Buckets = Mapping[str, int]  # number of the bucket, as JSON keeps it, to how many


def bucket_of(latency_ms: int) -> int:
    """Return the number of the bucket: -1 holds 0 ms, bucket n holds what is up to GROWTH ** n."""
    if latency_ms < 1:
        return -1
    return math.ceil(math.log(min(latency_ms, _LONGEST_MS)) / _LOG - 1e-9)


def value_of(bucket: int) -> int:
    """Return the milliseconds a bucket stands for: no value in it is more than ERROR away."""
    return 0 if bucket < 0 else round(2 * GROWTH**bucket / (GROWTH + 1))


def merged(parts: Iterable[Buckets]) -> dict[str, int]:
    """Return all counts together."""
    whole: dict[str, int] = {}
    for part in parts:
        for bucket, count in part.items():
            whole[bucket] = whole.get(bucket, 0) + count
    return whole


def percentile(buckets: Buckets, share: float) -> int | None:
    """Return the value that `share` of all (0 to 1) do not exceed, None when there are none."""
    total = sum(buckets.values())
    if not total:
        return None
    rank, seen = max(1, math.ceil(share * total)), 0
    for bucket in sorted(int(name) for name in buckets):
        seen += buckets[str(bucket)]
        if seen >= rank:
            return value_of(bucket)
    return None
