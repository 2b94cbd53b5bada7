"""Runs and results of end-to-end runs as they travel (contract 10.1)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.accounts.types import UserType
from services.e2e.types import Cell, Launch, Run


def moment(value: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with +00:00, or None."""
    return None if value is None else value.astimezone(UTC).isoformat()


def run_row(run: Run, next_run_at: datetime | None, *, in_list: bool = False) -> dict[str, Any]:
    """Return a run with its results; lists hold created_at too."""
    row: dict[str, Any] = {
        "run_id": run.run_id,
        "user_type": run.user_type,
        "auth_mode": run.auth_mode,
        "prompt_text": run.prompt_text,
        "prompt_mode": run.prompt_mode,
        "result_mode": run.result_mode,
        "models_total": run.models_total,
        "models_success": run.models_success,
        "models_failed": run.models_failed,
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "duration_ms": run.duration_ms,
        "status": run.status,
        "error_summary": run.error_summary or None,
        "results": [result_row(cell) for cell in run.results],
        "launch_id": run.launch_id,
        "trigger": run.trigger,
        "is_anonymous": run.is_anonymous,
        "target": run.target,
        "next_run_at": moment(next_run_at),
    }
    if in_list:
        row["created_at"] = moment(run.created_at)
    return row


def result_row(cell: Cell) -> dict[str, Any]:
    """Return one model's result."""
    return {
        "model_key": cell.model_key,
        "success": cell.success,
        "latency_ms": cell.latency_ms,
        "request_id": cell.request_id,
        "message_id": cell.message_id,
        "conversation_id": cell.conversation_id,
        "reply_len": cell.reply_len,
        "result_mode_effective": cell.result_mode_effective,
        "thinkingml_ok": cell.thinkingml_ok,
        "thinkingml_reason": cell.thinkingml_reason,
        "error": cell.error or None,
        "status": cell.status,
        "kind": cell.kind,
        "cause": cell.cause,
        "provider": cell.provider,
        "resolved_model": cell.resolved_model,
        "endpoint_id": cell.endpoint_id,
        "upstream_status": cell.upstream_status,
        "repaired": cell.repaired,
        "repairs": list(cell.repairs),
        "strict_reasons": list(cell.strict_reasons),
        "ttft_ms": cell.ttft_ms,
        "retries": list(cell.retries),
        "checks": [
            {
                "name": check.name,
                "ok": check.ok,
                "reason": check.reason,
                "expected": check.expected,
                "actual": check.actual,
                "at": check.at,
            }
            for check in cell.checks
        ],
        "legs": dict(cell.legs),
    }


def launch_row(launch: Launch, runs: Sequence[Run], next_run_at: datetime | None) -> dict[str, Any]:
    """Return a launch with its runs, as a command prints them."""
    return {
        "launch_id": launch.launch_id,
        "launch_no": launch.launch_no,
        "execution_id": launch.execution_id,
        "target": launch.target,
        "trigger": launch.trigger,
        "status": launch.status,
        "error_summary": launch.error_summary or None,
        "started_at": moment(launch.started_at),
        "finished_at": moment(launch.finished_at),
        "runs": [run_row(run, next_run_at) for run in runs],
    }


def latest_body(runs: Mapping[UserType, Run], next_run_at: datetime | None) -> dict[str, Any]:
    """Return the newest ended run of each user type and their sums."""
    total = sum(run.models_total for run in runs.values())
    success = sum(run.models_success for run in runs.values())
    return {
        "latest": {str(kind): run_row(run, next_run_at) for kind, run in runs.items()},
        "summary": {
            "models_total": total,
            "models_success": success,
            "models_failed": sum(run.models_failed for run in runs.values()),
            "success_rate": round(100 * success / total, 2) if total else 0.0,
        },
    }
