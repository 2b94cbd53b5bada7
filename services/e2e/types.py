"""End-to-end runs: launches, runs, cells, and the matrix the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.accounts.types import UserType
from services.e2e.statuses import (
    CODE_STATUS,
    GOOD,
    JUDGED,
    REAL,
    STATUS_CODES,
    Cause,
    CellStatus,
    Kind,
    RunStatus,
)

__all__ = [
    "CODE_STATUS",
    "GOOD",
    "JUDGED",
    "REAL",
    "STATUS_CODES",
    "Cause",
    "Cell",
    "CellChange",
    "CellDetail",
    "CellStatus",
    "ChangeSinceSeen",
    "CheckResult",
    "Dot",
    "Forecast",
    "Health",
    "Kind",
    "Launch",
    "LaunchRequest",
    "Mark",
    "Matrix",
    "MatrixRow",
    "Run",
    "RunStatus",
    "TrendPoint",
]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found on a cell's reply."""

    name: str
    ok: bool | None
    reason: str
    expected: str
    actual: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One model asked by one user type in one launch: every fact that is kept."""

    user_type: UserType
    model_key: str
    status: CellStatus
    kind: Kind
    cause: Cause = Cause.NONE
    id: int = 0
    launch_no: int = 0
    run_id: str = ""
    at: datetime | None = None  # when it was judged
    success: bool = False
    error: str = ""  # contract 14 word, else server text; never empty without success
    thinkingml_ok: bool | None = None
    thinkingml_reason: str = ""
    strict_reasons: tuple[str, ...] = ()
    signin_ms: int | None = None
    accepted_ms: int | None = None
    first_event_ms: int | None = None
    ttft_ms: int | None = None
    latency_ms: int | None = None  # POST begun to terminal event
    reply_len: int = 0
    result_mode_effective: str = ""
    provider: str = ""
    resolved_model: str = ""
    endpoint_id: int | None = None
    endpoint_name: str = ""  # of our own endpoint at that time; empty on another server
    repaired: bool = False
    repairs: tuple[str, ...] = ()
    request_id: str = ""
    message_id: str = ""
    conversation_id: str = ""
    upstream_status: int | None = None
    retries: tuple[str, ...] = ()  # one word a retry, e.g. limited_waited_3s
    checks: tuple[CheckResult, ...] = ()
    prompt: Mapping[str, Any] = field(default_factory=dict[str, Any])  # block of routed
    legs: Mapping[str, str] = field(default_factory=dict[str, str])  # three-leg check: leg to word
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class CellDetail:
    """A cell with its reply and what the drawer compares it with."""

    cell: Cell
    launch: "Launch"
    reply_text: str  # capped at 64 KB, redacted
    is_reply_cut: bool
    prompt_text: str  # the sentence that was asked
    last_ok: Cell | None = None  # newest good cell before this one, same model and user type
    last_ok_launch: "Launch | None" = None
    last_ok_reply: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One user type's part of a launch (a row of e2e_mapped_model_runs)."""

    run_id: str  # 32 hex
    user_type: UserType
    auth_mode: str
    status: RunStatus
    is_anonymous: bool | None  # what the token said; None without a token
    error_summary: str = ""
    models_total: int = 0
    models_success: int = 0
    models_failed: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    created_at: datetime | None = None
    duration_ms: int | None = None
    launch_id: str = ""
    launch_no: int = 0
    trigger: str = ""
    prompt_text: str = ""
    prompt_mode: str = "server"
    result_mode: str = ""
    target: str = ""  # api_base it was run against
    next_run_at: datetime | None = None
    results: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Launch:
    """One start of an E2E: a column of the matrix."""

    launch_no: int  # ascending
    launch_id: str  # 32 hex
    execution_id: str
    target_id: int
    trigger: str  # schedule, manual, api, command
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    slot_at: datetime | None = None  # the scheduled slot it serves
    is_partial: bool = False  # only some models or user types were asked
    error_summary: str = ""
    target: str = ""  # api_base it was run against
    cells: int = 0  # summed up when it ended
    judged: int = 0
    good: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """What a launch shall ask; empty models means every mapped model."""

    trigger: str = "manual"
    models: tuple[str, ...] = ()
    user_types: tuple[UserType, ...] = (UserType.ANONYMOUS, UserType.PERMANENT)
    slot_at: datetime | None = None
    started_by: str = ""
    target_id: int | None = None  # None: the current target


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a launch will cost."""

    conversations: int
    sign_ins: int
    seconds: int | None  # from the last launch; None when nothing is known
    per_day: int  # conversations a day under the present schedule


@dataclass(frozen=True, slots=True)
class Dot:
    """The latest real state of one model for one user type."""

    model_key: str
    user_type: UserType
    status: CellStatus
    cause: Cause
    at: datetime
    error: str
    latency_ms: int | None
    ttft_ms: int | None
    cell_id: int
    is_demo: bool
    provider: str = ""  # our endpoint's name, else the wire's word
    streak: int = 1  # how many launches in a row have shown this status
    since: datetime | None = None  # start of the streak


@dataclass(frozen=True, slots=True)
class Health:
    """The present health: what Overview and the rail show."""

    dots: tuple[Dot, ...]
    mapped: tuple[str, ...]  # keys mapped now, also those never judged
    judged: int
    good: int
    not_judged: int
    judged_at: datetime | None  # newest verdict
    running: Launch | None
    done: int = 0  # progress of the running launch
    total: int = 0
    sign_in_down: str = ""  # word, when sign-in is what failed last
    offline_since: datetime | None = None  # this machine itself has no network
    waiting_until: datetime | None = None  # a check of the schedule waits for it until then


@dataclass(frozen=True, slots=True)
class Mark:
    """Something changed between two columns: prompt, mapping or default."""

    at: datetime
    kind: str  # prompt, mapping, default
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One model over the shown launches: one character a column and user type."""

    model_key: str
    provider: str  # our endpoint's name, else the wire's word
    cells: Mapping[str, str]  # user type to STATUS_CODES characters, "." for none
    judged: int = 0
    good: int = 0
    cells_total: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None
    max_ms: int | None = None
    is_demo: bool = False
    is_mapped: bool = True  # False: its key is not mapped any more


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are models (worst first), columns are launches (oldest first)."""

    columns: tuple[Launch, ...]
    rows: tuple[MatrixRow, ...]
    marks: tuple[Mark, ...] = ()
    target_id: int = 0


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One launch in the trend chart."""

    at: datetime
    judged: int
    good: int
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell of the running launch changed: what pages patch without reading the store."""

    launch_no: int
    model_key: str
    user_type: UserType
    status: CellStatus
    cell_id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ChangeSinceSeen:
    """A model that broke or recovered since the operator last looked."""

    model_key: str
    user_type: UserType
    was: CellStatus
    now: CellStatus
    at: datetime
    cause: Cause
