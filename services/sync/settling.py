"""What stays behind after both sides agree on a row: its link, and the marks on the row itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from db.queries import sync as queries
from db.tables.models import EndpointRow
from db.tables.prompts import PromptRow
from services.sync.types import Content, SyncKind

PENDING = "pending_sync"
SYNCED = "synced"
SKIPPED = "skipped:overwrite_disabled"
_NO_SYNC = {"synchronize_session": False}  # these marks are read anew; thousands come at once


def agree(
    session: Session, kind: SyncKind, keys: tuple[str, str], content: Content, now: datetime
) -> None:
    """Keep that the local and the remote row hold this content now."""
    local_key, remote_key = keys
    queries.put_link(session, kind, keys, content, now)
    if kind is SyncKind.MODEL and local_key.isdigit():
        statement = update(EndpointRow).where(col(EndpointRow.id) == int(local_key))
        values = {"sync_status": SYNCED, "last_synced_at": now, "supabase_id": _number(remote_key)}
        session.exec(statement.values(**values), execution_options=_NO_SYNC)
    if kind is SyncKind.PROMPT and local_key.isdigit():
        statement = update(PromptRow).where(col(PromptRow.id) == int(local_key))
        values = {"last_synced_at": now, "supabase_id": _number(remote_key)}
        session.exec(statement.values(**values), execution_options=_NO_SYNC)


def agree_all(
    session: Session,
    kind: SyncKind,
    pairs: Sequence[tuple[tuple[str, str], Content]],
    now: datetime,
) -> None:
    """Do agree() for many rows with few statements."""
    queries.put_links(session, kind, pairs, now)
    table = {SyncKind.MODEL: EndpointRow, SyncKind.PROMPT: PromptRow}.get(kind)
    if table is None or not pairs:
        return
    extra = {"sync_status": SYNCED} if kind is SyncKind.MODEL else {}
    values = [
        {"id": int(local), "supabase_id": _number(remote), "last_synced_at": now, **extra}
        for (local, remote), _ in pairs
    ]
    session.flush()
    session.execute(update(table), values)  # pyright: ignore[reportDeprecated]  # many rows by id


def part(session: Session, kind: SyncKind, local_key: str) -> None:
    """Forget a link: the row is gone on both sides."""
    queries.drop_link(session, kind, local_key)


def mark(session: Session, kind: SyncKind, local_key: str, status: str) -> None:
    """Show on an endpoint that it is not what Supabase has."""
    if kind is SyncKind.MODEL and local_key.isdigit():
        statement = update(EndpointRow).where(col(EndpointRow.id) == int(local_key))
        session.exec(statement.values(sync_status=status[:40]), execution_options=_NO_SYNC)


def _number(remote_key: str) -> int | None:
    """Return the id as the column of the original takes it; other kinds of id live in the link."""
    if remote_key.isascii() and remote_key.isdigit() and int(remote_key) <= 2_147_483_647:
        return int(remote_key)
    return None
