"""The plan of a load test; every other module has it from services.loadtest.types."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.accounts.types import UserType

PlanValues = Mapping[str, Any]  # a plan as programs say it


class Arrangement(StrEnum):
    """Where the engine of a run works."""

    IN_PROCESS = "in process"
    WORKER = "worker process"  # one child at low priority, for many streams at once
    LOCUST = "Locust"  # Locust's master and workers, also on other machines


@dataclass(frozen=True, slots=True)
class Stage:
    """A piece of a run: its level is reached evenly by its end; the first one begins at 0."""

    seconds: float
    users: int | None = None  # level of the closed model; all stages say users, or all say rate
    rate: float | None = None  # level of the open model, arrivals a second


@dataclass(frozen=True, slots=True)
class Threshold:
    """What must hold over the whole run; see thresholds.METRICS."""

    metric: str  # error_share, ttft_p95_ms, ttft_p99_ms, total_p95_ms, gap_p95_ms, goodput_share …
    limit: float


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a load test shall do; validated by reading.read_plan."""

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
    stages: tuple[Stage, ...] = ()  # instead of ramp_s, rate and seconds
    good_ttft_ms: float | None = None  # goodput counts the successes within both limits
    good_total_ms: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    worker: bool | None = None  # force or forbid the worker process; None: by the streams
    locust_workers: int = 0  # Locust's processes on this machine; with either: Locust does it
    locust_remote: int = 0  # and those that come from other machines
    locust_bind: str = "127.0.0.1"  # where they come to
    locust_port: int = 0  # 0: any free one, told in the output

    @property
    def is_open(self) -> bool:
        """Whether calls arrive by the clock, not by the end of the call before."""
        return self.rate is not None or any(stage.rate is not None for stage in self.stages)

    @property
    def is_locust(self) -> bool:
        """Whether Locust's engine does it."""
        return self.locust_workers + self.locust_remote > 0

    @property
    def has_goodput(self) -> bool:
        """Whether limits say which successes are good."""
        return self.good_ttft_ms is not None or self.good_total_ms is not None
