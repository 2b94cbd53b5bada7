"""Search load tests and their calls; remember which run is the baseline of its plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, func, or_, update
from sqlalchemy import select as sql_select
from sqlalchemy.orm import defer
from sqlmodel import Session, SQLModel, col, select

from db.tables.load_runs import LoadRunRow, PromptTestRow

_CALLS = SQLModel.metadata.tables["ai_prompt_tests"]  # no object is made of a row
_RUNS = SQLModel.metadata.tables["load_runs"]
_LIGHT = tuple(_RUNS.c[name] for name in ("id", "run_id", "target", "plan", "error"))
_SOUGHT = ("request_id", "message_id", "error", "error_text", "response_message", "model")
LOOKED_AT_MOST = 20_000  # runs of a search; older ones are not found


@dataclass(frozen=True, slots=True)
class LightRun:
    """What a search looks at: no figures are read for it."""

    id: int
    run_id: str
    target: str
    plan: Mapping[str, Any]
    error: str


def find_runs(
    session: Session,
    states: Sequence[str],
    target_id: int | None,
    between: tuple[datetime | None, datetime | None],
    is_wanted: Callable[[LightRun], bool],
) -> list[str]:
    """Return the run ids that match, newest first."""
    query = sql_select(*_LIGHT).order_by(_RUNS.c.id.desc()).limit(LOOKED_AT_MOST)
    if states:
        query = query.where(_RUNS.c.status.in_(states))
    if target_id is not None:
        query = query.where(_RUNS.c.target_id == target_id)
    start, end = between
    if start is not None:
        query = query.where(_RUNS.c.created_at >= start)
    if end is not None:
        query = query.where(_RUNS.c.created_at <= end)
    found = session.connection().execute(query.execution_options(yield_per=500))
    return [row.run_id for row in (LightRun(*values) for values in found) if is_wanted(row)]


def runs_of(session: Session, run_ids: Sequence[str]) -> dict[str, LoadRunRow]:
    """Return these runs by their id, without their timelines."""
    light = select(LoadRunRow).options(defer(cast("Any", LoadRunRow.timeline)))
    found = session.exec(light.where(col(LoadRunRow.run_id).in_(run_ids))).all()
    return {row.run_id: row for row in found}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls of one run: values of columns, a text, and `started` or a column, largest first."""

    run_no: int
    columns: Mapping[str, str]
    text: str = ""
    order: str = "started"

    def conditions(self) -> list[Any]:
        """Return what a call must fulfil."""
        found: list[Any] = [_CALLS.c.run_no == self.run_no]
        found += [_CALLS.c[name] == value for name, value in self.columns.items()]
        if self.text:
            sought = (_CALLS.c[name].icontains(self.text, autoescape=True) for name in _SOUGHT)
            found.append(or_(*sought))
        return found

    def rows(self) -> Any:
        """Return the query of all of them, in their order."""
        keys: list[Any] = [_CALLS.c.no]
        if self.order != "started":
            keys.insert(0, _CALLS.c[self.order].desc().nulls_last())
        return _CALLS.select().where(*self.conditions()).order_by(*keys)


def page_samples(
    session: Session, wanted: Wanted, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many calls match and one page of them."""
    counted = select(func.count()).select_from(_CALLS).where(*wanted.conditions())
    total = session.exec(counted).one()
    query = wanted.rows().offset(offset).limit(limit)
    return total, [dict(row) for row in session.connection().execute(query).mappings()]


def whole_samples(
    session: Session, run_id: str, wanted: Wanted
) -> tuple[LoadRunRow | None, list[dict[str, Any]]]:
    """Return the run and all its calls that match, as of one moment."""
    row = session.exec(select(LoadRunRow).where(LoadRunRow.run_id == run_id)).first()
    return row, [dict(one) for one in session.connection().execute(wanted.rows()).mappings()]


def find_sample(session: Session, run_no: int, no: int) -> dict[str, Any] | None:
    """Return one call of a run by its number."""
    query = _CALLS.select().where(_CALLS.c.run_no == run_no, _CALLS.c.no == no)
    row = session.connection().execute(query).mappings().first()
    return None if row is None else dict(row)


def sample_models(session: Session, run_no: int) -> list[str]:
    """Return the models a run has asked."""
    query = select(col(PromptTestRow.model)).where(col(PromptTestRow.run_no) == run_no).distinct()
    return sorted(session.exec(query).all())


def baselines(session: Session) -> list[LightRun]:
    """Return the runs that are the baseline of their plan."""
    query = sql_select(*_LIGHT).where(_RUNS.c.baseline.is_(True)).limit(LOOKED_AT_MOST)
    return [LightRun(*values) for values in session.connection().execute(query)]


def mark(session: Session, run_nos: Sequence[int], *, baseline: bool) -> None:
    """Make these runs baselines, or no longer."""
    statement = update(LoadRunRow).where(col(LoadRunRow.id).in_(run_nos))
    session.exec(statement.values(baseline=baseline).execution_options(synchronize_session=False))


def exchange_baseline(
    session: Session, run_no: int, is_same_plan: Callable[[LightRun], bool]
) -> None:
    """Make the run the baseline of its plan in place of whichever was it before."""
    mark(session, [one.id for one in baselines(session) if is_same_plan(one)], baseline=False)
    mark(session, [run_no], baseline=True)


def delete_calls(session: Session, run_no: int, limit: int) -> int:
    """Delete some calls of a run; return how many went."""
    keys = select(_CALLS.c.id).where(_CALLS.c.run_no == run_no).limit(limit)
    found = list(session.connection().execute(keys).scalars())
    if found:
        session.connection().execute(delete(_CALLS).where(_CALLS.c.id.in_(found)))
    return len(found)


def delete_run(session: Session, run_no: int) -> None:
    """Delete a run whose calls are gone."""
    session.exec(delete(LoadRunRow).where(col(LoadRunRow.id) == run_no))
