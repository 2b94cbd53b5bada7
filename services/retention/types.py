"""Retention: the kinds of data that age, and what the last run deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.executions.types import Execution, ExecutionState

KIND = "retention"  # the execution kind


class DataKind(StrEnum):
    """What is kept for a number of days of its own."""

    E2E = "e2e"  # launches, runs, results, replies; slots of the schedule, times of running
    EXECUTIONS = "executions"  # with timelines and outputs
    MESSAGES = "messages"  # of the gateway, with the conversation log
    AUDIT = "audit"
    STATS = "stats"  # activity, calls and quotas by day
    LOAD = "load"  # load tests with their calls, a baseline excepted; single conversations


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """How the newest run of the retention stands or ended."""

    execution_id: str
    status: ExecutionState
    at: datetime | None  # its end, or its start while it runs
    deleted: Mapping[str, int] = field(default_factory=dict[str, int])  # DataKind to rows
    freed_bytes: int = 0  # of the database file
    unpushed: int = 0  # changes that still wait for Supabase: never deleted
    never_pushed: int = 0  # days of figures that were deleted and never arrived at Supabase
    error: str = ""

    @property
    def total(self) -> int:
        """Rows deleted, all kinds together."""
        return sum(self.deleted.values())


def result_of(execution: Execution) -> RetentionResult:
    """Return what an execution of the retention says."""
    meta: Mapping[str, Any] = execution.meta
    return RetentionResult(
        execution_id=execution.execution_id,
        status=execution.status,
        at=execution.finished_at or execution.created_at,
        deleted=dict(meta.get("deleted") or {}),
        freed_bytes=int(meta.get("freed_bytes") or 0),
        unpushed=int(meta.get("unpushed") or 0),
        never_pushed=int(meta.get("never_pushed") or 0),
        error=execution.error,
    )
