"""Write and read load tests and the calls they made."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import func, update
from sqlalchemy import select as sql_select
from sqlalchemy.orm import defer
from sqlmodel import Session, SQLModel, col, select

from db.errors import RowNotFoundError
from db.queries.executions import open_ids
from db.queries.upsert import insert_into
from db.tables.load_runs import LoadRunRow, PromptTestRow

_RUNS = SQLModel.metadata.tables["load_runs"]
_CALLS = SQLModel.metadata.tables["ai_prompt_tests"]  # no object is made of a row


def insert_run(session: Session, values: Mapping[str, Any]) -> LoadRunRow:
    """Return the new run."""
    row = LoadRunRow(**values)
    session.add(row)
    session.flush()
    return row


def keep_calls(session: Session, run_no: int, rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many calls of the run are stored, these included; none is stored twice."""
    if rows:
        statement = insert_into(session, PromptTestRow)
        statement = statement.on_conflict_do_nothing(index_elements=["run_no", "no"])
        session.exec(statement, params=[dict(row) for row in rows])
    counted = select(func.count()).select_from(_CALLS).where(_CALLS.c.run_no == run_no)
    stored = session.exec(counted).one()
    update_run(session, run_no, {"stored": stored})
    return stored


def update_run(session: Session, run_no: int, values: Mapping[str, Any]) -> None:
    """Set what is known of a run."""
    session.exec(
        update(LoadRunRow)
        .where(col(LoadRunRow.id) == run_no)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def close_left_over(session: Session, values: Mapping[str, Any]) -> int:
    """Give runs that say they run, but whose execution does not, the same end; return how many."""
    found = session.exec(
        update(LoadRunRow)
        .where(col(LoadRunRow.status) == "running")
        .where(col(LoadRunRow.run_id).not_in(open_ids()))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return found.rowcount


def find_run(session: Session, run_id: str) -> LoadRunRow | None:
    """Return the run of that id."""
    return session.exec(select(LoadRunRow).where(LoadRunRow.run_id == run_id)).first()


def page_runs(session: Session, limit: int, offset: int) -> tuple[int, list[LoadRunRow]]:
    """Return how many runs there are and one page without timelines, newest first."""
    total = session.exec(select(func.count()).select_from(LoadRunRow)).one()
    light = select(LoadRunRow).options(defer(cast("Any", LoadRunRow.timeline)))
    query = light.order_by(col(LoadRunRow.id).desc()).offset(offset).limit(limit)
    return total, list(session.exec(query).all())


def newest_summaries(session: Session, target_id: int, limit: int) -> list[dict[str, Any]]:
    """Return the figures of the newest ended runs against a target."""
    runs = _RUNS.c
    query = (
        sql_select(runs.summary)
        .where(runs.target_id == target_id, runs.finished_at.is_not(None))
        .order_by(runs.id.desc())
        .limit(limit)
    )
    found = session.connection().execute(query).scalars().all()
    return [summary for summary in found if summary is not None]


def parts_of(session: Session, parent_id: int) -> list[LoadRunRow]:
    """Return the runs that are steps of one execution, oldest first, without timelines."""
    light = select(LoadRunRow).options(defer(cast("Any", LoadRunRow.timeline)))
    query = light.where(col(LoadRunRow.parent_id) == parent_id).order_by(col(LoadRunRow.id))
    return list(session.exec(query).all())


def all_calls(session: Session, run_id: str) -> tuple[LoadRunRow, list[dict[str, Any]]]:
    """Return a run and all its calls as of one moment; raise RowNotFoundError."""
    run = find_run(session, run_id)
    if run is None:
        raise RowNotFoundError(f"no load run {run_id}")
    query = _CALLS.select().where(_CALLS.c.run_no == run.id).order_by(_CALLS.c.no)
    return run, [dict(row) for row in session.connection().execute(query).mappings()]
