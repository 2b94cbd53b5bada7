"""Note that the console runs, and read when it ran."""

from datetime import datetime

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


def stretches(session: Session, start: datetime, end: datetime) -> list[UptimeRow]:
    """Return the stretches that touch the time from start to end, oldest first."""
    query = (
        select(UptimeRow)
        .where(col(UptimeRow.last_seen_at) >= start)
        .where(col(UptimeRow.started_at) <= end)
        .order_by(col(UptimeRow.started_at))
        .limit(10_000)
    )
    return list(session.exec(query).all())


def first_start(session: Session) -> datetime | None:
    """Return when the console ran for the first time."""
    query = select(UptimeRow.started_at).order_by(col(UptimeRow.started_at)).limit(1)
    return session.exec(query).first()
