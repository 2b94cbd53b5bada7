"""Write and read launches, runs, cells and replies of end-to-end runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, SQLModel, col, select

from db.queries.executions import open_ids
from db.tables.e2e_runs import E2E_LAUNCHES, E2eCellRow, E2eLaunchRow, E2eReplyRow, E2eRunRow

Launches = list[E2eLaunchRow]
_LAUNCHES = SQLModel.metadata.tables[E2E_LAUNCHES]  # no object is made of a column

# -- writing


def insert_launch(session: Session, launch: E2eLaunchRow, runs: Sequence[E2eRunRow]) -> int:
    """Return the number of the new launch; its runs are stored with it."""
    session.add(launch)
    session.flush()
    number = launch.launch_no or 0
    for run in runs:
        run.launch_no = number
    session.add_all(runs)
    session.flush()
    return number


def insert_cells(session: Session, rows: Sequence[E2eCellRow]) -> list[int]:
    """Return the numbers of the new cells, in the order given."""
    session.add_all(rows)
    session.flush()
    return [row.id or 0 for row in rows]


def update_cell(session: Session, cell_id: int, values: Mapping[str, Any]) -> None:
    """Set what is known of a cell."""
    _set(session, E2eCellRow, col(E2eCellRow.id) == cell_id, values)


def keep_reply(session: Session, cell_id: int, text: str, *, is_cut: bool) -> None:
    """Keep the text a cell got."""
    session.add(E2eReplyRow(cell_id=cell_id, text=text, is_cut=is_cut))


def update_run(session: Session, run_id: str, values: Mapping[str, Any]) -> None:
    """Set what is known of a run."""
    _set(session, E2eRunRow, col(E2eRunRow.run_id) == run_id, values)


def update_launch(session: Session, launch_no: int, values: Mapping[str, Any]) -> None:
    """Set what is known of a launch."""
    _set(session, E2eLaunchRow, col(E2eLaunchRow.launch_no) == launch_no, values)


def close_cells(
    session: Session, launch_no: int, open_codes: Iterable[str], values: Mapping[str, Any]
) -> None:
    """Give every cell of the launch that is still open the same end."""
    statement = (
        update(E2eCellRow)
        .where(col(E2eCellRow.launch_no) == launch_no)
        .where(col(E2eCellRow.status_code).in_(list(open_codes)))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.connection().execute(statement)


def _set(
    session: Session, row: type[Any], condition: ColumnElement[bool], values: Mapping[str, Any]
) -> None:
    if values:
        session.connection().execute(update(row).where(condition).values(**values))


# -- launches


def open_launches(session: Session) -> Launches:
    """Return the launches that say they run although their execution does not any more."""
    query = (
        select(E2eLaunchRow)
        .where(E2eLaunchRow.status == "running")
        .where(col(E2eLaunchRow.execution_id).not_in(open_ids()))
    )
    return list(session.exec(query.order_by(col(E2eLaunchRow.launch_no))).all())


def find_launch(session: Session, launch_id: str) -> E2eLaunchRow | None:
    """Return the launch of that text id."""
    return session.exec(select(E2eLaunchRow).where(E2eLaunchRow.launch_id == launch_id)).first()


def launch_of_execution(session: Session, execution_id: str) -> E2eLaunchRow | None:
    """Return the launch an execution made."""
    query = select(E2eLaunchRow).where(E2eLaunchRow.execution_id == execution_id)
    return session.exec(query.order_by(col(E2eLaunchRow.launch_no).desc())).first()


def launch_of_slot(session: Session, slot_at: datetime) -> E2eLaunchRow | None:
    """Return the launch that served a scheduled slot; a made-up one (no target of ours) did not."""
    query = select(E2eLaunchRow).where(E2eLaunchRow.slot_at == slot_at, E2eLaunchRow.target_id > 0)
    return session.exec(query).first()


def newest_launches(
    session: Session, target_id: int, since: datetime | None, limit: int
) -> list[dict[str, Any]]:
    """Return the newest launches against the target, oldest first, as plain columns."""
    query = _LAUNCHES.select().where(_LAUNCHES.c.target_id == target_id)
    if since is not None:
        query = query.where(_LAUNCHES.c.started_at >= since)
    query = query.order_by(_LAUNCHES.c.launch_no.desc()).limit(limit)
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    return rows[::-1]


def last_full_launch(session: Session, target_id: int) -> E2eLaunchRow | None:
    """Return the newest launch that asked every model and came to its end."""
    query = (
        select(E2eLaunchRow)
        .where(E2eLaunchRow.target_id == target_id)
        .where(col(E2eLaunchRow.status).in_(["success", "failed"]))
        .where(col(E2eLaunchRow.is_partial).is_(False))
        .order_by(col(E2eLaunchRow.launch_no).desc())
        .limit(1)
    )
    return session.exec(query).first()


# -- runs


def runs_of(session: Session, launch_no: int) -> list[E2eRunRow]:
    """Return the runs of a launch in the order they were made."""
    query = select(E2eRunRow).where(E2eRunRow.launch_no == launch_no).order_by(col(E2eRunRow.id))
    return list(session.exec(query).all())


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; None means any."""

    target_id: int
    user_type: str | None = None
    since: datetime | None = None
    model_key: str | None = None


