"""Pure: all calls of a run as CSV or JSON; no cell of the CSV can become a formula."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from services.foundation.csv_file import MEDIA_TYPE, csv_file
from services.foundation.errors import InputError
from services.loadtest.rows import plan_values, summary_values
from services.loadtest.types import Export, LoadRun, StoredSample

FORMATS = ("csv", "json")
_COLUMNS = (
    "run_id", "no", "created_at", "model", "class", "success", "status", "error", "error_text",
    "at_ms", "late_ms", "accepted_ms", "first_event_ms", "ttft_ms", "total_ms", "gap_p95_ms",
    "gap_max_ms", "event_count", "byte_count", "user_no", "prompt_id", "endpoint_id", "request_id", "message_id", "message",
    "reply",
)  # fmt: skip


def export(run: LoadRun, samples: Iterable[StoredSample], kind: str) -> Export:
    """Return the file; raise InputError for a format that is none of ours."""
    if kind == "csv":
        content = csv_file(_COLUMNS, (record(stored).values() for stored in samples))
        return Export(f"load-{run.run_id}.csv", MEDIA_TYPE, content)
    if kind == "json":
        return Export(f"load-{run.run_id}.json", "application/json", _json(run, samples))
    raise InputError("Choose one of {names}", field="format", names=", ".join(FORMATS))


def record(stored: StoredSample) -> dict[str, Any]:
    """Return one call as programs read it."""
    values = asdict(stored.sample)
    values["class"] = str(values.pop("sample_class"))
    values |= {
        "run_id": stored.run_id,
        "created_at": stored.created_at.isoformat(),
        "model": values["model_key"],
        "success": values["class"] == "success",
        "message": stored.message,
        "reply": values["reply_text"],
    }
    return {name: values[name] for name in _COLUMNS}


def run_record(run: LoadRun) -> dict[str, Any]:
    """Return the head of a run as programs read it."""
    return {
        "run_id": run.run_id,
        "status": str(run.state),
        "target": run.target,
        "plan": plan_values(run.plan),
        "summary": None if run.summary is None else summary_values(run.summary),
        "stored": run.stored,
        "error": run.error,
        "is_demo": run.is_demo,
        "created_at": None if run.created_at is None else run.created_at.isoformat(),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
    }


def _json(run: LoadRun, samples: Iterable[StoredSample]) -> bytes:
    whole = {"run": run_record(run), "results": [record(stored) for stored in samples]}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()
