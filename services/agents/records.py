"""Agent rows to shapes, and executions to the tests they are."""

from collections.abc import Mapping
from typing import Any

from db.tables.agents import AgentRow
from services.accounts.types import UserType
from services.agents.types import Agent, AgentTest
from services.executions.types import Execution


def to_agent(row: AgentRow) -> Agent:
    """Return the row as a shape."""
    return Agent(
        id=row.id or 0,
        name=row.name,
        model_key=row.model_key,
        description=row.description,
        prompt_id=row.prompt_id,
        prompt_version_no=row.prompt_version_no,
        temperature=row.temperature,
        max_tokens=row.max_tokens,
        timeout_s=row.timeout_s,
        uses_tools=row.uses_tools,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_test(execution: Execution) -> AgentTest:
    """Return the execution of kind agent_test as a test."""
    meta = execution.meta
    params: Mapping[str, Any] = meta.get("params") or {}
    as_permanent = params.get("user_type") == str(UserType.PERMANENT)
    return AgentTest(
        execution_id=execution.execution_id,
        state=execution.status,
        verdict=_text(meta, "verdict"),
        user_type=UserType.PERMANENT if as_permanent else UserType.ANONYMOUS,
        started_at=execution.started_at or execution.created_at,
        finished_at=execution.finished_at,
        input=execution.input,
        output=execution.output,
        reason=_text(meta, "reason"),
        error=execution.error,
        latency_ms=_number(meta, "latency_ms"),
        ttft_ms=_number(meta, "ttft_ms"),
        model=_text(meta, "resolved_model"),
        is_demo=meta.get("provider") == "demo",
        is_output_cut=execution.output_size > len(execution.output),
    )


def _text(meta: Mapping[str, Any], name: str) -> str:
    value = meta.get(name)
    return value if isinstance(value, str) else ""


def _number(meta: Mapping[str, Any], name: str) -> int | None:
    value = meta.get(name)
    return value if isinstance(value, int) else None
