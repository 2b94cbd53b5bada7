"""Order, groups and the fold of the matrix."""

from components.e2e.grid import (
    FoldLine,
    GroupLine,
    RowLine,
    arrange,
    count_states,
    row_state,
    tail_latency,
    with_changes,
)
from services.accounts.types import UserType
from services.e2e.types import CellChange, CellStatus, Matrix, MatrixRow
from tests.support.e2e_views import launches


def a_row(key: str, codes: str, provider: str = "P", **more: object) -> MatrixRow:
    return MatrixRow(key, provider, {"anonymous": codes, "permanent": "o" * len(codes)}, **more)  # type: ignore[arg-type]


def keys(rows: list[MatrixRow], sort: str = "worst") -> list[str]:
    return [rows[line.index].model_key for line in arrange(rows, sort) if isinstance(line, RowLine)]


def test_the_worst_present_state_comes_first_whatever_the_past_was():
    rows = [a_row("was-bad", "ffo"), a_row("slow", "oos"), a_row("bad", "oof"), a_row("odd", "oob")]
    assert keys(rows) == ["bad", "odd", "slow", "was-bad"]


def test_one_user_type_in_trouble_is_trouble():
    row = MatrixRow("m", "P", {"anonymous": "oo", "permanent": "of"})
    assert row_state(row) is CellStatus.FAILED


def test_a_running_cell_does_not_move_its_row():
    rows = [a_row("bad", "of"), a_row("now-running", "or")]
    assert keys(rows) == ["bad", "now-running"]
    assert row_state(rows[1]) is CellStatus.OK


def test_rows_of_one_provider_stand_under_its_name():
    rows = [a_row("a", "f", "X"), a_row("b", "s", "Y"), a_row("c", "s", "X")]
    assert arrange(rows) == (
        GroupLine("X", 2, is_in_fold=False),
        RowLine(0, is_in_fold=False),
        RowLine(2, is_in_fold=False),
        RowLine(1, is_in_fold=False, is_alone=True),
    )


def test_many_good_rows_beside_a_problem_are_folded():
    rows = [a_row("bad", "f"), *(a_row(f"ok{n}", "o") for n in range(87))]
    assert FoldLine(87, is_open=False) in arrange(rows)


def test_good_rows_stay_open_when_nothing_is_wrong():
    rows = [a_row(f"ok{n}", "o") for n in range(87)]
    assert arrange(rows)[0] == FoldLine(87, is_open=True)


def test_a_never_judged_row_is_not_folded_with_the_good_ones():
    rows = [a_row("new", "."), a_row("ok", "o")]
    rows[0] = MatrixRow("new", "P", {"anonymous": ".", "permanent": "."})
    folded = [line for line in arrange(rows) if isinstance(line, RowLine) and line.is_in_fold]
    assert [rows[line.index].model_key for line in folded] == ["ok"]


def test_other_sorts_give_one_flat_list():
    rows = [
        a_row("b", "o", p50_ms=100, max_ms=900, judged=10, good=10),
        a_row("a", "f", p50_ms=300, max_ms=800, judged=10, good=5),
    ]
    assert keys(rows, "name") == ["a", "b"]
    assert keys(rows, "p50") == ["a", "b"]
    assert keys(rows, "tail") == ["b", "a"]
    assert keys(rows, "share") == ["a", "b"]


def test_without_a_p95_the_maximum_stands_and_says_so():
    assert tail_latency(a_row("m", "o", p95_ms=700, max_ms=900)) == (700, False)
    assert tail_latency(a_row("m", "o", max_ms=900)) == (900, True)


def test_states_are_counted_worst_first():
    rows = [a_row("a", "o"), a_row("b", "f"), a_row("c", "o")]
    assert list(count_states(rows).items()) == [(CellStatus.FAILED, 1), (CellStatus.OK, 2)]


def test_changes_are_put_into_the_matrix_and_strangers_are_left_out():
    columns = launches(2)
    matrix = Matrix(columns, (a_row("m", "op"), a_row("n", "op")))
    failed = CellStatus.FAILED
    changes = [
        CellChange(2, "m", UserType.ANONYMOUS, failed, 1, 1, 2),
        CellChange(99, "m", UserType.ANONYMOUS, failed, 2, 1, 2),
        CellChange(2, "gone", UserType.ANONYMOUS, failed, 3, 1, 2),
    ]
    rows = with_changes(matrix, changes).rows
    assert [row.cells["anonymous"] for row in rows] == ["of", "op"]


def test_models_that_are_not_mapped_any_more_stand_last_and_are_not_counted():
    rows = [a_row("gone", "f", is_mapped=False), a_row("bad", "f"), a_row("fine", "o")]
    assert keys(rows) == ["bad", "fine", "gone"]
    assert keys(rows, "name") == ["bad", "fine", "gone"]
    assert dict(count_states(rows)) == {CellStatus.FAILED: 1, CellStatus.OK: 1}
