"""Read, save and delete workflows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.tables.workflows import WorkflowRow


def all_workflows(session: Session) -> list[WorkflowRow]:
    """Return every workflow, oldest first."""
    return list(session.exec(select(WorkflowRow).order_by(col(WorkflowRow.id))).all())


def save_workflow(
    session: Session, workflow_id: int | None, values: Mapping[str, Any], now: datetime
) -> WorkflowRow:
    """Return the new or changed row; raise RowNotFoundError."""
    if workflow_id is None:
        row = WorkflowRow(**values, created_at=now, updated_at=now)
    else:
        row = _known(session, workflow_id)
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
    session.add(row)
    session.flush()
    return row


def delete_workflow(session: Session, workflow_id: int) -> None:
    """Remove the row; raise RowNotFoundError."""
    session.delete(_known(session, workflow_id))


def _known(session: Session, workflow_id: int) -> WorkflowRow:
    row = session.get(WorkflowRow, workflow_id)
    if row is None:
        raise RowNotFoundError(f"workflows {workflow_id}")
    return row
