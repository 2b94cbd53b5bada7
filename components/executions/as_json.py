"""As JSON: a run with its timeline as text to copy."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.executions.types import Execution, ExecutionEvent


def run_json(one: Execution, events: Sequence[ExecutionEvent]) -> str:
    """Return the run and its events, times in UTC, readable."""
    body = {**asdict(one), "is_demo": one.is_demo, "events": [asdict(event) for event in events]}
    return json.dumps(body, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
