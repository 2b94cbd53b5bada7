"""Read and write links and staged rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, insert
from sqlmodel import Session, SQLModel, col, select

from db.queries.upsert import insert_into
from db.tables.sync import SyncLinkRow, SyncStagingRow

_ROWS = 100  # rows of five values in one statement
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


def put_links(
    session: Session,
    kind: str,
    pairs: Sequence[tuple[tuple[str, str], Mapping[str, Any]]],
    now: datetime,
) -> None:
    """Do put_link() for many rows: keys of both sides, and the content."""
    rows = [
        {
            "kind": kind,
            "local_key": local,
            "remote_key": remote,
            "base_json": dict(base),
            "synced_at": now,
        }
        for (local, remote), base in pairs
    ]
    for start in range(0, len(rows), _ROWS):
        statement = insert_into(session, SyncLinkRow).values(rows[start : start + _ROWS])
        newer = statement.excluded
        session.exec(
            statement.on_conflict_do_update(
                index_elements=["kind", "local_key"],
                set_={name: newer[name] for name in ("remote_key", "base_json", "synced_at")},
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
    values = [
        {
            "kind": kind,
            "remote_key": key,
            "position": position,
            "row_json": dict(row),
            "staged_at": now,
        }
        for position, (key, row) in enumerate(rows)
    ]
    if values:  # thousands at once: plain rows, no objects
        session.connection().execute(insert(SyncStagingRow), values)


def staged(session: Session, kind: str) -> list[dict[str, Any]]:
    """Return the rows that are staged of a kind in the order they were read."""
    statement = (
        select(cast("Any", SyncStagingRow.row_json))
        .where(col(SyncStagingRow.kind) == kind)
        .order_by(col(SyncStagingRow.position))
    )
    return list(session.exec(statement).all())


def columns_of(
    session: Session, table: type[SQLModel], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return these columns of every row in the order of ids, without an object a row."""
    session.flush()
    wanted = cast("Any", select(*(col(getattr(table, name)) for name in names)))
    statement = wanted.order_by(col(getattr(table, "id")))  # noqa: B009  # every such table has one
    rows = cast("Sequence[Sequence[Any]]", session.exec(statement).all())
    return [dict(zip(names, row, strict=True)) for row in rows]
