"""Usage counters add up, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from db.engine import Database
from db.queries import usage as queries
from db.tables.usage import AiRequestMinuteRow, AiRequestStatsRow, UserActivityRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)


def activity(count: int, at: datetime) -> dict[str, Any]:
    return {
        "user_id": "u",
        "user_type": "permanent",
        "origin": "app",
        "is_test": False,
        "activity_date": DAY,
        "quarters_am": 1,
        "quarters_pm": 0,
        "request_count": count,
        "first_request_at": at,
        "last_request_at": at,
        "created_at": at,
    }


def calls(endpoint_id: int | None, count: int, at: datetime = NOW) -> dict[str, Any]:
    return {
        "user_id": "u",
        "endpoint_id": endpoint_id,
        "endpoint_key": endpoint_id or 0,
        "model": "k",
        "request_date": DAY,
        "count": count,
        "total_latency_ms": count * 10,
        "success_count": count,
        "error_count": 0,
        "created_at": at,
        "updated_at": at,
    }


async def test_activity_is_one_row_a_user_and_day(any_database: Database) -> None:
    later = NOW + timedelta(hours=1)
    await any_database.write(lambda s: queries.add_activity(s, [activity(2, NOW)]))
    await any_database.write(lambda s: queries.add_activity(s, [activity(3, later)]))
    [row] = await any_database.read(lambda s: s.exec(select(UserActivityRow)).all())
    assert (row.request_count, row.first_request_at, row.last_request_at) == (5, NOW, later)


async def test_calls_without_an_endpoint_are_one_row_too(any_database: Database) -> None:
    rows = [calls(None, 1), calls(None, 2), calls(7, 4)]
    await any_database.write(lambda s: queries.add_requests(s, rows))
    found = await any_database.read(
        lambda s: s.exec(
            select(AiRequestStatsRow).order_by(col(AiRequestStatsRow.endpoint_key))
        ).all()
    )
    assert [(r.endpoint_id, r.count, r.total_latency_ms) for r in found] == [
        (None, 3, 30),
        (7, 4, 40),
    ]


async def test_minutes_add_up_one_by_one(any_database: Database) -> None:
    def minute(at: datetime) -> dict[str, Any]:
        return {
            "minute_at": at,
            "origin": "test",
            "user_id": "u",
            "user_type": "anonymous",
            "is_test": True,
            "endpoint_key": 0,
            "model": "k",
            "count": 1,
            "success_count": 0,
            "error_count": 1,
            "total_latency_ms": 5,
            "prompt_tokens": 1,
            "completion_tokens": 2,
            "total_tokens": 3,
        }

    rows = [minute(NOW), minute(NOW), minute(NOW + timedelta(minutes=1))]
    await any_database.write(lambda s: queries.add_minutes(s, rows))
    await any_database.write(lambda s: queries.add_minutes(s, rows))
    found = await any_database.read(lambda s: s.exec(select(AiRequestMinuteRow)).all())
    assert sorted((r.count, r.total_tokens) for r in found) == [(2, 6), (4, 12)]


async def test_a_quota_count_never_shrinks(any_database: Database) -> None:
    for count in (3, 5, 4):
        await any_database.write(
            lambda s, n=count: queries.keep_quota(s, [("u", "gpt", DAY, n)], NOW)
        )
    [row] = await any_database.read(lambda s: queries.quota_of_day(s, DAY))
    assert (row.user_id, row.model_key, row.count) == ("u", "gpt", 5)
    assert await any_database.read(lambda s: queries.quota_of_day(s, date(2026, 3, 3))) == []
