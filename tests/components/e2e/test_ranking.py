"""Merging user types and finding the newest settled verdict."""

import pytest

from components.e2e.ranking import RANK_CODES, latest, merge, worst_at
from services.e2e.types import CODE_STATUS, CellStatus, MatrixRow


def test_every_code_has_exactly_one_rank():
    assert sorted(RANK_CODES) == sorted([*CODE_STATUS, "."])


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        (("oo", "of"), "of"),
        (("ok", "fo"), "fk"),
        (("..", ".o"), ".o"),  # a cell that does not exist never hides one that does
        (("on", "so"), "sn"),
        (("ro", "fo"), "fo"),  # a known failure outranks a running one
        (("po", "oo"), "po"),  # half open is not yet good
    ],
)
def test_two_user_types_are_merged_to_the_worse(rows: tuple[str, ...], merged: str):
    assert merge(rows) == merged


def test_rows_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        merge(("oo", "o"))


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        ("of", CellStatus.FAILED),
        ("ofr", CellStatus.FAILED),  # running says nothing yet
        ("ofp.", CellStatus.FAILED),
        ("oci", CellStatus.OK),  # what was not judged does not hide the last verdict
        ("in", CellStatus.NOT_RUN),
        ("rp", None),
        ("", None),
    ],
)
def test_the_newest_settled_verdict_counts(codes: str, status: CellStatus | None):
    assert latest(codes) is status


def test_the_worst_cell_of_a_column_is_the_upper_one_of_equals():
    rows = [
        MatrixRow("a", "x", {"anonymous": "oo", "permanent": "of"}),
        MatrixRow("b", "x", {"anonymous": "of", "permanent": ".."}),
        MatrixRow("c", "x", {"anonymous": "o"}),
    ]
    assert worst_at(rows, 1) == ("a", "permanent")
    assert worst_at(rows[1:2], 0) == ("b", "anonymous")
    assert worst_at(rows, 2) is None
