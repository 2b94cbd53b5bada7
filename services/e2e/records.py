"""Rows to shapes and shapes to rows of end-to-end runs."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from db.queries.e2e_matrix import SEPARATOR
from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eRunRow
from services.accounts.types import UserType
from services.e2e.rules import ERROR_MAX, text_of
from services.e2e.types import (
    CODE_STATUS,
    STATUS_CODES,
    Cause,
    Cell,
    CheckResult,
    Kind,
    Launch,
    Run,
    RunStatus,
)

_COLUMNS = (  # cell fields that are columns of the same name
    "success",
    "at",
    "thinkingml_ok",
    "signin_ms",
    "accepted_ms",
    "first_event_ms",
    "ttft_ms",
    "latency_ms",
    "reply_len",
    "endpoint_id",
    "repaired",
    "upstream_status",
    "is_demo",
)
_LAUNCH_FIELDS = tuple(field.name for field in fields(Launch))  # all are columns of that name
_TEXTS = {  # cell fields that hold foreign text, and their column's width
    "error": ERROR_MAX,
    "thinkingml_reason": 200,
    "result_mode_effective": 40,
    "provider": 100,
    "resolved_model": 300,
    "request_id": 200,
    "message_id": 200,
    "conversation_id": 200,
}


def stored_key(model_key: str) -> str:
    """Return the model key as it is stored: printable, so that no separator can hide in it."""
    return text_of(model_key, 300).replace(SEPARATOR, "")


def cell_values(cell: Cell) -> dict[str, Any]:
    """Return what changes in a row when its cell is judged."""
    values: dict[str, Any] = {name: getattr(cell, name) for name in _COLUMNS}
    values |= {name: text_of(getattr(cell, name), width) for name, width in _TEXTS.items()}
    values["status_code"] = STATUS_CODES[cell.status]
    values["kind"] = str(cell.kind)
    values["cause"] = str(cell.cause)
    values["details_json"] = _details(cell)
    return values


def _details(cell: Cell) -> dict[str, Any] | None:
    details: dict[str, Any] = {
        "strict_reasons": [text_of(word, 80) for word in cell.strict_reasons[:40]],
        "repairs": [text_of(word, 40) for word in cell.repairs[:20]],
        "retries": list(cell.retries),
        "checks": [
            [
                c.name,
                c.ok,
                text_of(c.reason, 200),
                text_of(c.expected, 300),
                text_of(c.actual, 300),
                c.at,
            ]
            for c in cell.checks
        ],
        "prompt": dict(cell.prompt),
        "legs": dict(cell.legs),
        "endpoint_name": text_of(cell.endpoint_name, 100),
    }
    return {name: value for name, value in details.items() if value} or None


def new_cell_row(cell: Cell, target_id: int) -> E2eCellRow:
    """Return the row of a planned cell."""
    return E2eCellRow(
        launch_no=cell.launch_no,
        run_id=cell.run_id,
        target_id=target_id,
        user_type=str(cell.user_type),
        model_key=stored_key(cell.model_key),
        **cell_values(cell),
    )


def to_cell(row: E2eCellRow) -> Cell:
    """Return the cell a row holds."""
    details: dict[str, Any] = row.details_json or {}
    return Cell(
        user_type=UserType(row.user_type),
        model_key=row.model_key,
        status=CODE_STATUS[row.status_code],
        kind=Kind(row.kind),
        cause=Cause(row.cause),
        id=row.id or 0,
        launch_no=row.launch_no,
        run_id=row.run_id,
        thinkingml_reason=row.thinkingml_reason,
        error=row.error,
        result_mode_effective=row.result_mode_effective,
        provider=row.provider,
        resolved_model=row.resolved_model,
        request_id=row.request_id,
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        endpoint_name=details.get("endpoint_name", ""),
        strict_reasons=tuple(details.get("strict_reasons", ())),
        repairs=tuple(details.get("repairs", ())),
        retries=tuple(details.get("retries", ())),
        checks=tuple(CheckResult(*parts) for parts in details.get("checks", ())),
        prompt=details.get("prompt", {}),
        legs=details.get("legs", {}),
        **{name: getattr(row, name) for name in _COLUMNS},
    )


def to_launch(row: E2eLaunchRow) -> Launch:
    """Return the launch a row holds."""
    return launch_of(row.model_dump())


def launch_of(columns: Mapping[str, Any]) -> Launch:
    """Return the launch that plain columns hold."""
    values: dict[str, Any] = {name: columns[name] for name in _LAUNCH_FIELDS}
    values["status"] = RunStatus(columns["status"])
    return Launch(**values)


def to_run(row: E2eRunRow, cells: tuple[Cell, ...] = ()) -> Run:
    """Return the run a row holds, with its cells."""
    return Run(
        run_id=row.run_id,
        user_type=UserType(row.user_type),
        auth_mode=row.auth_mode,
        status=RunStatus(row.status),
        is_anonymous=row.is_anonymous,
        error_summary=row.error_summary,
        models_total=row.models_total,
        models_success=row.models_success,
        models_failed=row.models_failed,
        started_at=row.started_at,
        finished_at=row.finished_at,
        created_at=row.created_at,
        duration_ms=row.duration_ms,
        launch_id=row.launch_id,
        launch_no=row.launch_no,
        trigger=row.trigger,
        prompt_text=row.prompt_text,
        prompt_mode=row.prompt_mode,
        result_mode=row.result_mode,
        target=row.target,
        results=cells,
    )
