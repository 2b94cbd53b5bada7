"""The edge of retention: a row exactly as old as its days stays, a moment older it goes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.audit import AuditRow
from services.executions.service import Executions
from services.executions.types import ExecutionState
from services.settings.service import Settings
from tests.support.clock import FakeClock


@pytest.fixture
def store(database: Database) -> Database:
    return database


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 2, 8, tzinfo=UTC),
        datetime(2026, 4, 20, 7, tzinfo=UTC),  # over the change to summer time
        datetime(2026, 11, 20, 6, tzinfo=UTC),  # and back
        datetime(2028, 3, 30, 0, 0, 1, tzinfo=UTC),  # counts back to the 29th of February
    ],
)
async def test_a_row_exactly_as_old_as_its_days_stays_and_a_moment_older_goes(
    store: Database, executions: Executions, settings: Settings, clock: FakeClock, now: datetime
) -> None:
    await settings.change({"retention_audit_days": 30, "e2e_timezone": "America/New_York"})
    clock.set_now(now)
    edge = now - timedelta(days=30)
    times = [edge - timedelta(microseconds=1), edge, edge + timedelta(microseconds=1)]

    store.write_now(
        lambda session: session.add_all(
            AuditRow(at=at, actor="me", kind="model", subject_id="1", action="edge") for at in times
        )
    )
    started = await executions.start("retention", {})
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.SUCCEEDED, ended.error
    query = select(AuditRow.at).where(AuditRow.action == "edge").order_by(AuditRow.at)  # type: ignore[arg-type]
    assert list(store.read_now(lambda session: session.exec(query).all())) == times[1:]
