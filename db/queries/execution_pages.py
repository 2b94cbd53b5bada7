"""Pages of the list of executions: newest first by number, each page the head of index ranges.

The statements are text: with fifty ranges, building them of expressions costs more than running them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlmodel import Session, col, select

from db.columns import UtcDateTime
from db.tables.executions import ExecutionRow

STATES = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "cancelled",
    "interrupted",
    "timed_out",
)
CLOCK_SLACK_ROWS = 1_000  # rows a clock that was set back may have put out of order
_BRANCHES_MAX = 200  # ranges in one statement; SQLite takes 500
_OVER_ALL = 1 << 62  # over every number
_SEARCHED = ("execution_id", "label", "subject", "started_by", "error_message", "test_input")
_HAS_TEXT = " OR ".join(f"lower({name}) LIKE :pattern ESCAPE '!'" for name in _SEARCHED)
_FIRST = (
    "SELECT min(id) FROM (SELECT id FROM executions WHERE created_at >= :at"
    " ORDER BY created_at, id LIMIT :slack) AS first"
)
_LAST = (
    "SELECT max(id) FROM (SELECT id FROM executions WHERE created_at <= :at"
    " ORDER BY created_at DESC, id DESC LIMIT :slack) AS last"
)


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


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The statement that gives the numbers of a page, and what is bound in it."""

    sql: str
    values: dict[str, Any]

    def clause(self) -> TextClause:
        times = [name for name in ("created_from", "created_to") if name in self.values]
        return text(self.sql).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in times))


def page(session: Session, wanted: PageQuery, before: int | None, limit: int) -> list[ExecutionRow]:
    """Return the newest rows whose number is under `before`, newest first; the text is ignored."""
    return _rows(session, _run(session, _numbers(session, wanted, before, limit)))


def scan(
    session: Session, wanted: PageQuery, before: int | None, limit: int, window: int
) -> tuple[list[ExecutionRow], int | None]:
    """Look for the text in the next `window` rows of the page order.

    Returns the hits, newest first, at most `limit`, and the number to go on before, or None when
    nothing older is left.
    """
    inside = _numbers(session, wanted, before, window)
    numbers = _run(session, inside)
    if not numbers:
        return [], None
    sql = (
        f"SELECT e.id FROM ({inside.sql}) AS inside JOIN executions AS e ON e.id = inside.id"
        f" WHERE {_HAS_TEXT} ORDER BY e.id DESC LIMIT :hits"
    )
    values = {**inside.values, "pattern": _pattern(wanted.text), "hits": limit}
    found = _run(session, _Numbers(sql, values))
    if len(found) == limit:
        return _rows(session, found), found[-1]
    return _rows(session, found), numbers[-1] if len(numbers) == window else None


def _run(session: Session, numbers: _Numbers) -> list[int]:
    return [row[0] for row in session.connection().execute(numbers.clause(), numbers.values)]


def _rows(session: Session, numbers: Sequence[int]) -> list[ExecutionRow]:
    if not numbers:
        return []
    query = (
        select(ExecutionRow)
        .where(col(ExecutionRow.id).in_(numbers))
        .order_by(col(ExecutionRow.id).desc())
    )
    return list(session.exec(query).all())


def _pattern(wanted: str) -> str:
    escaped = wanted.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _numbers(session: Session, wanted: PageQuery, before: int | None, limit: int) -> _Numbers:
    """Return the query of the page's numbers: the newest of ranges, each read only at its head."""
    values: dict[str, Any] = {"limit": limit}
    common = _common(session, wanted, before, values)
    heads = [
        "SELECT id FROM executions"
        + (f" WHERE {' AND '.join(conditions)}" if (conditions := [*range_, *common]) else "")
        + " ORDER BY id DESC LIMIT :limit"
        for range_ in _ranges(wanted, values)
    ]
    if len(heads) == 1:
        return _Numbers(heads[0], values)
    union = " UNION ALL ".join(f"SELECT id FROM ({h}) AS h{n}" for n, h in enumerate(heads))
    return _Numbers(f"SELECT id FROM ({union}) AS heads ORDER BY id DESC LIMIT :limit", values)


def _common(
    session: Session, wanted: PageQuery, before: int | None, values: dict[str, Any]
) -> list[str]:
    """Return the conditions of every range: numbers, times, owners beside the first."""
    found: list[str] = []
    low, high = _bounds(session, wanted, before)
    for name, sign, value in (("low", ">=", low), ("high", "<=", high)):
        if value is not None:
            values[name] = value
            found.append(f"id {sign} :{name}")
    for name, sign, at in (
        ("created_from", ">=", wanted.created_from),
        ("created_to", "<=", wanted.created_to),
    ):
        if at is not None:
            values[name] = at
            found.append(f"created_at {sign} :{name}")
    return found


def _ranges(wanted: PageQuery, values: dict[str, Any]) -> list[list[str]]:
    """Return the conditions of index ranges that together hold what is wanted."""
    kinds = wanted.kinds
    states = () if set(wanted.states) >= set(STATES) else wanted.states
    owners = _equals(
        values,
        parent_id=wanted.parent_id,
        agent_id=wanted.agent_id,
        workflow_id=wanted.workflow_id,
    )
    if wanted.parent_id is not None:  # few rows
        return [
            [*owners, *_among("execution_type", kinds, values), *_among("status", states, values)]
        ]
    each_state = [f"status = :{_name(values, state)}" for state in states or STATES]
    in_kinds = _among("execution_type", kinds, values)
    if owners:
        return [[*owners, state, *in_kinds] for state in each_state]
    if kinds and len(kinds) * len(each_state) <= _BRANCHES_MAX:
        each_kind = [f"execution_type = :{_name(values, kind)}" for kind in kinds]
        return [[kind, state] for kind, state in product(each_kind, each_state)]
    if states:
        return [[state, *in_kinds] for state in each_state]
    return [in_kinds]


def _name(values: dict[str, Any], value: str) -> str:
    """Return the name under which the value is bound."""
    name = next((name for name, known in values.items() if known == value), f"v{len(values)}")
    values[name] = value
    return name


def _among(column: str, wanted: Sequence[str], values: dict[str, Any]) -> list[str]:
    if not wanted:
        return []
    names = ", ".join(f":{_name(values, value)}" for value in wanted)
    return [f"{column} IN ({names})"]


def _equals(values: dict[str, Any], **wanted: int | None) -> list[str]:
    given = {name: value for name, value in wanted.items() if value is not None}
    values |= given
    return [f"{name} = :{name}" for name in given]


def _bounds(
    session: Session, wanted: PageQuery, before: int | None
) -> tuple[int | None, int | None]:
    """Return the numbers between which rows of the wanted time lie, by the index of created_at.

    Numbers follow the time except where a clock was set back; the extremes of CLOCK_SLACK_ROWS
    neighbours cover that.
    """
    low = high = None
    if wanted.created_from is not None:
        low = _extreme(session, _FIRST, wanted.created_from)
        low = _OVER_ALL if low is None else low
    if wanted.created_to is not None:
        high = _extreme(session, _LAST, wanted.created_to) or 0
    if before is not None:
        high = before - 1 if high is None else min(high, before - 1)
    return low, high


def _extreme(session: Session, sql: str, at: datetime) -> int | None:
    clause = text(sql).bindparams(bindparam("at", type_=UtcDateTime()))
    return session.connection().execute(clause, {"at": at, "slack": CLOCK_SLACK_ROWS}).scalar()
