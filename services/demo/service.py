"""Demo: fills the store with a made-up past that is marked as such, and takes it out again."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.queries import config as config_queries
from db.queries import demo as queries
from db.queries import rollups
from db.queries import usage as usage_queries
from services.demo import views
from services.demo.past import add_past
from services.demo.rows import Rows
from services.demo.story import tell
from services.demo.types import (
    DAYS_MOST,
    DAYS_USUAL,
    DEMO_FIRST,
    DEMO_PAST,
    FILL,
    KIND,
    REMOVE,
    SEED,
    DemoData,
)
from services.demo.usage import Traffic
from services.e2e.service import E2e
from services.e2e.types import Health
from services.executions.service import Executions
from services.executions.types import Control, Ending, Execution, ExecutionKind, ExecutionState
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.foundation.inputs import whole_number
from services.foundation.messages import say
from services.foundation.signals import Signal
from services.retention.pieces import Pieces
from services.stats.counters import Batch
from services.stats.service import Stats
from services.stats.types import DayFigures
from services.targets.types import DEMO_TARGET_ID

_log = logging.getLogger(__name__)
_STATE = "console_demo"  # key in llm_app_settings
_BAND = (DEMO_FIRST, DEMO_PAST)
_TIMEOUT_S = 900.0
_MANY = ("e2e_mapped_model_results", "ai_prompt_tests")  # rows with JSON in them: a few at once
_AT_ONCE, _FEW = 500, 150


class Demo:
    """What is made up is told from what is real by its numbers, ids, target and origin alone."""

    def __init__(
        self, database: Database, clock: Clock, executions: Executions, e2e: E2e, stats: Stats
    ) -> None:
        """Register the kind and read what there is."""
        self._database = database
        self._clock = clock
        self._executions = executions
        self._e2e = e2e
        self._stats = stats
        self.data = _data(database.read_now(config_queries.read_app_settings).get(_STATE))
        self.changed: Signal[DemoData | None] = Signal("demo.changed")
        executions.register(
            ExecutionKind(
                KIND,
                say("Demo data").text,
                "science",
                self._run,
                timeout_s=_TIMEOUT_S,
                group="maintenance",
                home="/welcome",
                check=_check,
            )
        )

    async def fill(self, days: int = DAYS_USUAL, *, seed: int = SEED) -> Execution:
        """Return the execution that makes the past; what there was of one before is replaced.

        Raises InputError for the days, ConflictError while another one runs.
        """
        return await self._executions.start(KIND, {"act": FILL, "days": days, "seed": seed})

    async def remove(self) -> Execution:
        """Return the execution that takes every demo row out; raise ConflictError."""
        return await self._executions.start(KIND, {"act": REMOVE})

    # -- what a page shows of it

    async def health(self) -> Health:
        """Return the health of the made-up service at the end of its past."""
        return await self._e2e.health_of(DEMO_TARGET_ID)

    async def days(self, zone: str) -> list[DayFigures]:
        """Return the figures of its days, oldest first; empty without demo data."""
        data = self.data
        if data is None:
            return []
        rates = views.day_rates(data, zone)
        return await self._database.read(lambda session: views.days_of(session, rates, zone))

    def connectivity(self) -> dict[str, Any]:
        """Return how its providers answered last, as /stats/api-connectivity says it."""
        return views.connectivity(self.data)

    def availability(self) -> dict[str, Any]:
        """Return whether its tokens could be had last, as /stats/jwt-availability says it."""
        return views.availability(self.data)

    # -- the work

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        if params.get("act") == REMOVE:
            return await self._take_out(control)
        days, seed = int(params.get("days", DAYS_USUAL)), int(params.get("seed", SEED))
        return await self._put_in(DemoData(days, seed, self._clock.now(), False), control)

    async def _put_in(self, data: DemoData, control: Control) -> Ending:
        await self._drop_all()
        await self._note(data)  # before the first row: a fill that is cut can be taken out
        story = tell(data.seed, data.days, data.made_at)
        rows = Rows()
        await asyncio.to_thread(add_past, story, rows)
        total, done = rows.total + data.days, 0
        for table, some in _pieces(rows):
            await self._database.write(partial(queries.keep, table=table, rows=some))
            done += len(some)
            await control.progress(done, total)
        days = Traffic(story, rows).days()
        while (batch := await asyncio.to_thread(next, days, None)) is not None:
            await self._database.write(partial(_keep_usage, batch=batch))
            done = min(done + 1, total)
            await control.progress(done, total)
        counts = await self._database.read(lambda session: queries.count(session, _BAND))
        await control.progress(total, total)
        whole = DemoData(data.days, data.seed, data.made_at, True, counts)
        await self._note(whole)
        lines = [f"{name}: {count}" for name, count in counts.items()]
        text = f"{sum(counts.values())} rows of {data.days} days\n" + "\n".join(lines)
        return Ending(ExecutionState.SUCCEEDED, text, meta={"rows": sum(counts.values())})

    async def _take_out(self, control: Control) -> Ending:
        gone = await self._drop_all(control)
        await self._note(None)
        return Ending(ExecutionState.SUCCEEDED, f"{gone} rows taken out", meta={"rows": gone})

    async def _drop_all(self, control: Control | None = None) -> int:
        """Return how many rows went, a short piece at a time."""
        gone, pieces = 0, Pieces(self._clock)
        counts = await self._database.read(lambda session: queries.count(session, _BAND))
        total = sum(counts.values())
        for table in (*queries.NUMBERED, *queries.BY_ORIGIN):
            async for count in pieces.each(partial(self._drop_some, table)):
                gone += count
                if control is not None:
                    await control.progress(min(gone, total), total)
        return gone

    async def _drop_some(self, table: str, size: int) -> int:
        return await self._database.write(
            lambda session: queries.drop_some(session, table, _BAND, size)
        )

    async def _note(self, data: DemoData | None) -> None:
        """Keep what there is now, and tell everybody."""
        value = None if data is None else {**asdict(data), "made_at": data.made_at.isoformat()}
        now = self._clock.now()
        await self._database.write(
            lambda session: config_queries.write_app_settings(session, {_STATE: value}, now)
        )
        self.data = data
        self._stats.numbers.forget()
        self.changed.emit(data)


def _check(params: Mapping[str, Any]) -> None:
    """Raise InputError for what cannot be done."""
    if params.get("act", FILL) not in (FILL, REMOVE):
        raise InputError("Must be one of {choices}", field="act", choices=f"{FILL}, {REMOVE}")
    whole_number(params.get("days", DAYS_USUAL), "days", 1, DAYS_MOST)
    whole_number(params.get("seed", SEED), "seed", 0, 2**31 - 1)


def _pieces(rows: Rows) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    """Yield each table's rows in pieces short enough that no other change waits long."""
    for table, found in rows.by_table.items():
        size = _FEW if table in _MANY else _AT_ONCE
        for begin in range(0, len(found), size):
            yield table, found[begin : begin + size]


def _keep_usage(session: Session, batch: Batch) -> None:
    usage_queries.add_activity(session, batch.activity)
    usage_queries.add_requests(session, batch.days)
    usage_queries.add_minutes(session, batch.minutes)
    rollups.add_rollups(session, batch.rollups)


def _data(value: Any) -> DemoData | None:
    """Return what was kept; None for nothing and for what an editor broke."""
    if not isinstance(value, dict):
        return None
    known: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON's
    try:
        return DemoData(
            int(known["days"]),
            int(known["seed"]),
            datetime.fromisoformat(str(known["made_at"])),
            bool(known["is_whole"]),
            dict(known["counts"]),
        )
    except (KeyError, TypeError, ValueError):
        _log.warning("what was kept of the demo data cannot be read")
        return None
