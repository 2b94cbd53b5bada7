"""What a request id of the log belongs to; looked for only around the time of its line."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow
from db.tables.messages import GatewayMessageRow

AROUND = timedelta(hours=2)  # a launch may take that long at most
LAUNCHES = 50


def find_cell(session: Session, request_id: str, at: datetime) -> int | None:
    """Return the E2E cell whose call had this id, None without one."""
    launches = (
        select(col(E2eLaunchRow.launch_no))
        .where(col(E2eLaunchRow.started_at).between(at - AROUND, at + AROUND))
        .order_by(col(E2eLaunchRow.launch_no).desc())
        .limit(LAUNCHES)
    )
    numbers: list[Any] = list(session.exec(launches))
    query = (
        select(col(E2eCellRow.id))
        .where(col(E2eCellRow.launch_no).in_(numbers), col(E2eCellRow.request_id) == request_id)
        .limit(1)
    )
    return session.exec(query).first() if numbers else None


def find_message(session: Session, request_id: str, at: datetime) -> tuple[str, str] | None:
    """Return id and model key of the gateway's message with this request id, None without one."""
    query = (
        select(col(GatewayMessageRow.message_id), col(GatewayMessageRow.model_key))
        .where(
            col(GatewayMessageRow.created_at).between(at - AROUND, at + AROUND),
            col(GatewayMessageRow.request_id) == request_id,
        )
        .limit(1)
    )
    row = session.exec(query).first()
    return (row[0], row[1]) if row is not None else None
