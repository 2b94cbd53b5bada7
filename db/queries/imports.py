"""Store what an import brings, and what it noted of each row."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, SQLModel, col, func, select

from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eRunRow
from db.tables.imports import ImportedRow

_LAUNCH_KEPT = ("launch_no", "launch_id", "execution_id", "target_id", "target", "trigger")
_RUN_KEPT = ("id", "run_id", "launch_no", "launch_id", "target_id", "target", "trigger")


def kept_rows(session: Session, source: str, table: str) -> list[ImportedRow]:
    """Return what was noted of the rows of one table of a file."""
    row = ImportedRow
    found = select(row).where(col(row.source) == source, col(row.table_name) == table)
    return list(session.exec(found).all())


def keep_row(session: Session, row: ImportedRow) -> None:
    """Note what became of a row, in place of what was noted before."""
    session.merge(row)


def mark_whole(session: Session, source: str, table: str, keys: Iterable[str]) -> None:
    """Note that the secrets of these rows are in the secret store."""
    row = ImportedRow
    for key in keys:
        session.exec(
            update(row)
            .where(col(row.source) == source, col(row.table_name) == table, col(row.row_key) == key)
            .values(is_whole=True)
        )


def add_row(session: Session, row: SQLModel) -> str:
    """Return the number of the new row."""
    session.add(row)
    session.flush()
    return str(getattr(row, "id", "") or "")


def known_runs(session: Session) -> set[str]:
    """Return the id of every stored run."""
    return set(session.exec(select(E2eRunRow.run_id)))


def unfinished_runs(session: Session, trigger: str, status: str) -> set[str]:
    """Return the ids of the imported runs that were stored with that status."""
    row = E2eRunRow
    found = select(row.run_id).where(col(row.trigger) == trigger, col(row.status) == status)
    return set(session.exec(found))


def lowest_launch(session: Session) -> int:
    """Return the lowest number of a launch, 0 where all are above it."""
    lowest = session.exec(select(func.min(col(E2eLaunchRow.launch_no)))).one()
    return min(lowest or 0, 0)


def insert_imported(
    session: Session,
    number: int,
    launch: E2eLaunchRow,
    run: E2eRunRow,
    cells: Sequence[E2eCellRow],
) -> None:
    """Add one launch under that number with its run and cells."""
    launch.launch_no = run.launch_no = number
    for cell in cells:
        cell.launch_no = number
    session.add_all([launch, run, *cells])
    session.flush()


def replace_imported(
    session: Session, launch: E2eLaunchRow, run: E2eRunRow, cells: Sequence[E2eCellRow]
) -> None:
    """Give a launch that was taken before it ended the results it has now."""
    stored = session.exec(select(E2eRunRow).where(E2eRunRow.run_id == run.run_id)).one()
    head = session.get(E2eLaunchRow, stored.launch_no)
    _copy(run, stored, _RUN_KEPT)
    if head is not None:
        _copy(launch, head, _LAUNCH_KEPT)
    session.exec(delete(E2eCellRow).where(col(E2eCellRow.run_id) == run.run_id))
    for cell in cells:
        cell.launch_no = stored.launch_no
    session.add_all(cells)
    session.flush()


def imported_at(session: Session) -> datetime | None:
    """Return when something was taken last."""
    return session.exec(select(func.max(col(ImportedRow.taken_at)))).one()


def _copy(source: SQLModel, into: SQLModel, kept: Iterable[str]) -> None:
    for name in type(into).model_fields:
        if name not in kept:
            setattr(into, name, getattr(source, name))


def numbers_of(session: Session, row: Any, column: Any) -> dict[str, int]:
    """Return the number of each row by the text of a column, in lower case."""
    found = session.exec(select(column, row.id).where(column.is_not(None)))
    return {str(text).lower(): int(number) for text, number in found}
