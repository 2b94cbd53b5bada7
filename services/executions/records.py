"""Execution rows to shapes, and endings to the values of a row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db.tables.executions import ExecutionRow
from services.executions.rules import ERROR_MAX, OUTPUT_MAX, clean, cut
from services.executions.types import Ending, Execution, ExecutionState, Trigger


def to_execution(row: ExecutionRow, *, is_cancelling: bool = False) -> Execution:
    """Return the row as every page, socket and route shows it."""
    return Execution(
        id=row.id or 0,
        execution_id=row.execution_id,
        execution_type=row.execution_type,
        label=row.label,
        status=ExecutionState(row.status),
        trigger=Trigger(row.trigger),
        started_by=row.started_by,
        done=row.done,
        total=row.total,
        created_at=row.created_at,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        output=row.test_output,
        error_kind=row.error_kind,
        error=row.error_message,
        agent_id=row.agent_id,
        meta=row.meta,
        is_cancelling=is_cancelling,
    )


def end_values(
    ending: Ending, execution: Execution, meta: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the column values that close a row."""
    return {
        "status": str(ending.status),
        "test_output": cut(clean(ending.output), OUTPUT_MAX),
        "error_kind": cut(clean(ending.error_kind), 100),
        "error_message": cut(clean(str(ending.error)) if ending.error else "", ERROR_MAX),
        "done": execution.done,
        "total": execution.total,
        "meta": {**meta, **ending.meta},
        "updated_at": now,
        "heartbeat_at": now,
        "finished_at": now,
    }
