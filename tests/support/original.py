"""A database as an original GymBro server keeps it: every table of the contract, and some it never takes."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_BORN = "2025-11-02 08:15:30.123456"
_TABLES = """
CREATE TABLE e2e_mapped_model_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id VARCHAR(64), user_type VARCHAR(16),
  auth_mode VARCHAR(32), prompt_text TEXT, prompt_mode VARCHAR(16), result_mode VARCHAR(32),
  models_total INT, models_success INT, models_failed INT, started_at TIMESTAMP,
  finished_at TIMESTAMP, duration_ms REAL, status VARCHAR(16), error_summary TEXT,
  results_json JSON, created_at TIMESTAMP);
CREATE TABLE ai_endpoints (
  id INTEGER PRIMARY KEY, supabase_id INT, name TEXT, base_url TEXT, provider_protocol TEXT,
  model TEXT, api_key TEXT, description TEXT, timeout INT, is_active INT, is_default INT,
  model_list JSON, status TEXT, latency_ms REAL, last_checked_at TIMESTAMP, last_error TEXT,
  sync_status TEXT, last_synced_at TIMESTAMP, resolved_endpoints JSON, created_at TIMESTAMP,
  updated_at TIMESTAMP);
CREATE TABLE ai_prompts (
  id INTEGER PRIMARY KEY, supabase_id INT, name TEXT, content TEXT, version TEXT, category TEXT,
  description TEXT, tools_json JSON, prompt_type TEXT, is_active INT, created_at TIMESTAMP,
  updated_at TIMESTAMP, last_synced_at TIMESTAMP);
CREATE TABLE ai_prompt_tests (
  id INTEGER PRIMARY KEY, prompt_id INT, endpoint_id INT, model TEXT, request_message TEXT,
  response_message TEXT, success INT, latency_ms REAL, error TEXT, created_at TIMESTAMP);
CREATE TABLE llm_model_mappings (
  id TEXT PRIMARY KEY, scope_type TEXT, scope_key TEXT, name TEXT, default_model TEXT,
  candidates_json JSON, is_active INT, updated_at TIMESTAMP, metadata_json JSON,
  created_at TIMESTAMP);
