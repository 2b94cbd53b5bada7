"""Write and read change marks."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.tables.change_marks import ChangeMarkRow


def add_mark(session: Session, at: datetime, kind: str, subject: str, detail: str = "") -> None:
    """Keep that a prompt, mapping or default changed; call it in the change's own transaction.

    The detail is a word in no language, with names after a bar where it has some: `created|gpt-x`.
    """
    session.add(ChangeMarkRow(at=at, kind=kind, subject=subject[:300], detail=detail[:500]))


def marks_between(session: Session, start: datetime, end: datetime) -> list[ChangeMarkRow]:
    """Return at most the 500 newest marks of the span, oldest first."""
    statement = (
        select(ChangeMarkRow)
        .where(col(ChangeMarkRow.at) >= start, col(ChangeMarkRow.at) <= end)
        .order_by(col(ChangeMarkRow.at).desc(), col(ChangeMarkRow.id).desc())
        .limit(500)
    )
    return list(reversed(session.exec(statement).all()))
