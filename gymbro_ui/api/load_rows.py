"""Load tests and their calls as the wire shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.loadtest.types import LoadRun, SampleClass, StoredSample

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
        "summary": None if summary is None else asdict(summary),
        "stored": run.stored,
        "error": run.error,
        "created_at": run.created_at,
        "started_at": run.created_at,
        "finished_at": run.finished_at,
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
