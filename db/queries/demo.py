"""Write, count and drop the rows of demo data; what is not marked as such is never touched."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, tuple_
from sqlmodel import Session, SQLModel

ORIGIN = "demo"  # of usage that is made up
# Tables whose demo rows lie in the numbers of demo data; rows of others come before what they hang on.
NUMBERED: Mapping[str, str] = {
    "e2e_replies": "cell_id",
    "e2e_mapped_model_results": "id",
    "e2e_mapped_model_runs": "id",
    "e2e_launches": "launch_no",
    "execution_events": "execution_id",
    "executions": "id",
    "ai_prompt_tests": "id",
    "load_runs": "id",
    "audit_log": "id",
    "console_uptime": "id",
    "user_activity_stats": "id",
    "ai_request_stats": "id",
    "ai_request_minutes": "id",
}
# Tables without numbers of their own, told by their origin.
BY_ORIGIN: Mapping[str, tuple[str, ...]] = {
    "usage_rollups": ("grain", "model", "start_at", "origin"),
    "user_last_seen": ("model", "origin", "user_id"),
}
Band = tuple[int, int]  # first number, and the first behind the last


def keep(session: Session, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows; columns they do not name get the usual values."""
    if rows:
        usual = _usual(table)
        values = [{**usual, **row} for row in rows]
        session.connection().execute(insert(_table(table)), values)


def drop_some(session: Session, table: str, band: Band, limit: int) -> int:
    """Return how many demo rows of the table went, at most about the limit."""
    found = _table(table)
    if table in BY_ORIGIN:
        keys = [found.c[name] for name in BY_ORIGIN[table]]
        some = select(*keys).where(found.c.origin == ORIGIN).limit(limit)
        done: Any = session.connection().execute(delete(found).where(tuple_(*keys).in_(some)))
        return int(done.rowcount)
    key = found.c[NUMBERED[table]]
    some = select(key).where(key >= band[0], key < band[1]).order_by(key).limit(limit)
    done = session.connection().execute(delete(found).where(key.in_(some)))
    return int(done.rowcount)


def count(session: Session, band: Band) -> dict[str, int]:
    """Return how many demo rows each table holds; tables without any are left out."""
    counts: dict[str, int] = {}
    for name in (*NUMBERED, *BY_ORIGIN):
        found = _table(name)
        query = select(func.count()).select_from(found)
        if name in BY_ORIGIN:
            query = query.where(found.c.origin == ORIGIN)
        else:
            key = found.c[NUMBERED[name]]
            query = query.where(key >= band[0], key < band[1])
        number = int(session.connection().execute(query).scalar_one())
        if number:
            counts[name] = number
    return counts


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


@cache
def _usual(name: str) -> dict[str, Any]:
    """Return the usual values of the table's columns, as its row class has them."""
    row = next(
        mapper.class_
        for mapper in SQLModel._sa_registry.mappers  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  # its only list of classes
        if mapper.local_table is _table(name)
    )
    values: dict[str, Any] = {}
    for field, info in row.model_fields.items():
        if not info.is_required():
            values[field] = info.get_default(call_default_factory=True)
    values.pop(NUMBERED.get(name, ""), None)
    return values
