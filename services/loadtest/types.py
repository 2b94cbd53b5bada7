"""Load tests: the plan, one sample, the summary, a run as it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.accounts.types import UserType

KIND = "load_test"


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
class LoadPlan:
    """What a load test shall do; validated by rules.read_plan."""

    users: int  # 1..1000; with a rate: how many calls may be open or wait for a seat
    cap: int  # calls in flight at most, 1..1000; the setting max_concurrency unless told
    requests: int | None = None  # calls in all; None: as many as the seconds allow
    seconds: float | None = None  # starts end after this time
    rate: float | None = None  # arrivals a second: the open model
    ramp_s: float = 0.0  # until all users have begun, or until the rate is reached
    models: tuple[str, ...] = ()  # keys, asked in turn; empty: all that the target maps
    message: str = ""
    user_type: UserType = UserType.ANONYMOUS
    target_id: int | None = None  # None: the target chosen now
    confirm: str = ""  # the name of a production target, typed
    result_mode: str = "raw_passthrough"
    sign_ins: int | None = None  # users signed in at most; None: by the target
    timeout_s: float = 120.0  # deadline of one call
    stop_error_share: float | None = None  # 0..1 of the judged calls
    stop_errors: int | None = None  # this many bad calls end it
    stop_p95_ttft_ms: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls arrive by the clock, not by the end of the call before."""
        return self.rate is not None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds, within 1 % of the exact value; None without a value."""

    count: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


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

    @property
    def ended(self) -> int:
        """Calls that were sent and have ended."""
        return sum(self.counts.values()) - self.counts.get(SampleClass.NOT_STARTED, 0)


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


PlanValues = Mapping[str, Any]  # a plan as programs say it
