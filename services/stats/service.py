"""Stats: count the gateway's traffic, write it at most a second later, answer /stats/*."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from db.engine import Database
from services.accounts.types import Caller
from services.accounts.verifier import Verifier
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.steady import Steady
from services.foundation.tasks import Tasks
from services.journal.types import NO_JOURNAL, Keeper
from services.mapping.types import MappedModel
from services.models.types import Endpoint
from services.settings.service import Settings
from services.stats import bodies
from services.stats.counters import Counters
from services.stats.flushing import Flushing
from services.stats.numbers import Numbers
from services.stats.origins import origin_of
from services.stats.types import APP_ONLY
from services.suppliers.types import Usage

_log = logging.getLogger(__name__)
FLUSH_S = 0.5
_BY_DAY = {"7d": 8, "30d": 31}  # windows with a series, and of how many UTC days


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
        self._verifier = verifier
        self._counters = Counters()
        self._flushing = Flushing(database, clock, self._counters, journal)
        self._task: asyncio.Task[None] | None = None
        self.numbers = Numbers(database, clock, settings, self._flushing.as_of)
        self.counted: Signal[None] = Signal("stats.counted")  # after each write

    # -- counting

    def record_activity(self, caller: Caller) -> None:
        """Count one request of a user."""
        self._counters.add_activity(caller, self._clock.now())

    def record_request(
        self,
        *,
        caller: Caller,
        endpoint_id: int | None,
        model: str,
        ok: bool,
        latency_ms: int,
        usage: Usage | None,
    ) -> None:
        """Count one call to a supplier."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        kind, origin = str(caller.user_type), origin_of(caller)
        key = (caller.user_id[:200], kind, origin, endpoint_id or 0, model[:300], minute)
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
        steady = Steady(_log, "the record of figures")
        while True:
            await self._clock.sleep(FLUSH_S)
            await steady.turn(self.flush)

    async def flush(self) -> None:
        """Write everything counted so far; what the store refuses waits for the next time."""
        if await self._flushing.flush():
            self.numbers.forget()
            self.counted.emit(None)

    async def hear(self) -> None:
        """Tell that another console on the same store counted."""
        self.numbers.forget()
        self.counted.emit(None)

    # -- answering

    async def daily_active_users(
        self, window: str, origins: Sequence[str] = APP_ONLY
    ) -> dict[str, Any]:
        """Return the body of /stats/daily-active-users; raise InputError."""
        figures = await self.numbers.figures(window, origins)
        series: list[dict[str, Any]] = []
        if window in _BY_DAY:
            days = await self.numbers.active_by_day(_BY_DAY[window], origins)
            series = bodies.day_series(days, self._clock.now().date(), _BY_DAY[window])
        return bodies.active_users(figures, series)

    async def ai_requests(self, window: str, origins: Sequence[str] = APP_ONLY) -> dict[str, Any]:
        """Return the body of /stats/ai-requests; raise InputError."""
        return bodies.ai_requests(await self.numbers.figures(window, origins))

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

    async def mapped_models(
        self, window: str, mapped: Sequence[MappedModel], origins: Sequence[str] = APP_ONLY
    ) -> dict[str, Any]:
        """Return the body of /stats/mapped-models; raise InputError."""
        names = [model.name for model in mapped]
        calls = await self.numbers.by_model(window, names, origins)
        return bodies.mapped_models(window, mapped, calls)

    async def dashboard(  # one part each of the body
        self,
        window: str,
        *,
        connectivity: dict[str, Any],
        mapped: Sequence[MappedModel],
        e2e: dict[str, Any],
        obtainability: dict[str, Any],
        origins: Sequence[str] = APP_ONLY,
    ) -> dict[str, Any]:
        """Return the data of /stats/dashboard; raise InputError."""
        figures = await self.numbers.figures(window, origins)
        models = bodies.mapped_models(window, mapped, {})
        return {
            "daily_active_users": await self.daily_active_users(window, origins),
            "ai_requests": bodies.ai_requests(figures),
            "token_usage": figures.calls.tokens,
            "api_connectivity": connectivity,
            "mapped_models": {name: value for name, value in models.items() if name != "rows"},
            "e2e_mapped_models": e2e,
            "jwt_availability": await self.jwt_availability(obtainability),
        }
