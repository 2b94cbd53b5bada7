"""The one place that makes the wire's records of executions (contract 10.5, S2.35)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from services.executions.types import Execution, ExecutionEvent, ExecutionKind


def execution_record(execution: Execution) -> dict[str, Any]:
    """Return the whole record with exactly the contract's names; what we add is inside `meta`."""
    return {
        "id": execution.id,
        "execution_type": execution.execution_type,
        "status": str(execution.status),
        "agent_id": execution.agent_id,
        "progress": {"done": execution.done, "total": execution.total},
        "started_at": _time(execution.started_at),
        "created_at": _time(execution.created_at),
        "updated_at": _time(execution.updated_at),
        "finished_at": _time(execution.finished_at),
        "output": execution.output,
        "error": execution.error,
        "meta": {**execution.meta, **_additions(execution)},
    }


def _additions(execution: Execution) -> dict[str, Any]:
    return {
        "execution_id": execution.execution_id,
        "label": execution.label,
        "subject": execution.subject,
        "trigger": str(execution.trigger),
        "started_by": execution.started_by,
        "error_kind": execution.error_kind,
        "test_input": execution.input,
        "output_size": execution.output_size,
        "workflow_id": execution.workflow_id,
        "parent_id": execution.parent_id,
        "again_of": execution.again_of,
        "timeout_s": execution.timeout_s,
        "is_cancelling": execution.is_cancelling,
        "cancel_stage": str(execution.cancel_stage),
        "queue_place": execution.queue_place,
        "seq": execution.seq,
        "is_demo": execution.is_demo,
    }


def event_record(event: ExecutionEvent) -> dict[str, Any]:
    """Return one line of a timeline."""
    return {
        "seq": event.seq,
        "at": _time(event.at),
        "kind": event.kind,
        "text": _sentence(event),
        "data": dict(event.data),
    }


def kind_record(kind: ExecutionKind) -> dict[str, Any]:
    """Return what can be started, for a program that offers a choice."""
    return {
        "execution_type": kind.name,
        "label": kind.label,
        "is_exclusive": kind.is_exclusive,
        "is_startable": kind.is_startable,
        "limit": kind.limit,
        "timeout_s": kind.timeout_s,
    }


def update_message(execution: Execution) -> str:
    """Return the message that tells of one change."""
    record = execution_record(execution)
    return _text({"type": "execution_update", "seq": execution.seq, "data": record})


def snapshot_message(executions: Iterable[Execution], seq: int) -> str:
    """Return the message a client gets first: the newest executions, and what was told so far."""
    records = [execution_record(execution) for execution in executions]
    return _text({"type": "snapshot", "seq": seq, "data": records})


def _text(message: dict[str, Any]) -> str:
    return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _sentence(event: ExecutionEvent) -> str:
    try:
        return str(event.message)
    except (KeyError, IndexError, ValueError):  # a template and data that do not belong together
        return event.text
