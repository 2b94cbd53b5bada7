"""Load tests: the plan, one sample, the summary, a run as it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.foundation.ids import is_demo_id
from services.foundation.messages import Message
from services.loadtest.plan import Arrangement, LoadPlan, PlanValues, Stage, Threshold

__all__ = [
    "FINDER_KIND", "KIND", "Arrangement", "ErrorDetail", "Export", "FinderStep", "Forecast",
    "LoadPlan", "LoadRun", "Percentiles", "PlanValues", "Point", "QuotaNeed", "RunState",
    "SafeFinding", "Sample", "SampleClass", "SamplePage", "Stage", "StoredSample", "Summary",
    "Threshold", "ThresholdResult",
]  # fmt: skip

KIND = "load_test"
_NOTHING = Message("")
FINDER_KIND = "load_finder"


class RunState(StrEnum):
    """The life of a run; the words of its execution."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"  # every threshold held
    FAILED = "failed"  # a threshold broke, or it could not begin
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    TIMED_OUT = "timed_out"


class SampleClass(StrEnum):
    """What became of one call; the counts of all of them make up what was requested."""

    SUCCESS = "success"  # the terminal event `completed`
    INCOMPLETE = "incomplete"  # it began and never came to a terminal event
    ERRORED = "errored"
    RATE_LIMITED = "rate_limited"  # 429 by the server or by its supplier
    CANCELLED = "cancelled"  # begun, then cut by a cancel
    NOT_STARTED = "not_started"  # never sent: the run ended before, or the start was dropped


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """What became of one threshold."""

    metric: str
    limit: float
    value: float | None  # None: nothing was measured, so it did not hold
    is_held: bool
    words: Message = _NOTHING  # the sentence for people, with the value and the limit


