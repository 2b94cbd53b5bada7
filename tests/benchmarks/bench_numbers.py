"""Figures over 30 days of 10,000 users a day and 1,000,000 requests: each in the store, the roll-up
a request, the first paint of the Overview in Chromium.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser
from sqlmodel import Session

from db.engine import Database
from db.queries import dashboard_days, rollups, usage
from services.accounts.types import Caller, UserType
from services.stats import reading
from services.stats.counters import Counters
from services.stats.origins import origin_of
from services.stats.types import APP_ONLY, WINDOWS
from services.suppliers.types import Usage
from tests.benchmarks.console_process import console_process
from tests.benchmarks.report import Report, median
from tests.support.chromium import chromium
from tests.support.store import StoreFolder

DAYS, USERS_A_DAY, REQUESTS = 30, 10_000, 1_000_000
PEOPLE = 40_000
MODELS = [f"model-{number}" for number in range(10)]
STORE_MS, ROLLUP_MS, PAINT_MS = 20.0, 0.2, 1000.0
LIVE_BATCHES, LIVE_SIZE = 60, 20  # the half-second batches of 40 requests a second
PAINTED = """new Promise((done) => {
  const look = () => document.querySelector('.nf-value')?.textContent.trim()
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""


class Traffic:
    """Counts requests as the gateway does and writes batches as the flush does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.counters = Counters()
        self.chance = random.Random(6)
        self.usage = Usage(400, 200, None)
        self.people = [
            Caller(f"00000000-0000-4000-8000-{number:012d}", UserType.PERMANENT)
            for number in range(PEOPLE)
        ]

    def count(self, caller: Caller, at: datetime) -> None:
        minute = at.replace(second=0, microsecond=0)
        self.counters.add_activity(caller, at)
        key = (
            caller.user_id,
            "permanent",
            origin_of(caller),
            1,
            self.chance.choice(MODELS),
            minute,
        )
        latency = int(self.chance.lognormvariate(7.2, 0.6))
        self.counters.add_call(
            key, ok=self.chance.random() < 0.99, latency_ms=latency, usage=self.usage
        )

    async def write(self, at: datetime) -> float:
        """Return the seconds the roll-ups of one batch took."""
        batch = self.counters.take(at)

        def change(session: Session) -> float:
            usage.add_activity(session, batch.activity)
            usage.add_requests(session, batch.days)
            usage.add_minutes(session, batch.minutes)
            begun = time.perf_counter()
            rollups.add_rollups(session, batch.rollups)
            return time.perf_counter() - begun

        return await self.database.write(change)


def run(report: Report) -> None:
    report.section(f"Figures over {DAYS} days, {USERS_A_DAY:,} users a day, {REQUESTS:,} requests")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = datetime.now(UTC).replace(microsecond=0)
        opened = StoreFolder(folder / "data").open()
        try:
            asyncio.run(_store(report, opened.database, now))
        finally:
            opened.database.close_now()
        with console_process(folder) as console:
            asyncio.run(_paint(report, console.base_url))


async def _store(report: Report, database: Database, now: datetime) -> None:
    traffic = Traffic(database)
    begun = time.perf_counter()
    for hour in range(DAYS * 24):
        await _fill_hour(traffic, now - timedelta(hours=DAYS * 24 - hour))
    report.add("filling it, an hour a batch", f"{time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    costs = [await _live_batch(traffic, now) for _ in range(LIVE_BATCHES)]
    whole = (time.perf_counter() - begun) * 1000 / LIVE_SIZE / LIVE_BATCHES
    report.add(f"everything kept of a request, batches of {LIVE_SIZE}", f"{whole:.3f} ms")
    cost = median(costs) * 1000 / LIVE_SIZE
    report.add(
        f"roll-ups a request, batches of {LIVE_SIZE}",
        f"{cost:.3f} ms",
        goal="< 0.2 ms",
        ok=cost < ROLLUP_MS,
    )
    for name, read in _reads(now):
        await database.read(read)  # what is measured is the query, not its first compilation
        took = median([await _timed(database, read) for _ in range(7)]) * 1000
        report.add(name, f"{took:.1f} ms", goal="< 20 ms", ok=took < STORE_MS)


async def _fill_hour(traffic: Traffic, start: datetime) -> None:
    # A third of the people a day in turn, so that each day has its 10,000 and not the same ones.
    first = (start.toordinal() * 3_331) % PEOPLE
    for _ in range(REQUESTS // (DAYS * 24)):
        who = (first + traffic.chance.randrange(USERS_A_DAY)) % PEOPLE
        at = start + timedelta(seconds=traffic.chance.uniform(0, 3_600))
        traffic.count(traffic.people[who], at)
    await traffic.write(start)


async def _live_batch(traffic: Traffic, now: datetime) -> float:
    for _ in range(LIVE_SIZE):
        traffic.count(traffic.chance.choice(traffic.people), now)
    return await traffic.write(now)


def _reads(now: datetime) -> Iterator[tuple[str, Callable[[Session], Any]]]:
    zone = ZoneInfo("Europe/Berlin")
    for window in WINDOWS:
        yield (
            f"every figure of {window}, all models",
            (lambda s, w=window: reading.figures(s, w, APP_ONLY, now, now)),
        )
        yield f"chart of {window}", lambda s, w=window: reading.points(s, w, APP_ONLY, now, zone)
    yield "active users of 30d", lambda s: rollups.users_seen(s, now - timedelta(days=30))
    first = now.date() - timedelta(days=30)
    yield "days of the sparkline", lambda s: dashboard_days.days_from(s, first)


async def _timed(database: Database, read: Callable[[Session], Any]) -> float:
    begun = time.perf_counter()
    await database.read(read)
    return time.perf_counter() - begun


async def _paint(report: Report, url: str) -> None:
    async with chromium() as browser:
        await _open(browser, url)  # the first page of a browser pays for its own start
        paints = [await _open(browser, url) for _ in range(3)]
        paint = median(paints)
        report.add(
            "Overview: navigation to figures painted",
            f"{paint:.0f} ms",
            goal="< 1 s",
            ok=paint < PAINT_MS,
        )


async def _open(browser: Browser, url: str) -> float:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(url, wait_until="commit")
    try:
        return await page.evaluate(PAINTED)
    finally:
        await context.close()
