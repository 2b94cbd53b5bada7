"""Find and drop what is too old, in pieces; the keys are read beside the writer, the writer deletes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Table, delete, select, tuple_
from sqlmodel import Session, SQLModel, col, func

from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eReplyRow, E2eRunRow
from db.tables.load_runs import LoadRunRow, PromptTestRow
from db.tables.numbers import DashboardStatsRow
from db.tables.outbox import OutboxRow
from db.tables.schedules import ScheduleSlotRow

LAUNCHES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Aged:
    """A table whose rows age one by one: its key, its time, and a column that must be set."""

    name: str
    key: str  # the names of its columns, parted by blanks
    time: str  # a time, or a UTC day
    ended: str = ""  # rows without it are not over yet

    @property
    def table(self) -> Table:
        """The table itself."""
        return SQLModel.metadata.tables[self.name]

    @property
    def keys(self) -> list[Any]:
        """The columns of its key."""
        return [self.table.c[name] for name in self.key.split()]


AGED: Mapping[str, tuple[Aged, ...]] = {
    "e2e": (Aged("console_uptime", "id", "last_seen_at"), Aged("change_marks", "id", "at")),
    "messages": (
        Aged("gateway_messages", "message_id", "created_at", "finished_at"),
        Aged("conversation_logs", "id", "created_at"),
    ),
    "audit": (Aged("audit_log", "id", "at"),),
    "stats": (
        Aged("user_activity_stats", "id", "last_request_at"),
        Aged("ai_request_stats", "id", "request_date"),
        Aged("ai_request_minutes", "id", "minute_at"),
        Aged("ai_model_daily_usage", "id", "usage_date"),
        Aged("usage_rollups", "grain model start_at origin", "start_at"),
        Aged("user_last_seen", "model origin user_id", "last_at"),
        Aged("dashboard_stats", "id", "stat_date"),
        Aged("account_sessions", "id", "refreshed_at", "ended_at"),
    ),
}


def find_aged(session: Session, aged: Aged, before: datetime, limit: int) -> list[Any]:
    """Return the keys of some rows that are older."""
    columns = aged.table.c
    query = select(*aged.keys).where(columns[aged.time] < _edge(aged, before)).limit(limit)
    if aged.ended:
        query = query.where(columns[aged.ended].is_not(None))
    return [tuple(row) for row in session.connection().execute(query)]


def drop_aged(session: Session, aged: Aged, keys: Sequence[Any]) -> int:
    """Delete these rows; return how many were still there."""
    if not keys:
        return 0
    done: Any = session.connection().execute(
        delete(aged.table).where(tuple_(*aged.keys).in_(keys))
        if len(aged.keys) > 1
        else delete(aged.table).where(aged.keys[0].in_([key for (key,) in keys]))
    )
    return int(done.rowcount)


def find_slots(session: Session, before: datetime, limit: int) -> list[int]:
    """Return numbers of older slots; the newest of each schedule stays, the next is counted from it."""
    newest = select(func.max(col(ScheduleSlotRow.id))).group_by(col(ScheduleSlotRow.schedule_id))
    query = (
        select(col(ScheduleSlotRow.id))
        .where(col(ScheduleSlotRow.slot_at) < before, col(ScheduleSlotRow.id).not_in(newest))
        .limit(limit)
    )
    return [number for number in session.connection().execute(query).scalars() if number]


def drop_slots(session: Session, keys: Sequence[int]) -> int:
    """Delete these slots; return how many were still there."""
    return _drop(session, col(ScheduleSlotRow.id), keys)


def find_launches(session: Session, before: datetime) -> list[int]:
    """Return the numbers of the oldest launches that ended before."""
    query = (
        select(col(E2eLaunchRow.launch_no))
        .where(col(E2eLaunchRow.finished_at) < before)
        .order_by(col(E2eLaunchRow.launch_no))
        .limit(LAUNCHES_AT_ONCE)
    )
    return [number for number in session.connection().execute(query).scalars() if number]


def find_cells(session: Session, launches: Sequence[int], limit: int) -> list[int]:
    """Return the numbers of some cells of these launches."""
    query = select(col(E2eCellRow.id)).where(col(E2eCellRow.launch_no).in_(launches)).limit(limit)
    return [number for number in session.connection().execute(query).scalars() if number]


def drop_cells(session: Session, keys: Sequence[int]) -> int:
    """Delete these cells with their replies; return how many rows went."""
    replies = _drop(session, col(E2eReplyRow.cell_id), keys)
    return replies + _drop(session, col(E2eCellRow.id), keys)


def drop_launches(session: Session, launches: Sequence[int]) -> int:
    """Delete launches whose cells are gone, with their runs; return how many rows went."""
    runs = _drop(session, col(E2eRunRow.launch_no), launches)
    return runs + _drop(session, col(E2eLaunchRow.launch_no), launches)


def find_load_runs(session: Session, before: datetime) -> list[int]:
    """Return the numbers of the oldest load tests that ended before; a baseline is none of them."""
    query = (
        select(col(LoadRunRow.id))
        .where(col(LoadRunRow.finished_at) < before, col(LoadRunRow.baseline).is_(False))
        .order_by(col(LoadRunRow.id))
        .limit(LAUNCHES_AT_ONCE)
    )
    return [number for number in session.connection().execute(query).scalars() if number]


def find_calls(session: Session, runs: Sequence[int], limit: int) -> list[int]:
    """Return the numbers of some calls of these load tests."""
    query = select(col(PromptTestRow.id)).where(col(PromptTestRow.run_no).in_(runs)).limit(limit)
    return [number for number in session.connection().execute(query).scalars() if number]


def find_turns(session: Session, before: datetime, limit: int) -> list[int]:
    """Return the numbers of some older calls that belong to no load test: single conversations."""
    query = (
        select(col(PromptTestRow.id))
        .where(col(PromptTestRow.run_no).is_(None), col(PromptTestRow.created_at) < before)
        .limit(limit)
    )
    return [number for number in session.connection().execute(query).scalars() if number]


def drop_calls(session: Session, keys: Sequence[int]) -> int:
    """Delete these calls; return how many were still there."""
    return _drop(session, col(PromptTestRow.id), keys)


def drop_load_runs(session: Session, runs: Sequence[int]) -> int:
    """Delete load tests whose calls are gone; return how many rows went."""
    return _drop(session, col(LoadRunRow.id), runs)


def count_unpushed(session: Session) -> int:
    """Return how many changes wait for Supabase, whatever their age."""
    query = select(func.count()).select_from(OutboxRow)
    return int(session.connection().execute(query).scalar_one())


def count_days_never_pushed(session: Session, before: datetime) -> int:
    """Return how many days of figures are older and never arrived at Supabase."""
    row = DashboardStatsRow
    query = select(func.count()).where(
        col(row.stat_date) < before.date(), col(row.pushed_at).is_(None)
    )
    return int(session.connection().execute(query).scalar_one())


def free_pages(session: Session) -> tuple[int, int]:
    """Return the pages a shrink can give back, and a page's size; zeros where it cannot."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return 0, 0  # PostgreSQL's autovacuum does this itself
    if connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() != 2:  # not INCREMENTAL
        return 0, 0
    free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    return int(free), int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def shrink(session: Session, pages: int) -> int:
    """Give some free pages back to the disk; return how many went. SQLite only."""
    before, _ = free_pages(session)
    cursor = session.connection().connection.cursor()
    try:
        cursor.execute(f"PRAGMA incremental_vacuum({int(pages)})")
        cursor.fetchall()  # each step frees one page
    finally:
        cursor.close()
    return before - free_pages(session)[0]


def _edge(aged: Aged, before: datetime) -> datetime | date:
    return before.date() if isinstance(aged.table.c[aged.time].type, Date) else before


def _drop(session: Session, column: Any, keys: Sequence[Any]) -> int:
    if not keys:
        return 0
    done: Any = session.connection().execute(delete(column.class_).where(column.in_(keys)))
    return int(done.rowcount)
