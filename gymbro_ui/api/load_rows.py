"""Load tests and their calls as the wire shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.foundation.messages import Message
from services.loadtest.types import (
    Forecast,
    LoadRun,
    SafeFinding,
    SampleClass,
    StoredSample,
    Summary,
)

_ERRORS_MOST = 20


def run_row(run: LoadRun) -> dict[str, Any]:
    """Return the summary of contract 7.4 and what we add."""
    summary, plan = run.summary, run.plan
    counts: Mapping[str, int] = {} if summary is None else summary.counts
    failed = (SampleClass.INCOMPLETE, SampleClass.ERRORED, SampleClass.RATE_LIMITED)
    return {
        "id": run.id,
        "run_id": run.run_id,
        "execution_id": run.run_id,
        "status": str(run.state),
        "model": ",".join(plan.models),
        "batch_size": plan.requests,
        "concurrency": plan.users,
        "stop_on_error": plan.stop_errors == 1,
        "success_count": counts.get(SampleClass.SUCCESS, 0),
        "failure_count": sum(counts.get(name, 0) for name in failed),
        "completed_count": 0 if summary is None else summary.ended,
        "errors": [] if summary is None else list(summary.errors)[:_ERRORS_MOST],
        "target": run.target,
        "plan": asdict(plan),
        "summary": None if summary is None else _summary(summary),
        "stored": run.stored,
        "error": run.error,
        "arrangement": str(run.arrangement),
        "baseline": run.baseline,
        "is_demo": run.is_demo,
        "created_at": run.created_at,
        "started_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    values = asdict(summary)
    for one in values["thresholds"]:
        one["words"] = str(Message(**one["words"]))
    return values


def forecast_row(forecast: Forecast) -> dict[str, Any]:
    """Return what a plan would cost, its warnings as English sentences."""
    return asdict(forecast) | {"warnings": [str(one) for one in forecast.warnings]}


def finding_row(finding: SafeFinding) -> dict[str, Any]:
    """Return what a search for the safe number of users knows."""
    return {
        "execution_id": finding.execution_id,
        "status": str(finding.state),
        "safe_users": finding.safe_users,
        "is_at_least": finding.is_at_least,
        "words": str(finding.words),
        "steps": [
            {
                "users": step.users,
                "run_id": step.run_id,
                "is_held": step.is_held,
                "reason": None if step.reason is None else str(step.reason),
                "summary": None if step.summary is None else _summary(step.summary),
            }
            for step in finding.steps
        ],
    }


def sample_row(stored: StoredSample) -> dict[str, Any]:
    """Return one call: the columns of ai_prompt_tests and what we add."""
    sample = stored.sample
    values = asdict(sample)
    return {
        "id": stored.id,
        "run_id": stored.run_id,
        "index": values.pop("no"),
        "model": values.pop("model_key"),
        "class": values.pop("sample_class"),
        "success": sample.sample_class is SampleClass.SUCCESS,
        "latency_ms": round(sample.total_ms),
        "request_message": stored.message,
        "response_message": values.pop("reply_text"),
        "created_at": stored.created_at,
        **values,
    }
