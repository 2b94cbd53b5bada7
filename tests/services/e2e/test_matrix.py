"""Joined cells to rows: alignment, shares, percentiles, order."""

from services.accounts.types import UserType
from services.e2e import matrix
from services.e2e.matrix import JoinedCells
from services.e2e.types import Matrix, MatrixRow
from tests.support.builders import a_launch

SEP = "\x1f"
A, P = str(UserType.ANONYMOUS), str(UserType.PERMANENT)


def joined(launch_no: int, **cells: tuple[str, int | None]) -> JoinedCells:
    """A launch whose cells are given as a_model=(code, latency)."""
    return JoinedCells(
        launch_no,
        SEP.join(key[0] + key[2:] for key in cells),
        "".join(code for code, _ in cells.values()),
        ",".join("" if ms is None else str(ms) for _, ms in cells.values()),
    )


def rows(*launches: JoinedCells, numbers: tuple[int, ...], providers=None):
    lines = matrix.lines_of(launches, numbers, SEP)
    return matrix.rows_of(lines, providers or {})


def test_a_missing_cell_is_a_dot_and_every_row_has_a_character_a_column() -> None:
    found = rows(
        joined(3, a_x=("o", 10), p_x=("f", None), a_y=("o", 20)),
        joined(7, a_y=("b", 30)),
        joined(9, a_x=("s", 40), p_x=("o", 50), a_z=("l", None)),
        numbers=(3, 5, 7, 9),
    )
    cells = {row.model_key: dict(row.cells) for row in found}
    assert cells == {
        "x": {A: "o..s", P: "f..o"},
        "y": {A: "o.b."},
        "z": {A: "...l"},
    }


def test_another_order_or_set_of_models_in_a_launch_lands_in_the_same_rows() -> None:
    found = rows(
        joined(1, a_x=("o", 1), a_y=("f", None)),
        joined(2, a_y=("o", 2), a_x=("f", None)),
        numbers=(1, 2),
    )
    assert {row.model_key: row.cells[A] for row in found} == {"x": "of", "y": "fo"}


def test_only_what_was_not_judged_is_left_out_of_the_share() -> None:
    (row,) = rows(
        *(joined(n, a_x=(code, None)) for n, code in enumerate("osbfklrpcin", 1)),
        numbers=tuple(range(1, 13)),
    )
    assert (row.judged, row.good, row.cells_total) == (4, 2, 11)


def test_percentiles_are_nearest_rank_and_p95_needs_twenty_samples() -> None:
    many = [joined(n, a_x=("o", n * 100)) for n in range(1, 21)]
    (row,) = rows(*many, numbers=tuple(range(1, 21)))
    assert (row.p50_ms, row.p95_ms, row.max_ms) == (1000, 1900, 2000)
    (row,) = rows(*many[:19], numbers=tuple(range(1, 20)))
    assert (row.p50_ms, row.p95_ms, row.max_ms) == (1000, None, 1900)


def test_times_of_failures_and_of_limits_do_not_count_as_latency() -> None:
    (row,) = rows(
        joined(1, a_x=("f", 120_000)), joined(2, a_x=("l", 5)), joined(3, a_x=("o", 700)),
        numbers=(1, 2, 3),
    )  # fmt: skip
    assert (row.p50_ms, row.max_ms) == (700, 700)
    assert matrix.percentile([], 0.5) is None


def test_rows_come_worst_first_by_their_newest_real_state() -> None:
    found = rows(
        joined(1, a_good=("o", 1), a_was_bad=("f", None), a_bad=("o", 1), a_key=("o", 1), a_slow=("o", 1), a_shape=("o", 1)),
        joined(2, a_good=("o", 1), a_was_bad=("o", 1), a_bad=("f", None), a_key=("k", None), a_slow=("s", 9), a_shape=("b", 1)),
        joined(3, a_bad=("c", None)),
        numbers=(1, 2, 3),
    )  # fmt: skip
    assert [row.model_key for row in found] == ["bad", "shape", "key", "slow", "was_bad", "good"]


def test_a_row_is_as_bad_as_its_worse_user_type() -> None:
    found = rows(joined(1, a_x=("o", 1), p_x=("f", None), a_y=("b", 1)), numbers=(1,))
    assert [row.model_key for row in found] == ["x", "y"]


def test_a_running_cell_is_lit_in_the_newest_column_only() -> None:
    found = rows(
        joined(1, a_x=("o", 1)), joined(2, a_x=("p", None), p_x=("p", None)), numbers=(1, 2)
    )
    lit = matrix.lit(Matrix((a_launch(1), a_launch(2)), found), frozenset({("x", A)}))
    assert lit.rows[0].cells == {A: "or", P: ".p"}


def test_a_demo_provider_is_told() -> None:
    (row,) = rows(joined(1, a_x=("o", 1)), numbers=(1,), providers={"x": ("demo", True)})
    assert (row.provider, row.is_demo) == ("demo", True)


def test_models_that_are_not_mapped_any_more_are_marked_and_sink() -> None:
    rows = tuple(MatrixRow(key, "", {}) for key in ("gone", "a", "b"))
    found = matrix.sunk(Matrix((), rows), ("b", "a")).rows
    assert [(row.model_key, row.is_mapped) for row in found] == [
        ("a", True),
        ("b", True),
        ("gone", False),
    ]
    assert matrix.sunk(Matrix((), rows), ()).rows == rows  # of another server nothing is known
