"""Health in memory: dots, streaks, what changed since one looked."""

from datetime import timedelta
from typing import Any

from services.accounts.types import UserType
from services.e2e.board import DEPTH, Board
from services.e2e.matrix import Line
from services.e2e.types import Cause, CellStatus, Kind
from tests.support.builders import a_cell, a_launch
from tests.support.clock import START

BAD: dict[str, Any] = {
    "status": CellStatus.FAILED,
    "kind": Kind.STREAM,
    "success": False,
    "error": "x",
}


def a_board(*codes: str, model: str = "gpt-x") -> Board:
    """A board whose model went through these statuses, one launch each."""
    board = Board(2)
    for number, code in enumerate(codes, 1):
        board.begin(a_launch(number))
        status = {"o": CellStatus.OK, "f": CellStatus.FAILED, "k": CellStatus.SIGNIN_FAILED}.get(
            code, CellStatus.CANCELLED
        )
        board.note(
            a_cell(model, launch_no=number, status=status, at=START + timedelta(hours=number))
        )
    return board


def test_a_dot_shows_the_newest_real_state_only() -> None:
    (dot,) = a_board("o", "f", "c").dots(["gpt-x"])
    assert dot.status is CellStatus.FAILED
    assert dot.at == START + timedelta(hours=2)


def test_a_streak_counts_launches_in_a_row_and_knows_its_start() -> None:
    (dot,) = a_board("o", "f", "f", "c", "f").dots(["gpt-x"])
    assert (dot.streak, dot.since) == (3, START + timedelta(hours=2))
    (dot,) = a_board("f", "o").dots(["gpt-x"])
    assert (dot.streak, dot.since) == (1, START + timedelta(hours=2))


def test_models_that_are_not_mapped_any_more_have_no_dot() -> None:
    board = a_board("o")
    assert board.dots(["other"]) == ()
    health = board.health(["other"], None, 0, 0)
    assert (health.mapped, health.judged, health.judged_at) == (("other",), 0, None)


def test_health_counts_judged_good_and_not_judged() -> None:
    board = Board(2)
    board.begin(a_launch(1))
    board.note(a_cell("a"))
    board.note(a_cell("b", **BAD))
    board.note(a_cell("c", status=CellStatus.SLOW))
    board.note(a_cell("d", status=CellStatus.SIGNIN_FAILED, kind=Kind.AUTH, success=False))
    health = board.health(list("abcd"), None, 0, 0)
    assert (health.judged, health.good, health.not_judged) == (3, 2, 1)
    assert health.judged_at == START


def test_two_user_types_are_two_dots() -> None:
    board = a_board("o")
    board.note(a_cell(user_type=UserType.PERMANENT, **BAD))
    dots = board.dots(["gpt-x"])
    assert [(d.user_type, d.status) for d in dots] == [
        (UserType.ANONYMOUS, CellStatus.OK),
        (UserType.PERMANENT, CellStatus.FAILED),
    ]


def test_since_tells_what_broke_first_then_what_recovered() -> None:
    board = Board(2)
    for number, states in enumerate(("oof", "off", "foo"), 1):
        board.begin(a_launch(number))
        for model, code in zip("abc", states, strict=True):
            status = CellStatus.OK if code == "o" else CellStatus.FAILED
            cause = Cause.NONE if code == "o" else Cause.PROVIDER
            board.note(a_cell(model, launch_no=number, status=status, cause=cause))
    changes = board.since(1, list("abc"))
    assert [(c.model_key, c.was, c.now) for c in changes] == [
        ("a", CellStatus.OK, CellStatus.FAILED),
        ("c", CellStatus.FAILED, CellStatus.OK),
    ]
    assert changes[0].cause is Cause.PROVIDER
    assert board.since(3, list("abc")) == []
    assert board.newest_launch_no == 3


def test_a_board_filled_from_the_store_equals_one_that_watched() -> None:
    watched = a_board("o", "f", "c", "f")
    filled = Board(2)
    launches = [a_launch(n) for n in range(1, 5)]
    newest = a_cell(launch_no=4, status=CellStatus.FAILED, at=START + timedelta(hours=4))
    filled.fill(launches, {("gpt-x", "anonymous"): Line("ofcf")}, [newest])
    assert filled.dots(["gpt-x"]) == watched.dots(["gpt-x"])
    assert filled.since(1, ["gpt-x"]) == watched.since(1, ["gpt-x"])
    assert filled.asked == ("gpt-x",)


def test_memory_stays_flat_over_ten_thousand_launches() -> None:
    board = a_board(*"of" * 5_000)
    assert len(board._tracks["gpt-x", "anonymous"].states) == DEPTH
    assert len(board._begun) <= 4 * DEPTH


def test_failing_providers_are_counted_once_each() -> None:
    board = Board(2)
    for model, provider in (("a", "p1"), ("b", "p1"), ("c", "p2")):
        board.note(a_cell(model, provider=provider, **BAD))
    board.note(a_cell("d", provider="p3"))
    assert board.failing_providers(list("abcd")) == 2
