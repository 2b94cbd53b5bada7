"""Boards: the board of each target that was looked at, read from the store when first needed."""

from collections.abc import Sequence

from sqlmodel import Session

from db.queries import e2e_runs as queries
from services.accounts.types import UserType
from services.e2e.board import DEPTH, Board
from services.e2e.history import read_lines
from services.e2e.matrix import Line
from services.e2e.plan import Past
from services.e2e.records import launch_of, stored_key, to_cell, to_launch
from services.e2e.types import REAL, STATUS_CODES, Launch

_REAL_CODES = {STATUS_CODES[status] for status in REAL}
AUTH_WORDS = (
    "missing_supabase_env",
    "missing_user_credentials",
    "anonymous_auth_failed",
    "permanent_auth_failed",
    "supabase_sign_in_failed",
    "supabase_admin_create_user_failed",
    "supabase_login_missing_access_token",
)


def read_board(
    session: Session, target_id: int, mapped: Sequence[str] = ()
) -> tuple[Board, Past | None]:
    """Return the board of a target, and what its last full launch took.

    It has the states of the newest launches, and those of every mapped model that was not judged
    in them; without any mapped, the models of the last full launch are looked for.
    """
    launches = [launch_of(r) for r in queries.newest_launches(session, target_id, None, DEPTH)]
    numbers = [launch.launch_no for launch in launches]
    lines = read_lines(session, numbers)
    wanted = _newest_real(lines, numbers)
    cells = [
        to_cell(row)
        for row in queries.cells_of(session, sorted(set(wanted.values())))
        if wanted.get((row.model_key, row.user_type)) == row.launch_no
    ]
    board = Board(target_id)
    board.fill(launches, lines, cells)
    board.sign_in_down = sign_in_word(launches[-1]) if launches else ""
    full = queries.last_full_launch(session, target_id)
    if full is not None and all(launch.is_partial for launch in launches):
        asked = queries.cells_of(session, [full.launch_no or 0])
        board.asked = tuple(dict.fromkeys(row.model_key for row in asked))
    for model in map(stored_key, mapped or board.asked):
        for user_type in map(str, UserType):
            if (model, user_type) not in wanted:
                _add_older(session, board, (model, user_type))
    return board, None if full is None else past_of(to_launch(full))


def _add_older(session: Session, board: Board, key: tuple[str, str]) -> None:
    """Add what is known of a model that none of the newest launches judged."""
    states = queries.newest_states(session, board.target_id, key, _REAL_CODES, DEPTH)
    row = queries.cell_at(session, states[0][0], *key) if states else None
    if row is None:
        return
    first = board.add_older(to_cell(row), states[::-1])
    launch = queries.launch(session, first)
    if launch is not None:
        board.begin(to_launch(launch))


def _newest_real(
    lines: dict[tuple[str, str], Line], numbers: list[int]
) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key, line in lines.items():
        for number, code in zip(reversed(numbers), reversed(line.codes), strict=True):
            if code in _REAL_CODES:
                found[key] = number
                break
    return found


def sign_in_word(launch: Launch) -> str:
    """Return the word of a sign-in that failed in the launch, or an empty text."""
    return launch.error_summary if launch.error_summary in AUTH_WORDS else ""


def past_of(launch: Launch) -> Past | None:
    """Return what a launch took, when it came to its end."""
    if launch.finished_at is None or not launch.cells:
        return None
    return Past(max(0.0, (launch.finished_at - launch.started_at).total_seconds()), launch.cells)
