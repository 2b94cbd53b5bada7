"""Pages of the list of executions: newest first by number, each page the head of index ranges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlalchemy import ColumnElement, Select, and_, func, or_, true, union_all
from sqlalchemy import select as select_core
from sqlmodel import Session, SQLModel, col, select

from db.tables.executions import ExecutionRow

_ROWS = SQLModel.metadata.tables["executions"].c
CLOCK_SLACK_ROWS = 1_000  # rows a clock that was set back may have put out of order
STATES = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "cancelled",
    "interrupted",
    "timed_out",
)
_OVER_ALL = 1 << 62  # over every number
_BRANCHES_MAX = 200  # ranges in one statement; SQLite takes 500


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which rows, and from where on; empty and None mean all."""

    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    agent_id: int | None = None
    workflow_id: int | None = None
    parent_id: int | None = None
    text: str = ""


def page(session: Session, wanted: PageQuery, before: int | None, limit: int) -> list[ExecutionRow]:
    """Return the newest rows whose number is under `before`, newest first; the text is ignored."""
    return _rows(session, _run(session, _numbers(wanted, _bounds(session, wanted, before), limit)))


def scan(
    session: Session, wanted: PageQuery, before: int | None, limit: int, window: int
) -> tuple[list[ExecutionRow], int | None]:
    """Look for the text in the next `window` rows of the page order.

    Returns the hits, newest first, at most `limit`, and the number to go on before, or None when
    nothing older is left.
    """
    statement = _numbers(wanted, _bounds(session, wanted, before), window)
    numbers = _run(session, statement)
    if not numbers:
        return [], None
    inside = statement.subquery()
    hits = (
        select_core(_ROWS.id)
        .join(inside, inside.c.id == _ROWS.id)
        .where(_has_text(wanted.text))
        .order_by(_ROWS.id.desc())
        .limit(limit)
    )
    found = _run(session, hits)
    if len(found) == limit:
        return _rows(session, found), found[-1]
    return _rows(session, found), numbers[-1] if len(numbers) == window else None


def _run(session: Session, statement: Select[tuple[int]]) -> list[int]:
    return [row[0] for row in session.connection().execute(statement)]


def _rows(session: Session, numbers: Sequence[int]) -> list[ExecutionRow]:
    if not numbers:
        return []
    query = (
        select(ExecutionRow)
        .where(col(ExecutionRow.id).in_(numbers))
        .order_by(col(ExecutionRow.id).desc())
    )
    return list(session.exec(query).all())


def _has_text(text: str) -> ColumnElement[bool]:
    pattern = "%" + text.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    columns = (
        _ROWS.execution_id,
        _ROWS.label,
        _ROWS.subject,
        _ROWS.started_by,
        _ROWS.error_message,
        _ROWS.test_input,
    )
    return or_(*(func.lower(column).like(pattern, escape="\\") for column in columns))


def _numbers(
    wanted: PageQuery, bounds: tuple[int | None, int | None], limit: int
) -> Select[tuple[int]]:
    """Return the query of the page's numbers: the newest of ranges, each read only at its head."""
    common = _common(wanted, bounds)
    branches = [
        select_core(_ROWS.id).where(*range_, *common).order_by(_ROWS.id.desc()).limit(limit)
        for range_ in _ranges(wanted)
    ]
    if len(branches) == 1:
        return branches[0]
    heads = union_all(*(select_core(branch.subquery().c.id) for branch in branches)).subquery()
    return select_core(heads.c.id).order_by(heads.c.id.desc()).limit(limit)


def _common(wanted: PageQuery, bounds: tuple[int | None, int | None]) -> list[ColumnElement[bool]]:
    low, high = bounds
    found: list[ColumnElement[bool]] = []
    if low is not None:
        found.append(_ROWS.id >= low)
    if high is not None:
        found.append(_ROWS.id <= high)
    if wanted.created_from is not None:
        found.append(_ROWS.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(_ROWS.created_at <= wanted.created_to)
    return found


def _ranges(wanted: PageQuery) -> list[tuple[ColumnElement[bool], ...]]:
    """Return the conditions of index ranges that together hold what is wanted."""
    kinds, states = wanted.kinds, wanted.states
    in_kind = _ROWS.execution_type.in_(kinds) if kinds else true()
    in_state = _ROWS.status.in_(states) if states else true()
    owners = [
        column == value
        for column, value in (
            (_ROWS.parent_id, wanted.parent_id),
            (_ROWS.agent_id, wanted.agent_id),
            (_ROWS.workflow_id, wanted.workflow_id),
        )
        if value is not None
    ]
    if wanted.parent_id is not None:  # few rows
        return [(and_(*owners), in_kind, in_state)]
    if owners:
        return [(and_(*owners), _ROWS.status == state, in_kind) for state in states or STATES]
    if kinds and len(kinds) * len(states or STATES) <= _BRANCHES_MAX:
        return [
            (_ROWS.execution_type == kind, _ROWS.status == state)
            for kind, state in product(kinds, states or STATES)
        ]
    if states:
        return [(_ROWS.status == state, in_kind) for state in states]
    return [(in_kind,)]


def _bounds(
    session: Session, wanted: PageQuery, before: int | None
) -> tuple[int | None, int | None]:
    """Return the numbers between which rows of the wanted time lie, by the index of created_at.

    Numbers follow the time except where a clock was set back; the extremes of CLOCK_SLACK_ROWS
    neighbours cover that.
    """
    low = high = None
    if wanted.created_from is not None:
        first = (
            select_core(_ROWS.id)
            .where(_ROWS.created_at >= wanted.created_from)
            .order_by(_ROWS.created_at, _ROWS.id)
            .limit(CLOCK_SLACK_ROWS)
            .subquery()
        )
        low = session.connection().execute(select_core(func.min(first.c.id))).scalar()
        low = _OVER_ALL if low is None else low
    if wanted.created_to is not None:
        last = (
            select_core(_ROWS.id)
            .where(_ROWS.created_at <= wanted.created_to)
            .order_by(_ROWS.created_at.desc(), _ROWS.id.desc())
            .limit(CLOCK_SLACK_ROWS)
            .subquery()
        )
        high = session.connection().execute(select_core(func.max(last.c.id))).scalar() or 0
    if before is not None:
        high = before - 1 if high is None else min(high, before - 1)
    return low, high
