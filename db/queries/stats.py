"""Who was active when."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from db.tables.usage import UserActivityRow


def active_users_by_day(session: Session, first: date, origins: Sequence[str]) -> dict[date, int]:
    """Return how many users of these origins asked something on each UTC day from the first on."""
    row = UserActivityRow
    query = (
        select(col(row.activity_date), func.count())
        .where(col(row.origin).in_(list(origins)), col(row.activity_date) >= first)
        .group_by(col(row.activity_date))
    )
    rows: list[tuple[date, int]] = [(day, count) for day, count in session.exec(query)]
    return dict(rows)


def active_users_in_quarters(
    session: Session, masks: Sequence[tuple[date, int, int]], origins: Sequence[str]
) -> int:
    """Return how many users of these origins were active in any of these quarters of an hour.

    A mask is a UTC day with one bit a quarter: before noon, and from noon on.
    """
    row = UserActivityRow
    parts = [
        and_(
            col(row.activity_date) == day,
            or_(
                col(row.quarters_am).op("&")(before_noon) != 0,
                col(row.quarters_pm).op("&")(from_noon) != 0,
            ),
        )
        for day, before_noon, from_noon in masks
    ]
    if not parts:
        return 0
    query = (
        select(func.count(func.distinct(col(row.user_id))))
        .where(col(row.activity_date).in_([day for day, _, _ in masks]))
        .where(col(row.origin).in_(list(origins)))
        .where(or_(*parts))
    )
    return session.exec(query).one()
