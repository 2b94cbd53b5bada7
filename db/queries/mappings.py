"""Read and change mappings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.queries.change_marks import add_mark
from db.tables.mappings import ModelMappingRow


def all_mappings(session: Session) -> list[ModelMappingRow]:
    """Return every mapping by id."""
    return list(session.exec(select(ModelMappingRow).order_by(col(ModelMappingRow.id))).all())


def save_mapping(
    session: Session, mapping_id: str, values: Mapping[str, Any], now: datetime
) -> ModelMappingRow:
    """Return the stored mapping; a change mark is written when it really changed."""
    row = session.get(ModelMappingRow, mapping_id)
    if row is None:
        row = ModelMappingRow(id=mapping_id, **values, created_at=now, updated_at=now)
        add_mark(session, now, "mapping", mapping_id, f"created|{_shown(row)}")
    else:
        before, was_active = _shown(row), row.is_active
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
        if (after := _shown(row)) != before:
            add_mark(session, now, "mapping", mapping_id, f"changed|{before} → {after}")
        if row.is_active != was_active:
            word = "switched_on" if row.is_active else "switched_off"
            add_mark(session, now, "mapping", mapping_id, word)
    session.add(row)
    session.flush()
    return row


def save_mappings(
    session: Session, changes: Iterable[tuple[str, Mapping[str, Any]]], now: datetime
) -> None:
    """Store several mappings in one transaction, each with its own change mark."""
    for mapping_id, values in changes:
        save_mapping(session, mapping_id, values, now)


def delete_mappings(session: Session, mapping_ids: Iterable[str], now: datetime) -> None:
    """Remove several mappings in one transaction; raise RowNotFoundError."""
    for mapping_id in mapping_ids:
        delete_mapping(session, mapping_id, now)


def find_mapping(session: Session, mapping_id: str) -> ModelMappingRow:
    """Return the mapping; raise RowNotFoundError."""
    row = session.get(ModelMappingRow, mapping_id)
    if row is None:
        raise RowNotFoundError(f"llm_model_mappings {mapping_id}")
    return row


def delete_mapping(session: Session, mapping_id: str, now: datetime) -> None:
    """Remove the mapping; raise RowNotFoundError."""
    row = find_mapping(session, mapping_id)
    session.delete(row)
    add_mark(session, now, "mapping", mapping_id, "deleted")


def _shown(row: ModelMappingRow) -> str:
    return ", ".join(dict.fromkeys((row.default_model, *row.candidates_json)))
