"""Read and write links and staged rows."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from db.queries.upsert import insert_into
from db.tables.sync import SyncLinkRow, SyncStagingRow

_CHUNK = 500  # values in one statement: both databases take them


def links(session: Session, kinds: Collection[str]) -> list[SyncLinkRow]:
    """Return every link of these kinds."""
    return list(session.exec(select(SyncLinkRow).where(col(SyncLinkRow.kind).in_(kinds))).all())


def links_of(session: Session, kind: str, keys: Collection[str]) -> dict[str, SyncLinkRow]:
    """Return the links of these local rows by local key."""
    wanted, found = list(keys), dict[str, SyncLinkRow]()
    for start in range(0, len(wanted), _CHUNK):
        statement = select(SyncLinkRow).where(
            col(SyncLinkRow.kind) == kind,
            col(SyncLinkRow.local_key).in_(wanted[start : start + _CHUNK]),
        )
        found |= {row.local_key: row for row in session.exec(statement).all()}
    return found


def put_link(
    session: Session,
    kind: str,
    keys: tuple[str, str],
    base: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep what both sides agree on now; `keys` are the local and the remote one."""
    values = {
        "kind": kind,
        "local_key": keys[0],
        "remote_key": keys[1],
        "base_json": dict(base),
        "synced_at": now,
    }
    statement = insert_into(session, SyncLinkRow).values(**values)
    session.exec(
        statement.on_conflict_do_update(
            index_elements=["kind", "local_key"],
            set_={name: values[name] for name in ("remote_key", "base_json", "synced_at")},
        )
    )


def drop_link(session: Session, kind: str, local_key: str) -> None:
    """Forget the link of a local row."""
    statement = delete(SyncLinkRow).where(
        col(SyncLinkRow.kind) == kind, col(SyncLinkRow.local_key) == local_key
    )
    session.exec(statement, execution_options={"synchronize_session": False})


def last_synced_at(session: Session) -> datetime | None:
    """Return when anything was last agreed on."""
    return session.exec(select(func.max(SyncLinkRow.synced_at))).one()


def stage(
    session: Session, kind: str, rows: Iterable[tuple[str, Mapping[str, Any]]], now: datetime
) -> None:
    """Replace what is staged of a kind, in the order it was read."""
    session.exec(delete(SyncStagingRow).where(col(SyncStagingRow.kind) == kind))
    for position, (key, row) in enumerate(rows):
        session.add(
            SyncStagingRow(
                kind=kind, remote_key=key, position=position, row_json=dict(row), staged_at=now
            )
        )


def staged(session: Session, kind: str) -> list[SyncStagingRow]:
    """Return what is staged of a kind in the order it was read."""
    statement = (
        select(SyncStagingRow)
        .where(col(SyncStagingRow.kind) == kind)
        .order_by(col(SyncStagingRow.position))
    )
    return list(session.exec(statement).all())