def page_runs(
    session: Session, wanted: RunFilter, limit: int, offset: int
) -> tuple[int, list[E2eRunRow]]:
    """Return how many runs there are and one page of them, newest first."""
    conditions: list[ColumnElement[bool]] = [col(E2eRunRow.target_id) == wanted.target_id]
    if wanted.user_type is not None:
        conditions.append(col(E2eRunRow.user_type) == wanted.user_type)
    if wanted.since is not None:
        conditions.append(col(E2eRunRow.created_at) >= wanted.since)
    if wanted.model_key is not None:
        asked = (
            select(E2eCellRow.run_id)
            .where(E2eCellRow.target_id == wanted.target_id)
            .where(E2eCellRow.model_key == wanted.model_key)
        )
        conditions.append(col(E2eRunRow.run_id).in_(asked))
    total = session.exec(select(func.count()).select_from(E2eRunRow).where(*conditions)).one()
    query = (
        select(E2eRunRow)
        .where(*conditions)
        .order_by(col(E2eRunRow.launch_no).desc(), col(E2eRunRow.id).desc())
        .offset(offset)
        .limit(limit)
    )
    return total, list(session.exec(query).all())


def last_ended_run(session: Session, target_id: int, user_type: str) -> E2eRunRow | None:
    """Return the newest run of that user type against the target that has ended."""
    query = (
        select(E2eRunRow)
        .where(E2eRunRow.target_id == target_id)
        .where(E2eRunRow.user_type == user_type)
        .where(E2eRunRow.status != "running")
        .order_by(col(E2eRunRow.launch_no).desc())
        .limit(1)
    )
    return session.exec(query).first()


# -- cells


def cells_of(session: Session, launch_nos: Iterable[int]) -> list[E2eCellRow]:
    """Return every cell of the launches, by launch, then in the order they were planned."""
    query = (
        select(E2eCellRow)
        .where(col(E2eCellRow.launch_no).in_(list(launch_nos)))
        .order_by(col(E2eCellRow.launch_no), col(E2eCellRow.id))
    )
    return list(session.exec(query).all())


def find_cell(session: Session, cell_id: int) -> E2eCellRow | None:
    """Return the cell of that number."""
    return session.get(E2eCellRow, cell_id)


def cell_at(session: Session, launch_no: int, model_key: str, user_type: str) -> E2eCellRow | None:
    """Return the cell of a launch, a model and a user type."""
    query = (
        select(E2eCellRow)
        .where(E2eCellRow.launch_no == launch_no)
        .where(E2eCellRow.model_key == model_key)
        .where(E2eCellRow.user_type == user_type)
    )
    return session.exec(query).first()


def last_good(session: Session, cell: E2eCellRow, good_codes: Iterable[str]) -> E2eCellRow | None:
    """Return the newest good cell before this one: same target, model and user type."""
    query = (
        select(E2eCellRow)
        .where(E2eCellRow.target_id == cell.target_id)
        .where(E2eCellRow.model_key == cell.model_key)
        .where(E2eCellRow.user_type == cell.user_type)
        .where(col(E2eCellRow.launch_no) < cell.launch_no)
        .where(col(E2eCellRow.status_code).in_(list(good_codes)))
        .order_by(col(E2eCellRow.launch_no).desc())
        .limit(1)
    )
    return session.exec(query).first()


def newest_states(
    session: Session, target_id: int, cell: tuple[str, str], codes: Iterable[str], limit: int
) -> list[tuple[int, str]]:
    """Return launch and code of a model's and user type's newest cells of those codes, newest first.

    Answered by the history index alone.
    """
    query = (
        select(E2eCellRow.launch_no, E2eCellRow.status_code)
        .where(E2eCellRow.target_id == target_id)
        .where(E2eCellRow.model_key == cell[0])
        .where(E2eCellRow.user_type == cell[1])
        .where(col(E2eCellRow.status_code).in_(sorted(codes)))
        .order_by(col(E2eCellRow.launch_no).desc())
        .limit(limit)
    )
    return [(number, code) for number, code in session.exec(query).all()]


def reply_of(session: Session, cell_id: int) -> E2eReplyRow | None:
    """Return the text a cell got."""
    return session.get(E2eReplyRow, cell_id)


def launch(session: Session, launch_no: int) -> E2eLaunchRow | None:
    """Return the launch of that number."""
    return session.get(E2eLaunchRow, launch_no)
