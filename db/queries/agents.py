"""Read, save and delete agents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.tables.agents import AgentRow


def all_agents(session: Session) -> list[AgentRow]:
    """Return every agent, oldest first."""
    return list(session.exec(select(AgentRow).order_by(col(AgentRow.id))).all())


def save_agent(
    session: Session, agent_id: int | None, values: Mapping[str, Any], now: datetime
) -> AgentRow:
    """Return the new or changed row; raise RowNotFoundError."""
    if agent_id is None:
        row = AgentRow(**values, created_at=now, updated_at=now)
    else:
        row = _known(session, agent_id)
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
    session.add(row)
    session.flush()
    return row


def delete_agent(session: Session, agent_id: int) -> None:
    """Remove the row; raise RowNotFoundError."""
    session.delete(_known(session, agent_id))


def _known(session: Session, agent_id: int) -> AgentRow:
    row = session.get(AgentRow, agent_id)
    if row is None:
        raise RowNotFoundError(f"agents {agent_id}")
    return row
