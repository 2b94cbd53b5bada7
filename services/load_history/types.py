"""What is asked of the history of load tests, and what a comparison says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.loadtest.types import LoadRun, RunState, SampleClass

COMPARED_MOST = 4


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are wanted; the defaults want all."""

    states: tuple[RunState, ...] = ()
    model: str = ""  # a key; a run of all mapped models matches too
    target_id: int | None = None
    text: str = ""  # in the id, the target, the models, the message or the error
    created_from: datetime | None = None
    created_to: datetime | None = None


class SampleOrder(StrEnum):
    """How the calls of a run are ordered."""

    STARTED = "started"
    SLOWEST = "total_ms"
    FIRST_TEXT = "ttft_ms"
    LATEST = "late_ms"


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """Which calls of a run are wanted and in which order."""

    model: str = ""
    sample_class: SampleClass | None = None
    text: str = ""  # in ids, error, reply or model
    order: SampleOrder = SampleOrder.STARTED


class Trend(StrEnum):
    """What a change means."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"  # within what chance alone would do
    UNKNOWN = "unknown"  # too little was measured


@dataclass(frozen=True, slots=True)
class Change:
    """One figure against the same one of another run."""

    trend: Trend
    share: float | None = None  # -0.1: a tenth less; None: the other one is 0 or not known


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    RATE = "rate"  # a second
    SHARE = "share"  # 0..1
    MS = "ms"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of every compared run, in their order."""

    key: str  # success_share, error_share, rate, goodput, ttft_p50 …
    unit: Unit
    values: tuple[float | None, ...]
    changes: tuple[Change | None, ...]  # None: the run the others are compared with


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two to four runs side by side."""

    runs: tuple[LoadRun, ...]
    base: int  # index of the run the others are compared with
    measures: tuple[Measure, ...]
    differences: tuple[str, ...] = ()  # fields of the plan that are not the same in all


@dataclass(frozen=True, slots=True)
class HistoryRun:
    """A run of the history, and its p95 of the first text against the baseline of its plan."""

    run: LoadRun
    change: Change | None = None  # None: no baseline, or it is the baseline


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of the runs that match and how many match."""

    total: int
    rows: tuple[HistoryRun, ...]
