"""Note that the console runs, and read when it ran."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from db.tables.uptime import UptimeRow


def begin(session: Session, boot_id: str, now: datetime) -> int:
    """Return the number of a new stretch of running."""
    row = UptimeRow(boot_id=boot_id, started_at=now, last_seen_at=now)
    session.add(row)
    session.flush()
    return row.id or 0


def beat(session: Session, stretch: int, now: datetime) -> None:
    """Note that it still runs; a clock that went back does not shorten the stretch."""
    row = session.get(UptimeRow, stretch)
    if row is not None and row.last_seen_at < now:
        row.last_seen_at = now
        session.add(row)


DEMO_BOOT = "demo"  # whose stretches are made up: no console ever ran in them


def stretches(
    session: Session, start: datetime, end: datetime, *, is_demo: bool = False
) -> list[UptimeRow]:
    """Return the stretches that touch the time from start to end, oldest first."""
    query = (
        select(UptimeRow)
        .where(_of_demo(is_demo=is_demo))
        .where(col(UptimeRow.last_seen_at) >= start)
        .where(col(UptimeRow.started_at) <= end)
        .order_by(col(UptimeRow.started_at))
        .limit(10_000)
    )
    return list(session.exec(query).all())


def first_start(session: Session, *, is_demo: bool = False) -> datetime | None:
    """Return when the console ran for the first time."""
    query = select(UptimeRow.started_at).where(_of_demo(is_demo=is_demo))
    return session.exec(query.order_by(col(UptimeRow.started_at)).limit(1)).first()


def _of_demo(*, is_demo: bool) -> ColumnElement[bool]:
    boot_id = col(UptimeRow.boot_id)
    return boot_id == DEMO_BOOT if is_demo else boot_id != DEMO_BOOT
