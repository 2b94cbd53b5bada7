"""Read the versions of prompts: one, a list without texts, a search, what is known by its text."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.tables.prompts import PromptVersionRow


@dataclass(frozen=True, slots=True)
class VersionHead:
    """A version without its text, for a list."""

    prompt_id: int
    version_no: int
    message: str
    parent_no: int | None
    restored_from: int | None
    sha256: str
    created_by: str
    created_at: datetime


def digest(content: str, tools_json: Any) -> str:
    """Return the SHA-256 of a text with its tools, the same however the JSON was written."""
    tools = json.dumps(tools_json, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{content}\x00{tools}".encode("utf-8", "replace")).hexdigest()


def versions_of(session: Session, prompt_id: int) -> list[PromptVersionRow]:
    """Return the versions, newest first."""
    statement = (
        select(PromptVersionRow)
        .where(col(PromptVersionRow.prompt_id) == prompt_id)
        .order_by(col(PromptVersionRow.version_no).desc())
    )
    return list(session.exec(statement).all())


def version_heads(
    session: Session, prompt_id: int, limit: int, before: int | None = None
) -> list[VersionHead]:
    """Return at most `limit` versions without their text, newest first, older than `before`."""
    row = PromptVersionRow
    statement = (
        select(row)
        .options(defer(col(row.content)), defer(col(row.tools_json)))  # pyright: ignore[reportArgumentType]
        .where(col(row.prompt_id) == prompt_id)
        .order_by(col(row.version_no).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(row.version_no) < before)
    return [
        VersionHead(
            version.prompt_id,
            version.version_no,
            version.message,
            version.parent_no,
            version.restored_from,
            version.sha256,
            version.created_by,
            version.created_at,
        )
        for version in session.exec(statement).all()
    ]


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


def search_versions(session: Session, text: str, limit: int) -> list[tuple[int, int]]:
    """Return prompt id and number of versions whose text or message holds `text`, newest first."""
    row = PromptVersionRow
    statement = (
        select(row.prompt_id, row.version_no)
        .where(
            or_(
                col(row.content).icontains(text, autoescape=True),
                col(row.message).icontains(text, autoescape=True),
            )
        )
        .order_by(col(row.created_at).desc(), col(row.id).desc())
        .limit(limit)
    )
    return [(prompt_id, number) for prompt_id, number in session.exec(statement).all()]


def digests(session: Session) -> dict[int, dict[str, int]]:
    """Return, by prompt id, each known SHA-256 with the newest version that has it."""
    row = PromptVersionRow
    statement = select(row.prompt_id, row.sha256, row.version_no).order_by(col(row.version_no))
    found: dict[int, dict[str, int]] = {}
    for prompt_id, sha256, version_no in session.exec(statement).all():
        found.setdefault(prompt_id, {})[sha256] = version_no
    return found
