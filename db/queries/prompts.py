"""Read and change prompts; every change of text or tools adds a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.queries.change_marks import add_mark
from db.queries.prompt_versions import digest, find_version
from db.tables.prompts import PromptRow, PromptVersionRow

_TEXTS = ("content", "tools_json")


class VersionTakenError(Exception):
    """Somebody saved another version since the one this text was written from."""

    def __init__(self, newest: PromptVersionRow) -> None:
        """Keep the version that came in between."""
        super().__init__(f"prompt {newest.prompt_id} is at version {newest.version_no}")
        self.version_no = newest.version_no
        self.created_by = newest.created_by


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept with a new version besides its text."""

    message: str = ""
    restored_from: int | None = None
    expected_no: int | None = None  # newest version its author saw; None: any


NO_NOTE = Note()


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
    session: Session,
    values: Mapping[str, Any],
    now: datetime,
    created_by: str,
    note: Note = NO_NOTE,
) -> PromptRow:
    """Return the new head with its version 1; it is not active."""
    row = PromptRow(
        **values, version_no=1, newest_no=1, is_active=False, created_at=now, updated_at=now
    )
    session.add(row)
    session.flush()
    session.add(_version(row, _texts(row), now, created_by, note, parent_no=None))
    return row


def change_prompt(  # each is a fact of its own
    session: Session,
    prompt_id: int,
    values: Mapping[str, Any],
    now: datetime,
    created_by: str,
    note: Note = NO_NOTE,
) -> PromptRow:
    """Return the head with one more version, shown at once, and so live where the prompt is active.

    For a sync, an import of a whole store and a roll-back. Raise RowNotFoundError, VersionTakenError.
    """
    row = find_prompt(session, prompt_id)
    version = _next_version(session, row, values, now, created_by, note)
    _set(row, values)
    _show(row, version)
    if row.is_active:
        row.live_since = now
        add_mark(session, now, "prompt", row.name, f"version|{row.version_no}")
    session.flush()
    return row


def save_version(
    session: Session,
    prompt_id: int,
    values: Mapping[str, Any],
    now: datetime,
    created_by: str,
    note: Note = NO_NOTE,
) -> PromptRow:
    """Return the head after one more version was kept; what is live stays live.

    Raise RowNotFoundError, VersionTakenError.
    """
    row = find_prompt(session, prompt_id)
    if not row.is_active:
        return change_prompt(session, prompt_id, values, now, created_by, note)
    _next_version(session, row, values, now, created_by, note)
    _set(row, {name: value for name, value in values.items() if name not in _TEXTS})
    row.updated_at = now
    session.flush()
    return row


def describe_prompt(
    session: Session, prompt_id: int, values: Mapping[str, Any], now: datetime
) -> PromptRow:
    """Return the head under another name or description, without a new version."""
    row = find_prompt(session, prompt_id)
    _set(row, values)
    row.updated_at = now
    session.flush()
    return row


def activate_prompt(
    session: Session, prompt_id: int, now: datetime, version_no: int | None = None
) -> PromptRow:
    """Return the head, the only active one of its type, with that version live; None: the newest.

    Raise RowNotFoundError.
    """
    row = find_prompt(session, prompt_id)
    wanted = row.newest_no if version_no is None else version_no
    if row.is_active and row.version_no == wanted:
        return row
    others = select(PromptRow).where(
        col(PromptRow.prompt_type) == row.prompt_type,
        col(PromptRow.is_active),
        col(PromptRow.id) != prompt_id,
    )
    for other in session.exec(others).all():
        _rest(session, other, now)
    session.flush()  # before the next line: one active of each type, at any moment
    _show(row, find_version(session, prompt_id, wanted))
    row.is_active = True
    row.live_since = row.updated_at = now
    add_mark(session, now, "prompt", row.name, f"active|{row.version_no}")
    session.flush()
    return row


def deactivate_prompt(session: Session, prompt_id: int, now: datetime) -> PromptRow:
    """Return the head, no longer active; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    if row.is_active:
        _rest(session, row, now)
        add_mark(session, now, "prompt", row.name, "switched_off")
        session.flush()
    return row


def restore_version(  # each is a fact of its own
    session: Session,
    prompt_id: int,
    version_no: int,
    now: datetime,
    created_by: str,
    note: Note = NO_NOTE,
) -> PromptRow:
    """Return the head with an old text as its newest version; unchanged when it shows it already.

    Raise RowNotFoundError, VersionTakenError.
    """
    row = find_prompt(session, prompt_id)
    old = find_version(session, prompt_id, version_no)
    is_shown = digest(row.content, row.tools_json) == digest(old.content, old.tools_json)
    if is_shown and (row.is_active or row.version_no == row.newest_no):
        return row
    note = Note(note.message or f"restored from v{version_no}", version_no, note.expected_no)
    return change_prompt(session, prompt_id, _texts(old), now, created_by, note)


def delete_prompt(session: Session, prompt_id: int, now: datetime) -> None:
    """Remove a prompt with its versions; raise RowNotFoundError."""
    row = find_prompt(session, prompt_id)
    session.exec(delete(PromptVersionRow).where(col(PromptVersionRow.prompt_id) == prompt_id))
    if row.is_active:
        add_mark(session, now, "prompt", row.name, "deleted")
    session.delete(row)


def _set(row: PromptRow, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _texts(row: PromptRow | PromptVersionRow) -> dict[str, Any]:
    return {"content": row.content, "tools_json": row.tools_json}


def _show(row: PromptRow, version: PromptVersionRow) -> None:
    _set(row, {**_texts(version), "version_no": version.version_no})
    row.updated_at = max(row.updated_at, version.created_at)


def _rest(session: Session, row: PromptRow, now: datetime) -> None:
    """Switch a prompt off; it shows its newest version again."""
    row.is_active = False
    row.live_since = None
    if row.version_no != row.newest_no:
        _show(row, find_version(session, row.id or 0, row.newest_no))
    row.updated_at = now


def _next_version(
    session: Session,
    row: PromptRow,
    values: Mapping[str, Any],
    now: datetime,
    created_by: str,
    note: Note,
) -> PromptVersionRow:
    newest = find_version(session, row.id or 0, row.newest_no)
    if note.expected_no not in (None, row.newest_no):
        raise VersionTakenError(newest)
    texts = {**_texts(newest), **{name: values[name] for name in _TEXTS if name in values}}
    version = _version(row, texts, now, created_by, note, parent_no=row.newest_no)
    version.version_no = row.newest_no = row.newest_no + 1
    session.add(version)
    session.flush()
    return version


def _version(  # each is a fact of its own
    row: PromptRow,
    texts: Mapping[str, Any],
    now: datetime,
    created_by: str,
    note: Note,
    *,
    parent_no: int | None,
) -> PromptVersionRow:
    return PromptVersionRow(
        prompt_id=row.id or 0,
        version_no=row.newest_no,
        prompt_type=row.prompt_type,
        message=note.message[:500],
        parent_no=parent_no,
        restored_from=note.restored_from,
        sha256=digest(texts["content"], texts["tools_json"]),
        created_by=created_by,
        created_at=now,
        **texts,
    )
