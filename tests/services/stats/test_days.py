"""dashboard_stats: one row a day of the operator's zone, pushed through the outbox; local Supabase."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from db.engine import Database
from db.queries import dashboard_days as queries
from db.tables.numbers import DashboardStatsRow, LastSeenRow, UsageRollupRow
from db.tables.usage import AiRequestMinuteRow, AiRequestStatsRow, UserActivityRow
from services.accounts.service import Accounts
from services.accounts.types import Caller, UserType
from services.accounts.verifier import Verifier
from services.foundation.errors import StoreError
from services.outbox.types import OutboxState
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import Env
from services.stats.day_carrier import DayCarrier
from services.stats.days import Days, Look
from services.stats.service import Stats
from services.suppliers.types import Usage
from tests.support.clock import FakeClock
from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk

USER = Caller("u1", UserType.PERMANENT)


class DaysDesk:
    """Figures with what pushes them; nothing runs by itself."""

    def __init__(
        self, database: Database, clock: FakeClock, secrets: Secrets, settings: Settings, env: Env
    ) -> None:
        accounts = Accounts(database, clock, secrets, env)
        accounts.load()
        self.clock, self.settings, self.database = clock, settings, database
        self.sync = SyncDesk(database, clock, secrets, settings)
        verifier = Verifier(accounts, clock, env)
        self.stats = Stats(database, clock, self.sync.tasks, settings, verifier)
        self.looks: Look = Look(100.0, 100.0)
        self.days = self.fresh()
        self.sync.outbox.register(DayCarrier(self.sync.supabase.remote))

    def fresh(self) -> Days:
        """As after a restart."""
        outbox, tasks = self.sync.outbox, self.sync.tasks
        return Days(self.database, self.clock, tasks, self.settings, outbox, self._look)

    async def _look(self) -> Look:
        return self.looks

    async def ask(
        self, caller: Caller = USER, tokens: int = 10, at: datetime | None = None
    ) -> None:
        if at is not None:
            self.clock.jump((at - self.clock.now()).total_seconds())
        self.stats.record_activity(caller)
        self.stats.record_request(
            caller=caller,
            endpoint_id=1,
            model="m",
            ok=True,
            latency_ms=100,
            usage=Usage(4, 6, tokens),
        )
        await self.stats.flush()

    async def rows(self) -> list[tuple[date, int, int, int]]:
        return [(d.day, d.active_users, d.requests, d.tokens) for d in await self.days.newest()]


@pytest.fixture
async def desk(
    database: Database, clock: FakeClock, secrets: Secrets, settings: Settings, env: Env
) -> AsyncIterator[DaysDesk]:
    made = DaysDesk(database, clock, secrets, settings, env)
    yield made
    await made.sync.stop()


async def test_s3_6_a_day_is_one_row_and_a_second_run_updates_it(desk: DaysDesk) -> None:
    today = desk.clock.now().date()
    await desk.ask()
    await desk.days.refresh()
    await desk.ask(Caller("u2", UserType.ANONYMOUS))
    await desk.ask(Caller("t", UserType.PERMANENT, is_test=True))
    desk.looks = Look(50.0, None)
    await desk.fresh().refresh()
    assert await desk.rows() == [(today, 2, 2, 20)]
    (row,) = await desk.days.newest()
    assert (row.connectivity_rate, row.jwt_rate) == (75.0, 100.0)


async def test_days_are_those_of_the_operators_zone_also_when_the_clocks_change(
    desk: DaysDesk,
) -> None:
    await desk.settings.change({"e2e_timezone": "Europe/Berlin"})
    await desk.ask(at=datetime(2026, 10, 24, 21, 59, tzinfo=UTC))  # 23:59 of the 24th
    for at in ("22:00", "22:59", "23:30"):  # from midnight on, 02:30 comes twice that night
        hour, minute = at.split(":")
        await desk.ask(at=datetime(2026, 10, 24, int(hour), int(minute), tzinfo=UTC))
    await desk.ask(at=datetime(2026, 10, 25, 22, 59, tzinfo=UTC))  # 23:59 of a day of 25 hours
    await desk.ask(at=datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
    await desk.days.refresh()
    found = [(day.day, users, calls) for day, users, calls, _ in await desk.rows()]
    assert found == [(24, 1, 1), (25, 1, 4), (26, 1, 1)]
    await desk.settings.change({"e2e_timezone": "UTC"})
    await desk.fresh().refresh()
    assert [(day.day, calls) for day, _, calls, _ in await desk.rows()] == [
        (24, 4),
        (25, 2),
        (26, 0),
    ]


async def test_what_comes_late_belongs_to_its_own_day(desk: DaysDesk) -> None:
    now = desk.clock.now()
    await desk.ask()
    await desk.days.refresh()
    await desk.ask(Caller("late", UserType.PERMANENT), at=now - timedelta(days=3))
    await desk.ask(at=now)
    await desk.days.refresh()
    await desk.clock.advance(3700)
    await desk.days.refresh()
    day = now.date()
    assert await desk.rows() == [(day - timedelta(days=3), 1, 1, 10), (day, 1, 2, 20)]


async def test_s3_7_supabase_gets_the_days_each_once(
    desk: DaysDesk, supabase_project: SupabaseProject
) -> None:
    await desk.sync.connect(supabase_project)
    now = desk.clock.now()
    await desk.ask(at=now - timedelta(days=1))
    await desk.ask(at=now)
    for _ in range(2):
        await desk.fresh().refresh()
        assert (await desk.sync.outbox.flush()).reason is None
    rows = supabase_project.rows("dashboard_stats")
    assert [(r["stat_date"], r["daily_active_users"], r["token_usage"]) for r in rows] == [
        (now.date() - timedelta(days=1), 1, 10),
        (now.date(), 1, 10),
    ]
    assert desk.sync.outbox.view.count == 0
    await desk.ask()
    await desk.clock.advance(3700)
    await desk.days.refresh()
    await desk.sync.outbox.flush()
    assert supabase_project.rows("dashboard_stats")[-1]["token_usage"] == 20


async def test_s3_7_a_missing_table_is_reported_with_what_to_do_and_stops_nothing_else(
    desk: DaysDesk, bare_supabase_project: SupabaseProject
) -> None:
    await desk.sync.connect(bare_supabase_project)
    await desk.ask()
    await desk.days.refresh()
    await desk.sync.add_model("other")
    await desk.sync.outbox.flush()
    stopped = desk.sync.outbox.view.stopped
    assert list(stopped) == ["dashboard_stats"]
    assert "dashboard_stats does not exist" in str(stopped["dashboard_stats"])
    assert "SQL" in str(stopped["dashboard_stats"])
    assert [row["name"] for row in bare_supabase_project.rows("ai_model")] == ["other"]
    assert desk.sync.outbox.view.waiting == 2
    assert desk.sync.outbox.view.oldest_at is not None
    assert await desk.rows()  # here nothing is missing


async def test_a_day_that_is_refused_is_put_aside_with_its_reason_and_the_others_arrive(
    desk: DaysDesk, supabase_project: SupabaseProject
) -> None:
    await desk.sync.connect(supabase_project)
    now = desk.clock.now()
    bad = (now - timedelta(days=2)).date().isoformat()
    for back in (2, 1, 0):
        await desk.ask(at=now - timedelta(days=back))
    supabase_project.front.fail(
        Status(400, '{"code":"23514","message":"violates check"}'),
        method="POST",
        table="dashboard_stats",
        times=99,
        match=lambda call: bad.encode() in call.body,
    )
    await desk.days.refresh()
    for _ in range(3):
        await desk.sync.outbox.flush()
    (dead,) = await desk.sync.outbox.entries()
    assert (dead.key, dead.state) == (bad, OutboxState.DEAD)
    assert "violates check" in str(dead.reason)
    assert len(supabase_project.rows("dashboard_stats")) == 2


async def test_s3_9_r27_old_remote_days_go_and_nothing_here_changes(
    desk: DaysDesk, supabase_project: SupabaseProject
) -> None:
    await desk.sync.connect(supabase_project)
    await desk.settings.change({"retention_remote_days": 30})
    now = desk.clock.now()
    today = now.date()
    for back in (31, 30, 29):
        supabase_project.insert("dashboard_stats", stat_date=today - timedelta(days=back))
    await desk.ask(at=now - timedelta(days=12))
    await desk.ask(at=now)
    await desk.days.refresh()
    await desk.sync.outbox.flush()
    kept = [row["stat_date"] for row in supabase_project.rows("dashboard_stats")]
    assert sorted(today - day for day in kept) == [timedelta(days=n) for n in (0, 12, 29, 30)]
    before = (await desk.rows(), await desk.stats.ai_requests("30d"))
    await desk.settings.change({"retention_remote_days": 5})
    await desk.clock.advance(86_400)
    await desk.days.refresh()
    await desk.sync.outbox.flush()
    assert [r["stat_date"] for r in supabase_project.rows("dashboard_stats")] == [
        today,
        today + timedelta(days=1),
    ]
    after: list[Any] = await desk.rows()
    assert after[:2] == before[0]
    assert (await desk.stats.ai_requests("30d"))["total"] == before[1]["total"]


async def test_another_project_gets_everything_anew(
    desk: DaysDesk, supabase_project: SupabaseProject, bare_supabase_project: SupabaseProject
) -> None:
    await desk.sync.connect(supabase_project)
    await desk.ask()
    await desk.days.refresh()
    await desk.sync.outbox.flush()
    assert not await desk.database.read(queries.unpushed_days)
    await desk.sync.connect(bare_supabase_project)
    assert len(await desk.database.read(queries.unpushed_days)) == 1


async def test_s42_roll_ups_stay_as_long_as_a_window_needs_them_and_days_as_counted(
    desk: DaysDesk,
) -> None:
    now = desk.clock.now()
    for back in (70, 40, 29):
        await desk.ask(at=now - timedelta(days=back))
    await desk.ask(at=now)
    await desk.days.refresh()
    figures = await desk.stats.numbers.figures("30d")
    assert (figures.calls.total, figures.calls_before.total, figures.active_users) == (2, 1, 1)

    def left(session: Session) -> dict[str, int]:
        rows = session.exec(select(UsageRollupRow)).all()
        return Counter(row.grain for row in rows if not row.model)

    assert await desk.database.read(left) == {"minute": 2, "hour": 3, "day": 3}
    await desk.settings.change({"retention_stats_days": 1})
    kept = await desk.rows()
    await desk.database.write(lambda s: s.exec(delete(UserActivityRow)))  # their days are over
    await desk.clock.advance(3700)
    await desk.days.refresh()
    assert (await desk.rows())[:-1] == kept[:-1]


async def test_s3_24_every_table_of_figures_has_a_writer_and_a_reader(desk: DaysDesk) -> None:
    await desk.ask()
    await desk.days.refresh()
    tables = (UserActivityRow, AiRequestStatsRow, AiRequestMinuteRow, UsageRollupRow, LastSeenRow)
    for table in (*tables, DashboardStatsRow):
        assert await desk.database.read(lambda s, t=table: s.exec(select(t)).first()), table
    assert (await desk.stats.numbers.users("1h")).rows
    assert (await desk.stats.numbers.calls("1h")).rows
    assert (await desk.stats.numbers.figures("1h")).calls.total == 1
    assert await desk.days.newest()


async def test_a_page_that_asks_a_store_which_is_gone_is_told_so(desk: DaysDesk) -> None:
    await desk.database.close()
    numbers = desk.stats.numbers
    for asked in (
        desk.days.newest(),
        numbers.figures("1h"),
        numbers.users("1h"),
        numbers.calls("1h"),
    ):
        with pytest.raises(StoreError, match="gone"):
            await asked
