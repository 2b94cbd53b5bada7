"""Codes of one row: merging user types to the worse, and the newest settled verdict."""

from collections.abc import Iterable

from components.status.looks import RED, SEVERITY
from services.e2e.types import CODE_STATUS, STATUS_CODES, CellStatus, MatrixRow

EMPTY = "."
RANK_CODES = (
    "".join(STATUS_CODES[status] for status in sorted(SEVERITY, key=SEVERITY.__getitem__)) + EMPTY
)
OPEN_CODES = frozenset({STATUS_CODES[CellStatus.RUNNING], STATUS_CODES[CellStatus.PENDING]})
UNJUDGED_CODES = frozenset(
    STATUS_CODES[status]
    for status in (CellStatus.CANCELLED, CellStatus.INTERRUPTED, CellStatus.NOT_RUN)
)
PROBLEMS = RED | {CellStatus.LIMITED}
_RANK = {code: rank for rank, code in enumerate(RANK_CODES)}


def merge(rows: Iterable[str]) -> str:
    """Return one code a column: the worst of all rows; a missing cell never wins over another."""
    return "".join(min(column, key=_RANK.__getitem__) for column in zip(*rows, strict=True))


def worst_at(rows: Iterable[MatrixRow], place: int) -> tuple[str, str] | None:
    """Return model key and user type of a column's worst cell, the upper one of equals."""
    found = [
        (_RANK[codes[place]], row.model_key, user)
        for row in rows
        for user, codes in row.cells.items()
        if place < len(codes) and codes[place] != EMPTY
    ]
    if not found:
        return None
    _, key, user = min(found, key=lambda one: one[0])
    return key, user


def latest(codes: str) -> CellStatus | None:
    """Return the newest settled status of a row; None where nothing was ever settled."""
    unjudged: CellStatus | None = None
    for code in reversed(codes):
        if code == EMPTY or code in OPEN_CODES:
            continue
        if code not in UNJUDGED_CODES:
            return CODE_STATUS[code]
        unjudged = unjudged or CODE_STATUS[code]
    return unjudged
