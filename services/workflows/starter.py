"""The workflow every new store begins with: sync, probe, E2E, report."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from db.queries import config as config_queries
from db.queries import workflows as queries
from services.workflows.rules import write_step
from services.workflows.step_kinds import REPORT
from services.workflows.types import STARTER_NAME, STARTER_NOTE, OnFailure, Step, StepKind

SEEDED = "seeded_workflows"  # key in llm_app_settings: what an operator deletes stays deleted
_KINDS = ("sync", "probe", "e2e", REPORT)


def starter_steps(kinds: Mapping[str, StepKind]) -> tuple[Step, ...]:
    """Return the steps whose kinds exist now; a failing one does not keep the report from coming."""
    return tuple(
        Step(
            kind=kind.name,
            params={field.name: field.default for field in kind.fields},
            timeout_s=kind.timeout_s,
            on_failure=OnFailure.CONTINUE,
        )
        for kind in (kinds[name] for name in _KINDS if name in kinds)
    )


def write(session: Session, kinds: Mapping[str, StepKind], now: datetime) -> None:
    """Store the starter workflow and that it was stored."""
    steps = [write_step(step) for step in starter_steps(kinds)]
    values = {"name": STARTER_NAME, "description": STARTER_NOTE, "steps": steps}
    queries.save_workflow(session, None, values, now)
    config_queries.write_app_settings(session, {SEEDED: True}, now)