CREATE TABLE llm_app_settings (
  key TEXT PRIMARY KEY, value_json JSON, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE dashboard_config (
  id INTEGER PRIMARY KEY, config_json JSON, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE user_activity_stats (
  id INTEGER PRIMARY KEY, user_id TEXT, user_type TEXT, activity_date DATE, request_count INT,
  first_request_at TIMESTAMP, last_request_at TIMESTAMP, created_at TIMESTAMP);
CREATE TABLE ai_request_stats (
  id INTEGER PRIMARY KEY, user_id TEXT, endpoint_id INT, model TEXT, request_date DATE, count INT,
  total_latency_ms REAL, success_count INT, error_count INT, created_at TIMESTAMP,
  updated_at TIMESTAMP);
CREATE TABLE ai_model_daily_usage (
  id INTEGER PRIMARY KEY, user_id TEXT, model_key TEXT, usage_date DATE, count INT,
  created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE dashboard_stats (
  id INTEGER PRIMARY KEY, stat_date DATE, daily_active_users INT, ai_request_count INT,
  token_usage INT, api_connectivity_rate REAL, jwt_availability_rate REAL, created_at TIMESTAMP,
  updated_at TIMESTAMP);
CREATE TABLE conversation_logs (
  id INTEGER PRIMARY KEY, user_id TEXT, message_id TEXT, conversation_id TEXT, request_id TEXT,
  kind TEXT, request_payload TEXT, response_payload TEXT, request_detail_json JSON,
  response_detail_json JSON, model_used TEXT, latency_ms REAL, status TEXT, error_message TEXT,
  created_at TIMESTAMP);
CREATE TABLE llm_test_users (
  id INTEGER PRIMARY KEY, kind TEXT, label TEXT, email TEXT, username TEXT, supabase_user_id TEXT,
  password TEXT, refresh_token TEXT, meta_json JSON, last_used_at TIMESTAMP,
  last_refreshed_at TIMESTAMP, created_at TIMESTAMP);
CREATE TABLE local_users (id INTEGER PRIMARY KEY, username TEXT, password TEXT);
CREATE TABLE aerich (id INTEGER PRIMARY KEY, version TEXT);
"""
KEY = "sk-original-secret-0123456789"
EXA = "exa-original-secret-987654321"
SERVICE = "service-role-original-5544332211"
PASSWORD = "Passw0rd-of-the-original"  # a canary
REFRESH = "refresh-of-the-original-112233"
CANARIES = (KEY, EXA, SERVICE, PASSWORD, REFRESH)


def a_result(model: str, **fields: Any) -> dict[str, Any]:
    """A result as the original wrote it."""
    return {
        "model_key": model, "success": True, "latency_ms": 2_310.5, "request_id": "req-1",
        "message_id": "msg-1", "conversation_id": "con-1", "reply_len": 812,
        "result_mode_effective": "xml_plaintext", "thinkingml_ok": True, "thinkingml_reason": None,
        "error": None, **fields,
    }  # fmt: skip


def a_run(number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """A run; what it does not say is as usual."""
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
    return row


def an_original(
    path: Path,
    runs: Sequence[Mapping[str, Any]] = (),
    tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    *,
    born: str = _BORN,
    extra: str = "",
) -> Path:
    """Write a database with these runs and rows; `extra` is SQL that runs after the tables are made."""
    with sqlite3.connect(path) as file:
        file.executescript(_TABLES)
        file.executescript(extra)
        put(file, "dashboard_config", [{"id": 1, "config_json": "{}", "created_at": born}])
        put(file, "e2e_mapped_model_runs", [a_run(n, one) for n, one in enumerate(runs)])
        for table, rows in (tables or {}).items():
            if table == "dashboard_config":
                file.execute("DELETE FROM dashboard_config")
            put(file, table, rows)
    file.close()
    return path


def put(file: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows; a column that is not named is NULL."""
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        values = [json.dumps(v) if isinstance(v, list | dict) else v for v in row.values()]
        file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # ours


def a_full_original(path: Path, now: datetime) -> Path:
    """Write a database with every table filled, a secret in each place that holds or quotes one."""
    at = days_ago(now, 1)
    runs = [{"started_at": at, "error_summary": f"401 with {KEY}"}]
    return an_original(path, runs, {**_catalogue(at), **_past(at, f"{now:%Y-%m-%d}")})


def _catalogue(at: str) -> dict[str, list[dict[str, Any]]]:
    stamps = {"created_at": at, "updated_at": at}
    return {
        "ai_endpoints": [
            {"id": 3, "name": "main", "base_url": "https://api.example.com/v1", "model": "gpt-4o",
             "api_key": KEY, "timeout": 30, "is_active": 1, "is_default": 1,
             "model_list": ["gpt-4o", "qwen"], "status": "online",
             "last_error": f"refused {KEY}", "description": f"key {KEY}", **stamps},
            {"id": 4, "name": "second", "base_url": "https://b.example.com", "model": "m",
             "is_active": 1, "is_default": 1, "model_list": "{broken", **stamps},
        ],
        "ai_prompts": [
            {"id": 7, "name": "coach", "content": f"Be kind. {KEY}", "prompt_type": "system",
             "is_active": 1, "version": "v3", **stamps},
            {"id": 8, "name": "turned", "content": "x", "prompt_type": "tools", "is_active": 0,
             "tools_json": {"__model_mapping": {"default_model": "qwen", "candidates": []}},
             **stamps},
        ],
        "llm_model_mappings": [
            {"id": "tenant:gpt", "scope_type": "tenant", "scope_key": "gpt", "name": "GPT",
             "default_model": "gpt-4o", "candidates_json": ["gpt-4o", "qwen"], "is_active": 1,
             "metadata_json": {"preferred_endpoint_id": 3}, **stamps},
            {"id": "user:u1", "scope_type": "user", "scope_key": "u1", "name": "u1",
             "default_model": "qwen", "candidates_json": [], "is_active": 1, **stamps},
        ],
        "llm_app_settings": [
            {"key": "prompt_mode", "value_json": '"passthrough"', **stamps},
            {"key": "web_search_exa_api_key", "value_json": json.dumps(EXA), **stamps},
            {"key": "unheard_of", "value_json": "1", **stamps},
        ],
        "dashboard_config": [
            {"id": 1, "config_json": {"http_poll_interval": 60, "e2e_daily_time": "99:99",
             "supabase_service_role_key": SERVICE, "odd": 1}, **stamps},
        ],
    }  # fmt: skip


def _past(at: str, today: str) -> dict[str, list[dict[str, Any]]]:
    stamps = {"created_at": at, "updated_at": at}
    return {
        "llm_test_users": [
            {"id": 1, "kind": "mail", "email": "t@example.com", "username": "t",
             "password": PASSWORD, "refresh_token": REFRESH, "supabase_user_id": "u-1",
             "meta_json": {"note": PASSWORD, "access_token": "abcdefgh-1234"}, "created_at": at},
        ],
        "ai_prompt_tests": [
            {"id": 1, "prompt_id": 7, "endpoint_id": 3, "model": "gpt-4o",
             "request_message": "hi [run_id=abc index=2]", "response_message": f"no {KEY}",
             "success": 0, "latency_ms": 12.5, "error": f"provider_error {REFRESH}",
             "created_at": at},
        ],
        "user_activity_stats": [
            {"id": 1, "user_id": "u-9", "user_type": "permanent", "activity_date": at[:10],
             "request_count": 5, "first_request_at": at, "last_request_at": at, "created_at": at},
        ],
        "ai_request_stats": [
            {"id": 1, "user_id": "u-9", "endpoint_id": None, "model": "gpt", "request_date": at[:10],
             "count": 1, "total_latency_ms": 100, "success_count": 1, "error_count": 0, **stamps},
            {"id": 2, "user_id": "u-9", "endpoint_id": None, "model": "gpt", "request_date": at[:10],
             "count": 1, "total_latency_ms": 200, "success_count": 0, "error_count": 1, **stamps},
            {"id": 3, "user_id": "u-9", "endpoint_id": 3, "model": "gpt", "request_date": at[:10],
             "count": 4, "total_latency_ms": 400, "success_count": 4, "error_count": 0, **stamps},
        ],
        "ai_model_daily_usage": [
            {"id": 1, "user_id": "u-9", "model_key": "gpt-4o", "usage_date": today, "count": 3,
             **stamps},
            {"id": 2, "user_id": "u-9", "model_key": "gpt-4o", "usage_date": "2025-01-01",
             "count": 9, **stamps},
        ],
        "dashboard_stats": [
            {"id": 1, "stat_date": "2025-12-01", "daily_active_users": 2, "ai_request_count": 8,
             "token_usage": 900, "api_connectivity_rate": 99.5, "jwt_availability_rate": 100.0,
             **stamps},
        ],
        "conversation_logs": [
            {"id": 1, "user_id": "u-9", "message_id": "m1", "conversation_id": "c1",
             "request_id": "r1", "kind": "trace", "request_payload": f"key {KEY}",
             "response_payload": f"tok {REFRESH}",
             "request_detail_json": {"headers": {"api_key": KEY}},
             "response_detail_json": "{nope", "model_used": "gpt", "latency_ms": 9.0,
             "status": "completed", "error_message": PASSWORD, "created_at": at},
            {"id": 2, "user_id": "u-9", "message_id": "m2", "created_at": "2020-01-01 00:00:00"},
        ],
        "local_users": [{"id": 1, "username": "admin", "password": "123456"}],
    }  # fmt: skip


def days_ago(now: datetime, days: float) -> str:
    """A time as the original stored it: UTC without saying so."""
    return (now - timedelta(days=days)).replace(tzinfo=None).isoformat(sep=" ")
