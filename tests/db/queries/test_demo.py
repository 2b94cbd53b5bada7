"""Rows of demo data on both databases: kept with usual values, counted, taken out and nothing else."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from db.engine import Database
from db.queries import demo as queries
from db.queries import rollups
from db.queries import usage as usage_queries
from db.tables.e2e_runs import E2eLaunchRow
from db.tables.usage import AiRequestMinuteRow
from services.demo.past import add_past
from services.demo.rows import Rows
from services.demo.story import tell
from services.demo.types import DEMO_FIRST, DEMO_PAST
from services.demo.usage import Traffic
from tests.support.postgres import both_stores

NOW = datetime(2026, 11, 24, 16, 20, tzinfo=UTC)
BAND = (DEMO_FIRST, DEMO_PAST)


def _fill(session: Session) -> int:
    """Keep two days of the past and one day of usage; return how many rows have numbers."""
    story, rows = tell(7, 2, NOW), Rows()
    add_past(story, rows)
    for table, found in rows.by_table.items():
        queries.keep(session, table, found)
    batch = next(Traffic(story, rows).days())
    usage_queries.add_activity(session, batch.activity)
    usage_queries.add_requests(session, batch.days)
    usage_queries.add_minutes(session, batch.minutes)
    rollups.add_rollups(session, batch.rollups)
    return rows.total + len(batch.activity) + len(batch.days) + len(batch.minutes)


def _real(session: Session) -> None:
    """Rows just beside the numbers of demo data."""
    for number in (DEMO_FIRST - 1, DEMO_PAST, -1, 1):
        session.add(
            E2eLaunchRow(
                launch_no=number,
                launch_id=f"real{number}",
                execution_id="",
                target_id=1,
                trigger="manual",
                status="success",
                started_at=NOW - timedelta(days=1),
            )
        )


def _drop(session: Session) -> int:
    gone = 0
    for table in (*queries.NUMBERED, *queries.BY_ORIGIN):
        while count := queries.drop_some(session, table, BAND, 400):
            gone += count
    return gone


@both_stores
async def test_what_was_kept_is_counted_and_goes_to_the_last_row(store: Database) -> None:
    await store.write(_real)
    kept = await store.write(_fill)
    counts = await store.read(lambda session: queries.count(session, BAND))
    assert sum(counts[name] for name in queries.NUMBERED if name in counts) == kept
    assert set(queries.BY_ORIGIN) <= set(counts)
    minute = await store.read(lambda s: s.exec(select(AiRequestMinuteRow)).first())
    assert minute is not None
    assert minute.origin == "demo"
    assert await store.write(_drop) == sum(counts.values())
    assert await store.read(lambda session: queries.count(session, BAND)) == {}
    left = await store.read(lambda s: s.exec(select(E2eLaunchRow.launch_no)).all())
    assert sorted(number or 0 for number in left) == [DEMO_FIRST - 1, DEMO_PAST, -1, 1]
