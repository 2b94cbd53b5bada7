"""The insert statement with ON CONFLICT of the session's own dialect."""

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert


def insert_into(session: Session, table: type[SQLModel]) -> "Insert":
    """Return an insert that offers on_conflict_do_update and on_conflict_do_nothing."""
    return insert_for(dialect_of(session), table)


def insert_for(dialect: str, table: type[SQLModel]) -> "Insert":
    """Return the same for a dialect's name, for statements that are made once."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)  # pyright: ignore[reportReturnType]  # the same two methods


def dialect_of(session: Session) -> str:
    """Return the name of the session's dialect."""
    return session.get_bind().dialect.name
