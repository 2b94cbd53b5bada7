"""Aging: roll-ups go when no window needs them any more, a short piece at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from db.engine import Database
from db.queries import dashboard_days, rollups

MINUTES = timedelta(days=32)  # the edges of a window of 30 days
ROLLUPS = timedelta(days=62)  # of hours and days: the window before that window too
PIECE = 500  # rows of a piece: some milliseconds of the writer
PIECES_MOST = 400  # in one go; the rest goes an hour later
Drop = Callable[..., int]  # gets the session, `before` and `limit`


async def age(database: Database, now: datetime, stats_days: int) -> int:
    """Return how many rows went; `stats_days` is for how long an operator keeps statistics."""
    longest = now - max(ROLLUPS, timedelta(days=stats_days))
    gone = 0
    drops: list[tuple[Drop, datetime]] = [
        (partial(_drop_grain, grain="minute"), now - MINUTES),
        (partial(_drop_grain, grain="hour"), longest),
        (partial(_drop_grain, grain="day"), longest),
        (rollups.forget_seen_before, now - MINUTES),
        (dashboard_days.drop_before, longest),
    ]
    left = PIECES_MOST
    for drop, before in drops:
        while left:
            left -= 1
            count = await database.write(partial(drop, before=before, limit=PIECE))
            gone += count
            if count < PIECE:
                break
    return gone


def _drop_grain(session: Session, before: datetime, limit: int, *, grain: str) -> int:
    return rollups.drop_rollups_before(session, grain, before, limit)
