"""Rows to shapes, and starts and endings to the values of rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db.tables.executions import ExecutionEventRow, ExecutionRow
from services.executions.rules import (
    ERROR_MAX,
    OUTPUT_MAX,
    clean,
    cut,
    plain,
    read_input,
    said_of,
)
from services.executions.types import (
    Ending,
    Execution,
    ExecutionEvent,
    ExecutionKind,
    ExecutionState,
    StartOptions,
    Trigger,
)


def to_execution(row: ExecutionRow) -> Execution:
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
        seq=row.seq,
        subject=row.subject,
        input=row.test_input,
        output_size=row.output_size,
        workflow_id=row.workflow_id,
        parent_id=row.parent_id,
        again_of=row.again_of,
        timeout_s=row.timeout_s,
    )


def to_event(row: ExecutionEventRow) -> ExecutionEvent:
    """Return one line of a timeline."""
    return ExecutionEvent(row.execution_id, row.seq, row.at, row.kind, row.data, row.text)


def new_row(  # what makes an execution
    kind: ExecutionKind,
    params: Mapping[str, Any],
    options: StartOptions,
    *,
    origin: tuple[Trigger, str],
    ids: tuple[str, str],
    now: datetime,
) -> ExecutionRow:
    """Return the row of a new pending execution; raise InputError when its input is too long.

    `origin` is what started it and who, `ids` are its own text id and the process's.
    """
    text = read_input(params)
    agent_id, workflow_id = (
        given if given is not None else value if isinstance(value, int) else None
        for given, value in (
            (options.agent_id, params.get("agent_id")),
            (options.workflow_id, params.get("workflow_id")),
        )
    )
    trigger, started_by = origin
    execution_id, boot_id = ids
    return ExecutionRow(
        execution_id=execution_id,
        execution_type=kind.name,
        label=kind.label,
        subject=cut(clean(options.subject), 200),
        status=str(ExecutionState.PENDING),
        trigger=str(trigger),
        started_by=cut(clean(started_by), 200),
        parent_id=options.parent_id,
        again_of=options.again_of,
        agent_id=agent_id,
        workflow_id=workflow_id,
        timeout_s=kind.timeout_s if options.timeout_s is None else options.timeout_s,
        test_input=clean(text),
        meta={"params": plain({k: v for k, v in params.items() if k != "test_input"})},
        boot_id=boot_id,
        heartbeat_at=now,
        created_at=now,
        updated_at=now,
    )


def end_values(ending: Ending, execution: Execution, now: datetime) -> dict[str, Any]:
    """Return the column values that close a row; `execution` holds the streamed output."""
    output = clean(ending.output)
    error = ending.error
    said = said_of(error) if error is not None and error.params else {}
    return {
        "status": str(ending.status),
        "test_output": cut(output, OUTPUT_MAX) if output else execution.output,
        "output_size": len(output) if output else execution.output_size,
        "error_kind": cut(clean(ending.error_kind), 100),
        "error_message": cut(clean(str(error)) if error else "", ERROR_MAX),
        "done": execution.done,
        "total": execution.total,
        "meta": {**execution.meta, **plain(ending.meta), **said},
        "updated_at": now,
        "heartbeat_at": now,
        "finished_at": now,
    }
