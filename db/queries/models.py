"""Read and change endpoints; exactly one default while any endpoint is active."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.queries.change_marks import add_mark
from db.tables.models import BlockedModelRow, EndpointRow


def all_endpoints(session: Session) -> list[EndpointRow]:
    """Return every endpoint by id."""
    return list(session.exec(select(EndpointRow).order_by(col(EndpointRow.id))).all())


def save_endpoint(
    session: Session, endpoint_id: int | None, values: Mapping[str, Any], now: datetime
) -> EndpointRow:
    """Return the stored row after the values were set; raise RowNotFoundError.

    `is_default` true moves the default here; any other move keeps exactly one default.
    """
    plain = {name: value for name, value in values.items() if name != "is_default"}
    if endpoint_id is None:
        row = EndpointRow(**plain, is_default=False, created_at=now, updated_at=now)
    else:
        row = _row(session, endpoint_id)
        for name, value in plain.items():
            setattr(row, name, value)
        row.updated_at = now
    session.add(row)
    session.flush()
    wanted = row.id if values.get("is_default") and row.is_active else None
    resigns = row.id if values.get("is_default") is False else None
    repair_default(session, now, wanted=wanted, resigns=resigns)
    session.refresh(row)
    return row


def delete_endpoint(session: Session, endpoint_id: int, now: datetime) -> EndpointRow:
    """Return the row that was removed; another one becomes default when it was; raise RowNotFoundError."""
    row = _row(session, endpoint_id)
    session.delete(row)
    session.flush()
    repair_default(session, now)
    return row


def set_probe(session: Session, endpoint_id: int, values: Mapping[str, Any]) -> None:
    """Keep what a look at the endpoint showed; nothing happens when it was deleted meanwhile."""
    session.exec(update(EndpointRow).where(col(EndpointRow.id) == endpoint_id).values(**values))


def repair_default(
    session: Session, now: datetime, *, wanted: int | None = None, resigns: int | None = None
) -> int | None:
    """Return the one default: the wanted, else the present if active, else the lowest active id.

    An endpoint that resigns stays default only when no other active one is there.
    """
    rows = all_endpoints(session)
    before = {row.id for row in rows if row.is_default}
    active = [row.id for row in rows if row.is_active]
    chosen = wanted if wanted in active else None
    if chosen is None:
        present = sorted(i for i in before if i in active and i is not None)
        keepers = [i for i in (*present, *active) if i != resigns]
        chosen = next(iter(keepers or active), None)
    if before == ({chosen} if chosen is not None else set[int | None]()):
        return chosen
    off = update(EndpointRow).where(col(EndpointRow.is_default)).values(is_default=False)
    session.exec(off)
    if chosen is not None:
        on = update(EndpointRow).where(col(EndpointRow.id) == chosen).values(is_default=True)
        session.exec(on)
    _mark_default(session, now, rows, before, chosen)
    return chosen


def blocked_models(session: Session) -> list[str]:
    """Return the names of blocked models, sorted."""
    return sorted(session.exec(select(BlockedModelRow.name)).all())


def replace_blocked(session: Session, names: Iterable[str], now: datetime) -> None:
    """Make these the blocked models."""
    session.exec(delete(BlockedModelRow))
    for name in sorted(set(names)):
        session.add(BlockedModelRow(name=name, created_at=now))


def _row(session: Session, endpoint_id: int) -> EndpointRow:
    row = session.get(EndpointRow, endpoint_id)
    if row is None:
        raise RowNotFoundError(f"ai_endpoints {endpoint_id}")
    return row


def _mark_default(
    session: Session,
    now: datetime,
    rows: list[EndpointRow],
    before: set[int | None],
    chosen: int | None,
) -> None:
    names = {row.id: row.name for row in rows}
    old = ", ".join(names.get(i, "") for i in before)
    if chosen is not None and before:
        add_mark(
            session, now, "default", names.get(chosen, ""), f"changed|{old} → {names.get(chosen)}"
        )
