"""A database as an original GymBro server keeps it: the table of its E2E runs and some others."""

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE e2e_mapped_model_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id VARCHAR(64) UNIQUE, user_type VARCHAR(16),
  auth_mode VARCHAR(32), prompt_text TEXT, prompt_mode VARCHAR(16), result_mode VARCHAR(32),
  models_total INT, models_success INT, models_failed INT, started_at TIMESTAMP,
  finished_at TIMESTAMP, duration_ms REAL, status VARCHAR(16), error_summary TEXT,
  results_json JSON, created_at TIMESTAMP);
CREATE TABLE ai_endpoints (id INTEGER PRIMARY KEY, name TEXT, api_key TEXT);
CREATE TABLE aerich (id INTEGER PRIMARY KEY, version TEXT);
INSERT INTO ai_endpoints VALUES (1, 'main', 'sk-original-secret');
"""


def a_result(model: str, **fields: Any) -> dict[str, Any]:
    """A result as the original wrote it."""
    return {
        "model_key": model, "success": True, "latency_ms": 2_310.5, "request_id": "req-1",
        "message_id": "msg-1", "conversation_id": "con-1", "reply_len": 812,
        "result_mode_effective": "xml_plaintext", "thinkingml_ok": True, "thinkingml_reason": None,
        "error": None, **fields,
    }  # fmt: skip


def an_original(path: Path, runs: list[dict[str, Any]]) -> Path:
    """Write a database with these runs; what a run does not say is as usual."""
    with sqlite3.connect(path) as file:
        file.executescript(_TABLES)
        for number, given in enumerate(runs):
            row = {
                "run_id": f"{number:032x}", "user_type": "permanent", "auth_mode": "admin_create",
                "prompt_text": "每日测试", "prompt_mode": "server", "result_mode": "xml_plaintext",
                "models_total": 1, "models_success": 1, "models_failed": 0,
                "finished_at": None, "duration_ms": 4_000.0, "status": "success",
                "error_summary": None, **given,
            }  # fmt: skip
            row.setdefault("created_at", row.get("started_at"))
            if not isinstance(row.get("results_json"), str):
                row["results_json"] = json.dumps(row.get("results_json") or [a_result("gpt-4o")])
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            file.execute(
                f"INSERT INTO e2e_mapped_model_runs ({names}) VALUES ({marks})", list(row.values())
            )
    file.close()
    return path


def days_ago(now: datetime, days: float) -> str:
    """A time as the original stored it: UTC without saying so."""
    return (now - timedelta(days=days)).replace(tzinfo=None).isoformat(sep=" ")
