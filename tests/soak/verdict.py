"""Pure: what a soak's samples and records say: slopes, levels, log lines, sums."""

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

SLOPE_MB_PER_10_MIN = 1.0
JUDGED_S = 600  # a shorter time cannot tell a slope from noise
WARM_UP_SHARE = 1 / 3
WARM_UP_MAX_S = 600
GRACE = timedelta(seconds=120)  # what a fault provoked may end so long after it
_POINTS_MOST = 400  # of a slope: pairs grow with the square


@dataclass(frozen=True, slots=True)
class Sample:
    """What the console's process held at one moment."""

    at_s: float  # since the soak began
    rss_mb: float
    handles: int
    threads: int
    tasks: int
    rows: int
    is_quiet: bool = True  # no load test and no E2E ran


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `ok` is None where the run was too short to say."""

    name: str
    ok: bool | None
    found: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One provoked fault: its time and how its lines in the log read."""

    name: str
    began: datetime
    ended: datetime
    lines: str  # a pattern of `logger text`


def warm(samples: Sequence[Sample]) -> list[Sample]:
    """Return the quiet samples after the warm-up: a third of the time, ten minutes at most."""
    if not samples:
        return []
    length = samples[-1].at_s - samples[0].at_s
    start = samples[0].at_s + min(WARM_UP_MAX_S, length * WARM_UP_SHARE)
    return [one for one in samples if one.at_s >= start and one.is_quiet]


def slope_per_10_min(points: Sequence[tuple[float, float]]) -> float:
    """Return the median slope (Theil and Sen) over all pairs, a 10 minutes; bursts do not move it."""
    step = -(-len(points) // _POINTS_MOST) or 1
    slopes = [
        (b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points[::step], 2) if a[0] != b[0]
    ]
    return statistics.median(slopes) * 600 if slopes else 0.0


def memory(samples: Sequence[Sample]) -> Check:
    """Return whether memory stays: less than 1 MB more in 10 minutes."""
    kept = warm(samples)
    name = f"memory slope after the warm-up under {SLOPE_MB_PER_10_MIN:g} MB per 10 min"
    span_s = kept[-1].at_s - kept[0].at_s if kept else 0.0
    slope = slope_per_10_min([(one.at_s, one.rss_mb) for one in kept])
    found = f"{slope:+.2f} MB per 10 min over {span_s / 60:.1f} min, {len(kept)} samples"
    if span_s < JUDGED_S:
        return Check(name, None, f"{found}: too short to judge")
    return Check(name, slope < SLOPE_MB_PER_10_MIN, found)


def flat(samples: Sequence[Sample], what: str, slack: int) -> Check:
    """Return whether the last third holds no more of it than the first third after the warm-up."""
    values = [int(getattr(one, what)) for one in warm(samples)]
    third = len(values) // 3
    name = f"{what} stay flat"
    if third < 3:
        return Check(name, None, f"{len(values)} quiet samples: too few to judge")
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    return Check(name, last <= first + slack, f"{first:g} at first, {last:g} at last")


def unexpected(lines: Iterable[tuple[datetime, str, str]], faults: Sequence[Fault]) -> list[str]:
    """Return the errors (time, logger, text) that no provoked fault explains."""
    return [
        f"{at:%H:%M:%S} {logger}: {text[:300]}"
        for at, logger, text in lines
        if not any(
            one.began <= at <= one.ended + GRACE and re.search(one.lines, f"{logger} {text}")
            for one in faults
        )
    ]


def sums(runs: Iterable[Mapping[str, Any]], rows: Mapping[int, int]) -> list[str]:
    """Return what is wrong with the sums of load runs; `rows` counts the stored calls of each."""
    wrong: list[str] = []
    for run in runs:
        summary = run["summary"]
        if summary is None:
            continue
        classes = sum(summary["counts"].values())
        if classes != summary["requested"]:
            wrong.append(
                f"run {run['id']}: {summary['requested']} requested, classes say {classes}"
            )
        kept = rows.get(run["id"], 0)
        sent = classes - summary["counts"].get("not_started", 0)
        if not kept == run["stored"] == sent:
            wrong.append(f"run {run['id']}: {sent} sent, {run['stored']} acknowledged, {kept} rows")
    return wrong


def backwards(times: Iterable[datetime], slack: timedelta = timedelta(0)) -> int:
    """Return how many times come before the one ahead of them, by more than the slack."""
    return sum(later < earlier - slack for earlier, later in pairwise(times))


def passed(checks: Sequence[Check]) -> bool:
    """Return whether nothing failed; what could not be judged does not fail."""
    return all(check.ok is not False for check in checks)
