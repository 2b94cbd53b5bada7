"""Write and read the turns of single conversations in ai_prompt_tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlmodel import Session, SQLModel

from db.queries.executions import open_ids
from db.queries.upsert import insert_into
from db.tables.load_runs import PromptTestRow

_TABLE = SQLModel.metadata.tables["ai_prompt_tests"]
_ID = _TABLE.c.dialog_id
_LISTED = [column for column in _TABLE.c if column.name not in ("events", "verdicts")]
_SEARCHED = ("request_message", "response_message", "model", "error", "error_text", "request_id")
TEXT_LISTED = 400  # characters of request and reply in a list


@dataclass(frozen=True, slots=True)
class DialogQuery:
    """Which turns; empty and None mean all."""

    text: str = ""
    model: str = ""
    verdicts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    is_real: bool = False  # only turns of a service there is: demo data has none


def keep(session: Session, values: Mapping[str, Any]) -> None:
    """Insert the turn, or give the one of that dialog_id these values."""
    changed = {name: value for name, value in values.items() if name != "dialog_id"}
    statement = insert_into(session, PromptTestRow).values(**values)
    session.exec(
        statement.on_conflict_do_update(
            index_elements=["dialog_id"], index_where=_ID.isnot(None), set_=changed
        )
    )


def interrupt_left_over(session: Session, verdict: str, error: str) -> int:
    """Close the turns that say they run although their execution does not; return how many."""
    is_open = _TABLE.c.verdict == "running"
    change = update(_TABLE).where(_ID.isnot(None), is_open, _ID.not_in(open_ids()))
    found = session.connection().execute(change.values(verdict=verdict, kind=verdict, error=error))
    return found.rowcount


def find(session: Session, dialog_id: str) -> dict[str, Any] | None:
    """Return the whole turn, or None."""
    row = (
        session.connection().execute(select(_TABLE).where(_ID.in_([dialog_id]))).mappings().first()
    )
    return None if row is None else dict(row)


def page(
    session: Session, wanted: DialogQuery, before: str, limit: int, window: int
) -> tuple[list[dict[str, Any]], str]:
    """Return the newest turns before that id, without events, and the id to go on before.

    The text is looked for in the newest `window` turns that match the rest; the id is empty when
    nothing older is left.
    """
    inside = _numbers(wanted, before).limit(window if wanted.text else limit)
    ids: list[str] = [row[0] for row in session.connection().execute(inside)]
    if not ids:
        return [], ""
    most = window if wanted.text else limit
    query = select(*_LISTED).where(ids[-1] <= _ID, ids[0] >= _ID, *_conditions(wanted))
    if wanted.text:
        query = query.where(_has_text(wanted.text))
    query = query.order_by(_ID.desc()).limit(limit)
    rows = [_short(dict(row)) for row in session.connection().execute(query).mappings()]
    if len(rows) == limit:
        return rows, rows[-1]["dialog_id"]
    return rows, ids[-1] if len(ids) == most else ""


def whole(
    session: Session, wanted: DialogQuery, limit: int, events_most: int
) -> list[dict[str, Any]]:
    """Return the newest matching turns as of one moment, their texts whole.

    Their events and checks are there where there are at most `events_most` turns.
    """
    conditions: list[ColumnElement[bool]] = [_ID.is_not(None), *_conditions(wanted)]
    if wanted.text:
        conditions.append(_has_text(wanted.text))
    counted = select(func.count()).select_from(_TABLE).where(*conditions)
    is_small = session.connection().execute(counted).scalar_one() <= events_most
    query = (select(_TABLE) if is_small else select(*_LISTED)).where(*conditions)
    query = query.order_by(_ID.desc()).limit(limit)
    return [dict(row) for row in session.connection().execute(query).mappings()]


def models(session: Session, limit: int) -> list[str]:
    """Return the model keys that were asked, by name."""
    query = select(_TABLE.c.model).where(_ID.isnot(None)).distinct().order_by(_TABLE.c.model)
    return [row[0] for row in session.connection().execute(query.limit(limit))]


def _numbers(wanted: DialogQuery, before: str) -> Select[Any]:
    query = select(_ID).where(_ID.isnot(None), *_conditions(wanted))
    if before:
        query = query.where(before > _ID)
    return query.order_by(_ID.desc())


def _conditions(wanted: DialogQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.model:
        found.append(_TABLE.c.model == wanted.model)
    if wanted.verdicts:
        found.append(_TABLE.c.verdict.in_(wanted.verdicts))
    if wanted.kinds:
        found.append(_TABLE.c.kind.in_(wanted.kinds))
    if wanted.is_real:
        found.append(or_(_TABLE.c.target_id.is_(None), _TABLE.c.target_id > 0))
    if wanted.created_from is not None:
        found.append(_TABLE.c.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(_TABLE.c.created_at <= wanted.created_to)
    return found


def _has_text(text: str) -> ColumnElement[bool]:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    places = (func.lower(_TABLE.c[name]) for name in _SEARCHED)
    return or_(*(place.like(f"%{escaped}%", escape="!") for place in places))


def _short(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("request_message", "response_message"):
        row[name] = (row[name] or "")[:TEXT_LISTED]
    return row
