"""Keep and read the row of figures of each day."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from db.tables.numbers import DashboardStatsRow

USAGE = ("daily_active_users", "ai_request_count", "token_usage", "zone")


def keep_day(session: Session, day: date, values: Mapping[str, Any], now: datetime) -> bool:
    """Return whether anything about the day is new; a day is one row, however often it is kept."""
    row = day_row(session, day)
    if row is None:
        session.add(DashboardStatsRow(stat_date=day, updated_at=now, **values))
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    return True


def day_row(session: Session, day: date) -> DashboardStatsRow | None:
    """Return the day's row, or None."""
    query = select(DashboardStatsRow).where(col(DashboardStatsRow.stat_date) == day)
    return session.exec(query).first()


def days_from(session: Session, first: date) -> list[DashboardStatsRow]:
    """Return the rows from that day on, oldest first."""
    row = DashboardStatsRow
    query = select(row).where(col(row.stat_date) >= first).order_by(col(row.stat_date))
    return list(session.exec(query).all())


def unpushed_days(session: Session) -> list[DashboardStatsRow]:
    """Return the rows whose newest figures were not pushed, oldest first."""
    row = DashboardStatsRow
    is_new = col(row.pushed_at).is_(None) | (col(row.pushed_at) < col(row.updated_at))
    return list(session.exec(select(row).where(is_new).order_by(col(row.stat_date))).all())


def note_pushed(session: Session, day: date, figures_of: datetime) -> None:
    """Note that the figures of that moment arrived; nothing when the day is gone meanwhile."""
    row = day_row(session, day)
    if row is not None:
        row.pushed_at = figures_of
        session.add(row)


def drop_before(session: Session, before: datetime, limit: int) -> int:
    """Return how many days went; one that was not pushed yet goes too: it is older than any window."""
    row = DashboardStatsRow
    old = select(row.id).where(col(row.stat_date) < before.date()).limit(limit)
    done: Any = session.connection().execute(delete(row).where(col(row.id).in_(old)))
    return int(done.rowcount)