@dataclass(slots=True)  # not frozen: that costs, and thousands are made a second
class Sample:
    """One call that was sent."""

    no: int  # from 1, in order of its start
    user_no: int  # which token of the pool, from 1
    model_key: str
    sample_class: SampleClass
    at_ms: float  # start of its POST since the run began
    late_ms: float = 0.0  # start behind its schedule; 0 without a schedule
    status: int | None = None  # HTTP status of a refusal
    error: str = ""
    error_text: str = ""
    accepted_ms: float | None = None
    first_event_ms: float | None = None
    ttft_ms: float | None = None
    total_ms: float = 0.0
    event_count: int = 0
    byte_count: int = 0
    reply_text: str = ""
    request_id: str = ""
    message_id: str = ""
    prompt_id: int = 0  # 0: the server did not say
    endpoint_id: int = 0
    gap_p95_ms: float | None = None  # between reads with events, after the first text
    gap_max_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One of the first calls that went wrong."""

    no: int
    at_ms: float
    model_key: str
    sample_class: SampleClass
    request_id: str
    status: int | None
    error: str
    text: str  # the server's own words, redacted


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds, within 1 % of the exact value; None without a value."""

    count: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run, now or at its end."""

    requested: int
    counts: Mapping[str, int]  # SampleClass to calls; their sum is `requested`
    elapsed_s: float = 0.0
    peak_in_flight: int = 0
    rate_per_s: float = 0.0  # calls ended a second
    events_per_s: float = 0.0
    error_share: float = 0.0  # incomplete and errored of those judged; 429s are no errors here
    ttft: Percentiles = Percentiles()  # of successes; with a rate counted from the schedule
    total: Percentiles = Percentiles()
    late: Percentiles = Percentiles()  # starts behind their schedule
    loop_lag: Percentiles = Percentiles()  # of our own event loop
    dropped_starts: int = 0  # due, but too many were open; part of not_started
    is_lag_sound: bool = True  # False: our own lag may have made the figures worse
    errors: Mapping[str, int] = field(default_factory=dict[str, int])  # word to calls, 20 most
    sign_ins: int = 0
    refreshes: int = 0
    gaps: Percentiles = Percentiles()  # between the events of a reply, over all replies
    good: int = 0  # successes within the limits of goodput; all of them without limits
    goodput_per_s: float = 0.0
    goodput_share: float = 0.0  # of the calls that ended
    first_errors: tuple[ErrorDetail, ...] = ()  # 20 at most
    thresholds: tuple[ThresholdResult, ...] = ()

    @property
    def ended(self) -> int:
        """Calls that were sent and have ended."""
        return sum(self.counts.values()) - self.counts.get(SampleClass.NOT_STARTED, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """One span of a run, as its charts draw it; a second, or more on a long run."""

    at_s: float  # its begin, since the run began
    seconds: float  # its length
    in_flight: int = 0  # at its end
    waiting: int = 0  # for a seat under the cap, at its end
    started: int = 0
    ended: int = 0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])  # of those that ended
    ttft_p50: float | None = None
    ttft_p95: float | None = None
    ttft_p99: float | None = None
    total_p50: float | None = None
    total_p95: float | None = None
    gap_p95: float | None = None
    lag_p99: float | None = None


@dataclass(frozen=True, slots=True)
class LoadRun:
    """One load test as it is kept."""

    id: int
    run_id: str  # the id of its execution
    state: RunState
    target_id: int
    target: str  # api_base
    plan: LoadPlan
    summary: Summary | None = None  # None until the first figures are kept
    stored: int = 0  # rows of calls that the store has acknowledged
    error: str = ""  # why it stopped early or failed
    created_at: datetime | None = None
    finished_at: datetime | None = None
    arrangement: Arrangement = Arrangement.IN_PROCESS
    baseline: bool = False  # other runs are measured against it
    parent_id: int | None = None  # number of the execution it is a step of: finder, workflow
    timeline: tuple[Point, ...] = ()  # at most 600; lists of runs leave it out

    @property
    def is_demo(self) -> bool:
        """Whether it is demo data: no call was ever made."""
        return is_demo_id(self.run_id)


@dataclass(frozen=True, slots=True)
class StoredSample:
    """One call as it is kept; `sample` without the reply's text over its cap."""

    id: int
    run_id: str
    message: str
    created_at: datetime
    sample: Sample


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One page of a run's calls and how many there are."""

    total: int
    rows: tuple[StoredSample, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A file of all calls of a run."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class QuotaNeed:
    """Units of one key family against what the target lets one user have a day."""

    family: str
    needed: int  # by all users of the run together
    limit: int | None  # a user and day; None: no limit, or not known
    room: int | None  # what all signed-in users together have left; None: no limit, or not known


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan will cost and which limits it will meet; nothing was sent but a model list."""

    calls: int  # POSTs; with seconds and no count an estimate
    sign_ins: int  # users signed in at most
    users: int  # at the highest level
    streams: int  # at once, at most
    models: tuple[str, ...] = ()
    quotas: tuple[QuotaNeed, ...] = ()
    duration_s: float | None = None  # None: nobody knows how fast the target answers
    expected_429: int = 0  # their own class, no failures
    descriptors: int = 0  # files and sockets needed
    descriptor_limit: int = 0  # how many this process may have
    arrangement: Arrangement = Arrangement.IN_PROCESS
    is_self: bool = False  # the target is this console: one process and loop with its own load
    needs_confirm: str = ""  # the name to be typed, when the target is marked production
    is_exact: bool = True  # False: calls, quota and time are estimates
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class FinderStep:
    """One try of the finder of a safe number of users."""

    users: int
    run_id: str
    is_held: bool
    reason: Message | None = None  # what broke
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class SafeFinding:
    """What the finder knows: the most users with which every limit held, twice."""

    execution_id: str
    state: RunState
    safe_users: int | None = None  # 0: not even one; None: not known yet
    is_at_least: bool = False  # the greatest number that was allowed held too
    steps: tuple[FinderStep, ...] = ()
    words: Message = _NOTHING  # the answer for people
