"""History: what is stored of end-to-end runs, as matrix, cells, runs and trend."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from db.engine import Database
from db.queries import change_marks as mark_queries
from db.queries import e2e_matrix as matrix_queries
from db.queries import e2e_runs as queries
from db.queries.e2e_matrix import SEPARATOR
from db.tables.e2e_runs import E2eCellRow
from services.accounts.types import UserType
from services.e2e import matrix
from services.e2e.records import launch_of, stored_key, to_cell, to_launch, to_run
from services.e2e.types import (
    GOOD,
    STATUS_CODES,
    Cell,
    CellDetail,
    Launch,
    Mark,
    Matrix,
    Run,
    RunStatus,
    TrendPoint,
)
from services.foundation.clock import Clock
from services.foundation.errors import InputError, NotFoundError
from services.targets.types import SELF_ID

COLUMNS_MAX = 500
_DAYS = {"24h": 1, "7d": 7, "30d": 30}
_LAST = {"last20": 20, "last50": 50, "last100": 100}
WINDOWS = (*_DAYS, *_LAST)
_WHOLE = (RunStatus.SUCCESS, RunStatus.FAILED)
_GOOD_CODES = tuple(STATUS_CODES[status] for status in GOOD)


_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def window_of(word: str, now: datetime) -> tuple[datetime | None, int]:
    """Return since when, and at most how many launches; raise InputError."""
    if word in _DAYS:
        return now - timedelta(days=_DAYS[word]), COLUMNS_MAX
    if word in _LAST:
        return None, _LAST[word]
    raise InputError(
        "Must be one of {choices}, not {value}",
        field="window",
        choices=", ".join(WINDOWS),
        value=word[:20],
    )


class History:
    """Questions to the store; nothing is kept here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Ask that database."""
        self._database = database
        self._clock = clock

    def running_cells(self, target_id: int) -> frozenset[tuple[str, str]]:  # noqa: ARG002  # a hook
        """Return model key and user type of the cells that are being asked right now."""
        return frozenset()

    def mapped(self, target_id: int) -> tuple[str, ...]:  # noqa: ARG002  # a hook
        """Return the keys that are mapped here now; empty where that is not known."""
        return ()

    async def matrix(
        self,
        *,
        target_id: int,
        window: str,
        models: Sequence[str] = (),
        user_types: Sequence[UserType] = (),
    ) -> Matrix:
        """Return the matrix of a target; columns oldest first, at most 500; raise InputError."""
        since, limit = window_of(window, self._clock.now())
        keys = [stored_key(model) for model in models]
        kinds = [str(kind) for kind in user_types]
        found = await self._database.read(
            lambda session: read_matrix(session, target_id, since, limit, keys, kinds)
        )
        found = matrix.sunk(found, self.mapped(target_id))
        return matrix.lit(found, self.running_cells(target_id))

    async def trend(self, *, target_id: int, window: str) -> list[TrendPoint]:
        """Return a point for each launch that asked every model, judged something and was not cut."""
        since, limit = window_of(window, self._clock.now())
        rows = await self._database.read(
            lambda session: queries.newest_launches(session, target_id, since, limit)
        )
        return [
            TrendPoint(launch.started_at, launch.judged, launch.good, launch.p50_ms, launch.p95_ms)
            for launch in map(launch_of, rows)
            if launch.judged and not launch.is_partial and launch.status in _WHOLE
        ]

    async def cell(self, cell_id: int) -> CellDetail:
        """Return a cell with its reply and the last good one before it; raise NotFoundError."""
        detail = await self._database.read(
            lambda session: _detail(session, queries.find_cell(session, cell_id))
        )
        if detail is None:
            raise NotFoundError("There is no result {id}", id=cell_id)
        return detail

    async def cell_at(
        self, launch_no: int, model_key: str, user_type: UserType
    ) -> CellDetail | None:
        """Return the cell of a launch, model and user type, or None where nothing was asked."""
        key = stored_key(model_key)
        return await self._database.read(
            lambda session: _detail(
                session, queries.cell_at(session, launch_no, key, str(user_type))
            )
        )

    async def runs(  # one filter an argument
        self,
        *,
        target_id: int,
        user_type: UserType | None = None,
        since: datetime | None = None,
        model: str = "",
        limit: int = 20,
        offset: int = 0,
    ) -> tuple[int, list[Run]]:
        """Return how many runs there are and one page of them with their results, newest first."""
        wanted = queries.RunFilter(
            target_id=target_id,
            user_type=None if user_type is None else str(user_type),
            since=since,
            model_key=stored_key(model) if model else None,
        )
        return await self._database.read(
            lambda session: _page(session, wanted, limit=limit, offset=offset)
        )

    async def latest_runs(self, target_id: int) -> dict[UserType, Run]:
        """Return the newest run of each user type that has ended."""

        def read(session: Session) -> dict[UserType, Run]:
            found: dict[UserType, Run] = {}
            for user_type in UserType:
                row = queries.last_ended_run(session, target_id, str(user_type))
                if row is not None:
                    found[user_type] = to_run(row, _cells_of(session, [row.launch_no], row.run_id))
            return found

        return await self._database.read(read)

    async def launch_of(self, execution_id: str) -> Launch | None:
        """Return the launch an execution made, or None when it made none or it was removed."""
        row = await self._database.read(
            lambda session: queries.launch_of_execution(session, execution_id)
        )
        return None if row is None else to_launch(row)

    async def launch(self, launch_id: str) -> tuple[Launch, list[Run]]:
        """Return a launch with its runs and their results so far; raise NotFoundError."""

        def read(session: Session) -> tuple[Launch, list[Run]] | None:
            row = queries.find_launch(session, launch_id)
            if row is None:
                return None
            number = row.launch_no or 0
            cells = _cells_of(session, [number])
            runs = [
                to_run(run, tuple(cell for cell in cells if cell.run_id == run.run_id))
                for run in queries.runs_of(session, number)
            ]
            return to_launch(row), runs

        found = await self._database.read(read)
        if found is None:
            raise NotFoundError("There is no launch {id}", id=launch_id[:40])
        return found


def read_matrix(  # one filter an argument
    session: Session,
    target_id: int,
    since: datetime | None,
    limit: int,
    models: Sequence[str],
    user_types: Sequence[str],
) -> Matrix:
    """Return the matrix: launches by index, cells from the covering index, joined in SQL."""
    launches = [launch_of(row) for row in queries.newest_launches(session, target_id, since, limit)]
    numbers = [launch.launch_no for launch in launches]
    lines = read_lines(session, numbers, models, user_types)
    rows = matrix.rows_of(lines, matrix_queries.providers_of(session, newest_of(lines, numbers)))
    return Matrix(tuple(launches), rows, _marks(session, target_id, launches), target_id)


def read_lines(
    session: Session,
    launch_nos: Sequence[int],
    models: Sequence[str] = (),
    user_types: Sequence[str] = (),
) -> dict[tuple[str, str], matrix.Line]:
    """Return a line of status characters for each model and user type."""
    joined = matrix_queries.launch_cells(session, launch_nos, models, user_types)
    cells = [matrix.JoinedCells(j.launch_no, j.keys, j.codes, j.latencies) for j in joined]
    return matrix.lines_of(cells, launch_nos, SEPARATOR)


def newest_of(lines: Mapping[tuple[str, str], matrix.Line], numbers: Sequence[int]) -> list[int]:
    """Return the launches that hold the newest cell of some line."""
    places = {len(line.codes.rstrip(matrix.NONE)) - 1 for line in lines.values()}
    return sorted(numbers[place] for place in places if place >= 0)


def _marks(session: Session, target_id: int, launches: Sequence[Launch]) -> tuple[Mark, ...]:
    """Return what changed here since the first column; of another server nothing is known."""
    if target_id != SELF_ID or not launches:
        return ()
    rows = mark_queries.marks_between(session, launches[0].started_at, _FOR_EVER)
    return tuple(Mark(row.at, row.kind, row.subject, row.detail) for row in rows)


def _cells_of(session: Session, launch_nos: Sequence[int], run_id: str = "") -> tuple[Cell, ...]:
    rows = queries.cells_of(session, launch_nos)
    return tuple(to_cell(row) for row in rows if not run_id or row.run_id == run_id)


def _page(
    session: Session, wanted: queries.RunFilter, *, limit: int, offset: int
) -> tuple[int, list[Run]]:
    total, rows = queries.page_runs(session, wanted, limit, offset)
    by_run: dict[str, list[Cell]] = {}
    for row in queries.cells_of(session, {run.launch_no for run in rows}):
        if wanted.model_key is None or row.model_key == wanted.model_key:
            by_run.setdefault(row.run_id, []).append(to_cell(row))
    return total, [to_run(row, tuple(by_run.get(row.run_id, ()))) for row in rows]


def _detail(session: Session, row: E2eCellRow | None) -> CellDetail | None:
    if row is None:
        return None
    launch = queries.launch(session, row.launch_no)
    runs = queries.runs_of(session, row.launch_no)
    if launch is None:
        return None
    reply = queries.reply_of(session, row.id or 0)
    good = queries.last_good(session, row, _GOOD_CODES)
    good_launch = None if good is None else queries.launch(session, good.launch_no)
    good_reply = None if good is None else queries.reply_of(session, good.id or 0)
    return CellDetail(
        cell=to_cell(row),
        launch=to_launch(launch),
        reply_text=reply.text if reply else "",
        is_reply_cut=reply.is_cut if reply else False,
        prompt_text=next((run.prompt_text for run in runs if run.run_id == row.run_id), ""),
        last_ok=None if good is None else to_cell(good),
        last_ok_launch=None if good_launch is None else to_launch(good_launch),
        last_ok_reply=good_reply.text if good_reply else "",
    )
