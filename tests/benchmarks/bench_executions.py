"""Executions: any page of a million, kills in mid-run, ten thousand runs, push to twenty sockets."""

import asyncio
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.connect import sqlite_url
from db.engine import Database
from db.queries import execution_pages as pages
from services.executions.service import Executions
from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.settings.service import Settings
from services.settings.types import Env
from tests.benchmarks.report import Report, percentile
from tests.support.execution_api import add_work, execution_world, open_deaf
from tests.support.execution_kills import ROOT, Kills
from tests.support.gateway import World, until
from tests.support.many_executions import KINDS, fill, time_of

ROWS = 1_000_000
ROUNDS = 21
PAGE_MS = 20.0
KILLS = 50
RUNS = 10_000
AT_ONCE = 50
GROWN_MB = 30.0  # page cache of the database included
SOCKETS = 20
PUSH_P95_MS, PUSH_P99_MS = 100.0, 500.0  # told to read by a Python client beside twenty others
AT = datetime(2026, 1, 1, tzinfo=UTC)
_ALL_STATES = pages.STATES

PAGES: Mapping[str, tuple[pages.PageQuery, int | None]] = {
    "newest": (pages.PageQuery(), None),
    "in the middle": (pages.PageQuery(), ROWS // 2),
    "one kind": (pages.PageQuery(kinds=("e2e",)), None),
    "a rare kind, deep": (pages.PageQuery(kinds=("import",)), ROWS // 5),
    "eight kinds, six states": (
        pages.PageQuery(kinds=KINDS, states=_ALL_STATES[:6]),
        ROWS // 3,
    ),
    "a state nobody has": (pages.PageQuery(states=("running",)), None),
    "an agent's failures": (pages.PageQuery(agent_id=9, states=("failed",)), None),
    "a week of half a year ago": (
        pages.PageQuery(created_from=time_of(400_000, AT), created_to=time_of(600_000, AT)),
        None,
    ),
    "a rare kind of an hour": (
        pages.PageQuery(
            kinds=("import",), created_from=time_of(400_000, AT), created_to=time_of(401_200, AT)
        ),
        None,
    ),
}


def run(report: Report) -> None:
    """Add every value with its goal."""
    with tempfile.TemporaryDirectory() as folder:
        _pages(report, Path(folder))
        _kills(report, Path(folder))
        asyncio.run(_runs(report, Path(folder) / "runs"))
        asyncio.run(_push(report, Path(folder) / "push"))


def _new_database(folder: Path) -> Database:
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(sqlite_url(str(folder / "gymbro.sqlite3")))
    SQLModel.metadata.create_all(database.writing_engine)
    return database


def _pages(report: Report, folder: Path) -> None:
    report.section(f"Executions: a page of 50 out of {ROWS:,}")
    database = _new_database(folder / "pages")
    fill(database, ROWS, AT)
    for name, (wanted, before) in PAGES.items():
        took: list[float] = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            database.read_now(lambda s, w=wanted, b=before: pages.page(s, w, b, 51))
            took.append((time.perf_counter() - began) * 1000)
        value = percentile(took, 0.5)
        report.add(
            name,
            f"{value:.1f} ms, p90 {percentile(took, 0.9):.1f}",
            goal=f"{PAGE_MS:g} ms",
            ok=value < PAGE_MS,
        )
    took = []
    wanted = pages.PageQuery(text="no such words")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        database.read_now(lambda s: pages.scan(s, wanted, None, 51, 2_500))
        took.append((time.perf_counter() - began) * 1000)
    value = percentile(took, 0.5)
    report.add("a text, one window", f"{value:.1f} ms", goal=f"{PAGE_MS:g} ms", ok=value < PAGE_MS)
    database.close_now()


def _kills(report: Report, folder: Path) -> None:
    report.section(f"Executions: kill -9 in mid-run, {KILLS} times")
    kills = Kills(folder / "kills")
    chance = random.Random(5)
    for _ in range(KILLS):
        kills.round(chance)
    faults = kills.faults()
    for fault in faults[:10]:
        print(f"  {fault}")
    report.add(
        "events acknowledged, executions started", f"{len(kills.events)}, {len(kills.started)}"
    )
    report.add("interrupted by the next start", f"{kills.recovered}")
    report.add("still open, lost, twice or with a gap", f"{len(faults)}", goal="0", ok=not faults)


def _env(folder: Path) -> Env:
    return read_env(port=1, data_dir=str(folder), values={})


async def _runs(report: Report, folder: Path) -> None:
    report.section(f"Executions: {RUNS:,} runs in one process")
    database, clock, tasks = _new_database(folder), SystemClock(), Tasks()
    settings = Settings(database, clock, _env(folder), "UTC")
    settings.load()
    executions = Executions(database, clock, tasks, settings)

    async def work(_params: Mapping[str, Any], control: Control) -> Ending:
        control.append_output("a line of output\n")
        await control.note("step", "A step")
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("demo", "Demo", "star", work, is_exclusive=False))

    async def many(count: int) -> None:
        for _ in range(count // AT_ONCE):
            started = await asyncio.gather(*(executions.start("demo", {}) for _ in range(AT_ONCE)))
            await asyncio.gather(*(executions.wait(one.execution_id) for one in started))
        await asyncio.sleep(0.5)
        gc.collect()

    await many(RUNS // 5)
    memory, objects = _resident_mb(), len(gc.get_objects())
    began = time.perf_counter()
    await many(RUNS - RUNS // 5)
    rate = (RUNS - RUNS // 5) / (time.perf_counter() - began)
    grown, more = _resident_mb() - memory, len(gc.get_objects()) - objects
    report.add("durable runs a second, 5 changes each", f"{rate:,.0f}")
    report.add("memory grown", f"{grown:.1f} MB", goal=f"{GROWN_MB:g} MB", ok=grown < GROWN_MB)
    report.add("Python objects more", f"{more}", goal="500", ok=more < 500)
    report.add("tasks left", f"{len(tasks.names)}", goal="0", ok=not tasks.names)
    await tasks.stop(1.0)
    database.close_now()


def _resident_mb() -> float:
    pages_ = int(Path("/proc/self/statm").read_text().split()[1])
    return pages_ * 4_096 / 1e6


async def _push(report: Report, folder: Path) -> None:
    report.section(
        f"Executions: push to {SOCKETS} sockets, {AT_ONCE} runs changing, one client deaf"
    )
    database, env = _new_database(folder), _env(folder)
    async with execution_world(database, env, Secrets(env.secrets_dir)) as world:
        await world.settings.change({"max_executions": AT_ONCE})
        world.executions._settings = world.settings
        deaf = open_deaf(world)
        listeners = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.execution_listeners"),
            *(str(world.port), str(SOCKETS)),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=64 * 1024 * 1024,
        )
        assert listeners.stdout is not None
        for _ in range(SOCKETS):
            assert await listeners.stdout.readline() == b"ready\n"
        told, cost = await _change(world)
        arrivals = json.loads(await listeners.stdout.readline())
        await listeners.wait()
        deaf.close()
    delays = [at - told[seq] for seq, at in arrivals if seq in told]
    for share, goal in ((0.95, PUSH_P95_MS), (0.99, PUSH_P99_MS)):
        value = percentile(delays, share) * 1000
        name = f"p{share * 100:.0f} of told to received"
        report.add(name, f"{value:.0f} ms", goal=f"{goal:g} ms", ok=value < goal)
    report.add("updates received", f"{len(delays):,}")
    report.add("server's cost of an update and socket", f"{cost / len(delays) * 1e6:.0f} us")
    database.close_now()


async def _change(world: World) -> tuple[dict[int, float], float]:
    """Let many runs change at once; return when each change was told, and the time of the CPU."""
    told: dict[int, float] = {}
    work, last = add_work(world), add_work(world, "last")
    last.go.set()
    for _ in range(AT_ONCE):
        await world.executions.start("demo", {})
    await until(lambda: len(work.controls) == AT_ONCE, 15)
    await asyncio.sleep(0.5)
    ends = world.executions.changed.subscribe(
        lambda one: told.update({one.seq: time.perf_counter()})
    )
    cpu = time.process_time()
    for turn in range(1, 11):
        for control in work.controls:
            await control.progress(turn, 10)
        await asyncio.sleep(0.3)
    cost = time.process_time() - cpu
    ends()
    work.go.set()
    await until(lambda: not world.executions.running(), 15)
    await world.executions.start("last", {})
    return told, cost
