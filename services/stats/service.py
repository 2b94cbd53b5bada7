"""Stats: count the gateway's traffic, write it at most a second later, answer /stats/*."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.queries import stats as queries
from services.accounts.types import Caller
from services.accounts.verifier import Verifier
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.tasks import Tasks
from services.journal.types import NO_JOURNAL, Keeper
from services.mapping.types import MappedModel
from services.models.types import Endpoint
from services.settings.service import Settings
from services.stats import bodies
from services.stats.counters import Counters
from services.stats.flushing import Flushing
from services.suppliers.types import Usage

FLUSH_S = 0.5


class Stats:
    """Figures of the gateway; counting costs no await."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings,
        verifier: Verifier,
        journal: Keeper = NO_JOURNAL,
    ) -> None:
        """Start at zero."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._verifier = verifier
        self._counters = Counters()
        self._flushing = Flushing(database, clock, self._counters, journal)
        self._task: asyncio.Task[None] | None = None
        self.counted: Signal[None] = Signal("stats.counted")  # after each write

    # -- counting

    def record_activity(self, caller: Caller) -> None:
        """Count one request of a user."""
        self._counters.add_activity(caller, self._clock.now())

    def record_request(  # noqa: PLR0913  # one row of ai_request_stats
        self,
        *,
        user_id: str,
        user_type: str,
        is_test: bool,
        endpoint_id: int | None,
        model: str,
        ok: bool,
        latency_ms: int,
        usage: Usage | None,
    ) -> None:
        """Count one call to a supplier."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        key = (user_id[:200], user_type, is_test, endpoint_id or 0, model[:300], minute)
        self._counters.add_call(key, ok=ok, latency_ms=latency_ms, usage=usage)

    # -- writing

    async def start(self) -> None:
        """Begin to write what is counted."""
        self._task = self._tasks.start(self._run(), "stats flush")

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        await self.flush()
        await self._flushing.hand_over("the console was stopped")

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write everything counted so far; what the store refuses waits for the next time."""
        if await self._flushing.flush():
            self.counted.emit(None)

    # -- answering

    async def daily_active_users(self, window: str) -> dict[str, Any]:
        """Return the body of /stats/daily-active-users; raise InputError."""
        now = self._clock.now()
        since, first = now - bodies.window_of(window), now.date() - timedelta(days=7)

        def read(session: Session) -> dict[str, Any]:
            is_series = window == "7d"
            days = queries.active_users_by_day(session, first) if is_series else {}
            return {
                "time_window": window,
                "count": queries.active_users(session, since, is_test=False),
                "granularity": "day" if is_series else None,
                "series": bodies.day_series(days, first, now.date()) if is_series else [],
                "test_users": queries.active_users(session, since, is_test=True),
            }

        return await self._database.read(read)

    async def ai_requests(self, window: str) -> dict[str, Any]:
        """Return the body of /stats/ai-requests; raise InputError."""
        sums = await self._sums(window)
        return {
            "time_window": window,
            "total": sums.total,
            "success": sums.success,
            "error": sums.error,
            "avg_latency_ms": bodies.average(sums.latency_ms, sums.total),
        }

    async def _sums(self, window: str) -> queries.CallSums:
        since = self._since(window)
        return await self._database.read(lambda session: queries.call_sums(session, since))

    def _since(self, window: str) -> datetime:
        return (self._clock.now() - bodies.window_of(window)).replace(second=0, microsecond=0)

    def api_connectivity(
        self, endpoints: Sequence[Endpoint], *, is_running: bool
    ) -> dict[str, Any]:
        """Return the body of /stats/api-connectivity; `is_running` is the monitor's."""
        return bodies.connectivity(endpoints, is_running=is_running)

    async def jwt_availability(self, obtainability: dict[str, Any]) -> dict[str, Any]:
        """Return the body of /stats/jwt-availability; obtainability is what E2E's sign-ins showed."""
        probe, counts = await self._verifier.probe(), self._verifier.counts
        rate = bodies.percent(counts.successful, counts.total)
        return {
            "success_rate": rate,
            "jwks_probe": {
                "configured": probe.configured,
                "jwks_url": probe.jwks_url,
                "ok": probe.ok,
                "error": probe.error or None,
                "state": str(probe.state),
            },
            "verification": {
                "total_requests": counts.total,
                "successful_requests": counts.successful,
                "success_rate": rate,
            },
            "obtainability": obtainability,
        }

    async def mapped_models(self, window: str, mapped: Sequence[MappedModel]) -> dict[str, Any]:
        """Return the body of /stats/mapped-models; raise InputError."""
        since = self._since(window)
        calls = await self._database.read(lambda s: queries.calls_by_model(s, since))
        return bodies.mapped_models(window, mapped, calls)

    async def dashboard(
        self,
        window: str,
        *,
        connectivity: dict[str, Any],
        mapped: Sequence[MappedModel],
        e2e: dict[str, Any],
        obtainability: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the data of /stats/dashboard; raise InputError."""
        sums = await self._sums(window)
        models = await self.mapped_models(window, mapped)
        return {
            "daily_active_users": await self.daily_active_users(window),
            "ai_requests": await self.ai_requests(window),
            "token_usage": sums.tokens,
            "api_connectivity": connectivity,
            "mapped_models": {name: value for name, value in models.items() if name != "rows"},
            "e2e_mapped_models": e2e,
            "jwt_availability": await self.jwt_availability(obtainability),
        }
