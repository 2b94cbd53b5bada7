"""What is stored of runs, asked back: on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from db.engine import Database
from db.queries.change_marks import add_mark
from services.accounts.types import UserType
from services.e2e.board import DEPTH
from services.e2e.boards import read_board
from services.e2e.history import History
from services.e2e.types import CellStatus, RunStatus
from services.foundation.errors import InputError, NotFoundError
from tests.support.clock import START, FakeClock
from tests.support.e2e_past import Past

A, P = str(UserType.ANONYMOUS), str(UserType.PERMANENT)


@pytest.fixture
def past(any_database: Database, clock: FakeClock) -> Past:
    return Past(any_database, clock)


@pytest.fixture
def history(any_database: Database, clock: FakeClock) -> History:
    return History(any_database, clock)


async def test_the_matrix_has_a_column_a_launch_and_a_row_a_model(
    past: Past, history: History
) -> None:
    await past.launch({"a": "oo", "b": "of"})
    await past.launch({"b": "o"}, is_partial=True, trigger="manual")
    await past.launch({"a": "bo", "b": "oo", "c": "ok"})
    matrix = await history.matrix(target_id=2, window="last20")
    assert [launch.launch_no for launch in matrix.columns] == [1, 2, 3]
    assert [launch.is_partial for launch in matrix.columns] == [False, True, False]
    cells = {row.model_key: dict(row.cells) for row in matrix.rows}
    assert cells == {
        "a": {A: "o.b", P: "o.o"},
        "b": {A: "ooo", P: "f.o"},
        "c": {A: "..o", P: "..k"},
    }
    assert matrix.rows[0].model_key == "a"
    assert matrix.rows[0].provider == "openai"
    assert matrix.rows[0].p50_ms is not None


async def test_a_row_and_a_dot_name_our_endpoint_as_it_was_called_then(
    past: Past, history: History, any_database: Database
) -> None:
    await past.launch({"a": "f", "b": "f"}, endpoints={"a": "DeepSeek"})
    matrix = await history.matrix(target_id=2, window="last20")
    assert {row.model_key: row.provider for row in matrix.rows} == {"a": "DeepSeek", "b": "openai"}
    board, _ = any_database.read_now(lambda session: read_board(session, 2))
    assert [dot.provider for dot in board.dots(["a", "b"])] == ["DeepSeek", "openai"]
    detail = await history.cell_at(1, "a", UserType.ANONYMOUS)
    assert detail is not None
    assert (detail.cell.provider, detail.cell.endpoint_name) == ("openai", "DeepSeek")


async def test_windows_and_counts_of_launches(past: Past, history: History) -> None:
    for _ in range(30):
        await past.launch({"a": "o"})
    columns = {
        window: len((await history.matrix(target_id=2, window=window)).columns)
        for window in ("24h", "7d", "30d", "last20", "last50", "last100")
    }
    assert columns == {"24h": 24, "7d": 30, "30d": 30, "last20": 20, "last50": 30, "last100": 30}
    newest = await history.matrix(target_id=2, window="last20")
    assert [launch.launch_no for launch in newest.columns] == list(range(11, 31))
    with pytest.raises(InputError) as refused:
        await history.matrix(target_id=2, window="99y")
    assert refused.value.field == "window"


async def test_filters_combine_and_another_target_is_never_shown(
    past: Past, history: History
) -> None:
    await past.launch({"a": "oo", "b": "of"})
    await past.launch({"x": "ff"}, target_id=3)
    one = await history.matrix(
        target_id=2, window="24h", models=("b",), user_types=(UserType.PERMANENT,)
    )
    assert [(row.model_key, dict(row.cells)) for row in one.rows] == [("b", {P: "f"})]
    other = await history.matrix(target_id=3, window="24h")
    assert [row.model_key for row in other.rows] == ["x"]
    empty = await history.matrix(target_id=9, window="24h")
    assert (empty.columns, empty.rows, empty.marks) == ((), (), ())


async def test_marks_stand_between_the_columns_of_our_own_gateway(
    past: Past, history: History, any_database: Database, clock: FakeClock
) -> None:
    await past.launch({"a": "o"}, target_id=1)
    at = clock.now() - timedelta(minutes=10)
    await any_database.write(lambda s: add_mark(s, at, "prompt", "system", "v3 to v4"))
    await past.launch({"a": "f"}, target_id=1)
    matrix = await history.matrix(target_id=1, window="24h")
    assert [(m.kind, m.subject, m.at) for m in matrix.marks] == [("prompt", "system", at)]
    assert matrix.columns[0].started_at < at < matrix.columns[1].started_at
    assert (await history.matrix(target_id=2, window="24h")).marks == ()


async def test_a_cell_comes_with_its_reply_and_the_last_good_one_before_it(
    past: Past, history: History
) -> None:
    for states in ("o", "s", "f", "c", "f"):
        await past.launch({"a": states})
    await past.launch({"a": "o"}, target_id=3)
    found = await history.cell_at(5, "a", UserType.ANONYMOUS)
    assert found is not None
    assert found.cell.status is CellStatus.FAILED
    assert found.reply_text == f"reply {found.cell.id}"
    assert found.last_ok is not None
    assert (found.last_ok.launch_no, found.last_ok.status) == (2, CellStatus.SLOW)
    assert found.last_ok_launch is not None
    assert found.last_ok_launch.launch_no == 2
    assert found.last_ok_reply == f"reply {found.last_ok.id}"
    assert await history.cell(found.cell.id) == found
    first = await history.cell_at(1, "a", UserType.ANONYMOUS)
    assert first is not None
    assert first.last_ok is None
    assert await history.cell_at(1, "nothing", UserType.ANONYMOUS) is None
    with pytest.raises(NotFoundError):
        await history.cell(99_999)


async def test_runs_page_by_user_type_window_and_model(past: Past, history: History) -> None:
    for number in range(6):
        await past.launch({"a": "of", **({"b": "o"} if number % 2 else {})})
    total, page = await history.runs(target_id=2, user_type=UserType.PERMANENT, limit=2, offset=1)
    assert total == 6
    assert [run.launch_no for run in page] == [5, 4]
    assert {run.user_type for run in page} == {UserType.PERMANENT}
    assert [cell.status for cell in page[0].results] == [CellStatus.FAILED]
    total, page = await history.runs(target_id=2, limit=100)
    assert (total, len(page)) == (12, 12)
    assert [(r.launch_no, r.user_type) for r in page[:2]] == [
        (6, UserType.PERMANENT),
        (6, UserType.ANONYMOUS),
    ]
    since = START + timedelta(hours=4)
    total, page = await history.runs(
        target_id=2, user_type=UserType.ANONYMOUS, since=since, limit=9
    )
    assert (total, [run.launch_no for run in page]) == (2, [6, 5])
    total, page = await history.runs(target_id=2, model="b", limit=9)
    assert (total, [run.launch_no for run in page]) == (3, [6, 4, 2])
    assert {cell.model_key for run in page for cell in run.results} == {"b"}
    assert await history.runs(target_id=3, limit=9) == (0, [])


async def test_the_newest_ended_run_of_each_user_type(past: Past, history: History) -> None:
    await past.launch({"a": "oo"})
    await past.launch({"a": "f"})
    latest = await history.latest_runs(2)
    assert latest[UserType.ANONYMOUS].launch_no == 2
    assert latest[UserType.PERMANENT].launch_no == 1
    assert [c.status for c in latest[UserType.ANONYMOUS].results] == [CellStatus.FAILED]
    assert await history.latest_runs(5) == {}


async def test_the_trend_has_a_point_a_whole_launch(past: Past, history: History) -> None:
    await past.launch({"a": "o", "b": "f", "c": "l"})
    await past.launch({"a": "o"}, is_partial=True)
    await past.launch({"a": "l"})
    for status in (RunStatus.CANCELLED, RunStatus.INTERRUPTED):
        await past.launch({"a": "o"}, ended_as=status)
    (point,) = await history.trend(target_id=2, window="24h")
    assert (point.judged, point.good, point.at) == (2, 1, START)
    assert point.p50_ms is not None


async def test_a_launch_is_found_with_its_runs_and_an_unknown_one_is_said_so(
    past: Past, history: History
) -> None:
    kept = await past.launch({"a": "of"})
    launch, runs = await history.launch(kept.launch_id)
    assert launch == kept
    assert (launch.cells, launch.judged, launch.good) == (2, 2, 1)
    assert [run.user_type for run in runs] == [UserType.ANONYMOUS, UserType.PERMANENT]
    with pytest.raises(NotFoundError):
        await history.launch("f" * 32)
    assert await history.launch_of(kept.execution_id) == kept
    assert await history.launch_of("exe_none") is None


async def test_the_board_is_rebuilt_from_the_store(past: Past, any_database: Database) -> None:
    await past.launch({"a": "oo", "b": "of"})
    await past.launch({"a": "fo", "b": "ok"})
    await past.launch({"a": "f"}, is_partial=True)
    await past.launch({"a": "cc"}, is_partial=True)
    board, taken = any_database.read_now(lambda session: read_board(session, 2))
    dots = {(d.model_key, str(d.user_type)): (d.status, d.streak) for d in board.dots(["a", "b"])}
    assert dots == {
        ("a", A): (CellStatus.FAILED, 2),
        ("a", P): (CellStatus.OK, 2),
        ("b", A): (CellStatus.OK, 2),
        ("b", P): (CellStatus.SIGNIN_FAILED, 1),
    }
    assert board.asked == ("a", "b")
    assert board.newest_launch_no == 4
    assert taken is not None
    assert (taken.seconds, taken.cells) == (3600, 4)
    assert [c.model_key for c in board.since(1, ["a", "b"])] == ["a"]


async def test_the_board_knows_the_newest_state_of_a_model_however_many_launches_came_since(
    past: Past, any_database: Database
) -> None:
    await past.launch({"a": "oo", "b": "of"})
    await past.launch({"a": "oo", "b": "cf"})
    for _ in range(DEPTH + 1):
        await past.launch({"a": "o"}, is_partial=True)
    board, _ = any_database.read_now(lambda session: read_board(session, 2, ("a", "b", "new")))
    dots = {(d.model_key, str(d.user_type)): d for d in board.dots(["a", "b", "new"])}
    assert {key: dot.status for key, dot in dots.items()} == {
        ("a", A): CellStatus.OK,
        ("a", P): CellStatus.OK,
        ("b", A): CellStatus.OK,
        ("b", P): CellStatus.FAILED,
    }
    assert (dots["b", P].streak, dots["b", P].since) == (2, START)
    other, _ = any_database.read_now(lambda session: read_board(session, 2))
    assert other.asked == ("a", "b")  # a server that cannot be asked: its newest whole launch
    assert len(other.dots(other.asked)) == 4


async def test_the_newest_states_of_a_model_come_from_the_index(database: Database) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT launch_no, status_code FROM e2e_mapped_model_results"
        " WHERE target_id = 1 AND model_key = 'a' AND user_type = 'anonymous'"
        " AND status_code IN ('o', 'f') ORDER BY launch_no DESC LIMIT 100"
    )
    plan = database.read_now(lambda session: session.connection().exec_driver_sql(query).all())
    assert "COVERING INDEX ix_e2e_results_history" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


async def test_the_matrix_reads_the_covering_index_and_no_table(database: Database) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT launch_no, group_concat(substr(user_type, 1, 1) || model_key, 'x'),"
        " group_concat(status_code, ''), group_concat(coalesce(latency_ms, ''), ',')"
        " FROM e2e_mapped_model_results WHERE launch_no IN (1, 2, 3) GROUP BY launch_no"
    )
    plan = database.read_now(lambda session: session.connection().exec_driver_sql(query).all())
    assert len(plan) == 1
    assert "USING COVERING INDEX ix_e2e_results_matrix" in plan[0][-1]
