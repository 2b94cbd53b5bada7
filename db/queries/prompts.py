"""Read and change prompts; every change of text or tools adds a version."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.queries.change_marks import add_mark
from db.tables.prompts import PromptRow, PromptVersionRow


def all_prompts(session: Session) -> list[PromptRow]:
    """Return every head by id."""
    return list(session.exec(select(PromptRow).order_by(col(PromptRow.id))).all())


def find_prompt(session: Session, prompt_id: int) -> PromptRow:
    """Return the head; raise RowNotFoundError."""
    row = session.get(PromptRow, prompt_id)
    if row is None:
        raise RowNotFoundError(f"ai_prompts {prompt_id}")
    return row


def add_prompt(
    session: Session, values: Mapping[str, Any], now: datetime, created_by: str
) -> PromptRow:
    """Return the new head with its version 1; it is not active."""
    row = PromptRow(**values, version_no=1, is_active=False, created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    session.add(_version(row, now, created_by))
    return row


def change_prompt(
    session: Session, prompt_id: int, values: Mapping[str, Any], now: datetime, created_by: str
) -> PromptRow:
    """Return the head after the change, with one more version; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.version_no += 1
    row.updated_at = now
    session.add(row)
    session.flush()
    session.add(_version(row, now, created_by))
    if row.is_active:
        add_mark(session, now, "prompt", row.name, f"version {row.version_no}")
    return row


def activate_prompt(session: Session, prompt_id: int, now: datetime) -> PromptRow:
    """Return the head, now the only active one of its type; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    if row.is_active:
        return row
    others = update(PromptRow).where(
        col(PromptRow.prompt_type) == row.prompt_type, col(PromptRow.is_active)
    )
    session.exec(others.values(is_active=False, updated_at=now))
    row.is_active = True
    row.updated_at = now
    session.add(row)
    add_mark(session, now, "prompt", row.name, f"active, version {row.version_no}")
    session.flush()
    return row


def deactivate_prompt(session: Session, prompt_id: int, now: datetime) -> PromptRow:
    """Return the head, no longer active; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    if row.is_active:
        row.is_active = False
        row.updated_at = now
        session.add(row)
        add_mark(session, now, "prompt", row.name, "switched off")
    return row


def delete_prompt(session: Session, prompt_id: int, now: datetime) -> None:
    """Remove a prompt with its versions; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    session.exec(delete(PromptVersionRow).where(col(PromptVersionRow.prompt_id) == prompt_id))
    if row.is_active:
        add_mark(session, now, "prompt", row.name, "deleted")
    session.delete(row)


def versions_of(session: Session, prompt_id: int) -> list[PromptVersionRow]:
    """Return the versions, newest first."""
    statement = (
        select(PromptVersionRow)
        .where(col(PromptVersionRow.prompt_id) == prompt_id)
        .order_by(col(PromptVersionRow.version_no).desc())
    )
    return list(session.exec(statement).all())


def find_version(session: Session, prompt_id: int, version_no: int) -> PromptVersionRow:
    """Return one version; raise RowNotFoundError."""
    statement = select(PromptVersionRow).where(
        col(PromptVersionRow.prompt_id) == prompt_id,
        col(PromptVersionRow.version_no) == version_no,
    )
    row = session.exec(statement).first()
    if row is None:
        raise RowNotFoundError(f"prompt_versions {prompt_id}/{version_no}")
    return row


def _version(row: PromptRow, now: datetime, created_by: str) -> PromptVersionRow:
    return PromptVersionRow(
        prompt_id=row.id or 0,
        version_no=row.version_no,
        content=row.content,
        tools_json=row.tools_json,
        created_by=created_by,
        created_at=now,
    )
