"""The matrix query out of millions of stored cells: BENCH_CELLS=10000000 for the full size.

One launch is 100 models x 2 user types. Rows are made inside SQLite (a recursive query), spread over
two targets as months of use would; what is timed is the product's own query, through Database.read.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import SQLModel

from db.connect import sqlite_url
from db.engine import Database
from services.accounts.types import UserType
from services.e2e.history import History
from services.foundation.clock import SystemClock
from tests.benchmarks.report import Report, median

MODELS = 100
CELLS_A_LAUNCH = 2 * MODELS
FULL = 10_000_000
DEFAULT = 2_000_000
TARGET = 1
ROUNDS = 15
_STEP = 2_000  # launches in one statement
_LAUNCHES = """
INSERT INTO e2e_launches (launch_no, launch_id, execution_id, target_id, target, "trigger", status,
    is_partial, started_at, finished_at, error_summary, cells, judged, good, p50_ms, p95_ms)
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
SELECT i, printf('%032x', i), printf('exe_%d', i), iif(i % 10 = 0, 2, 1), 'http://127.0.0.1/api/v1',
    'schedule', 'success', 0, datetime('2020-01-01', printf('+%d hours', i)) || '.000000',
    datetime('2020-01-01', printf('+%d hours', i)) || '.500000', '', 200, 200, 190, 900, 2000
FROM n
"""
_CELLS = """
INSERT INTO e2e_mapped_model_results (launch_no, run_id, target_id, user_type, model_key, status_code,
    kind, cause, success, at, error, thinkingml_ok, thinkingml_reason, signin_ms, accepted_ms,
    first_event_ms, ttft_ms, latency_ms, reply_len, result_mode_effective, provider, resolved_model,
    endpoint_id, repaired, request_id, message_id, conversation_id, is_demo)
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last),
    m(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM m WHERE k < :models - 1),
    u(t) AS (VALUES ('anonymous'), ('permanent'))
SELECT i, printf('%032x', i), iif(i % 10 = 0, 2, 1), t, printf('family-%d:model-%03d', k % 8, k),
    substr('oooooooooooooosbfkl', 1 + abs(random()) % 19, 1), 'ok', '', 1,
    '2026-03-02 08:00:00.000000', '', 1, 'ok', 12, 40, 60, 300, 500 + abs(random()) % 20000, 1234,
    'raw_passthrough', 'openai', printf('model-%03d', k), 1, 0, hex(randomblob(16)),
    hex(randomblob(16)), hex(randomblob(18)), 0
FROM n, m, u
"""


def run(report: Report) -> None:
    """Build the store, measure, add the section."""
    cells = int(os.environ.get("BENCH_CELLS", DEFAULT))
    report.section(f"matrix: the product's query out of {cells:,} stored cells")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.sqlite3"
        took = build(path, cells // CELLS_A_LAUNCH)
        size = path.stat().st_size / 1e9
        report.add("building the store", f"{took:.0f} s, {size:.2f} GB")
        asyncio.run(_measure(report, path, cells))


def build(path: Path, launches: int) -> float:
    """Fill a store with that many launches; return the seconds it took."""
    store = Database(sqlite_url(str(path)))
    SQLModel.metadata.create_all(store.writing_engine)
    store.close_now()
    started = time.monotonic()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    for first in range(1, launches + 1, _STEP):
        last = min(first + _STEP - 1, launches)
        connection.execute(_LAUNCHES, {"first": first, "last": last})
        connection.execute(_CELLS, {"first": first, "last": last, "models": MODELS})
        connection.commit()
    connection.close()
    return time.monotonic() - started


async def _measure(report: Report, path: Path, cells: int) -> None:
    database = Database(sqlite_url(str(path)))
    history = History(database, _Then())
    is_full = cells >= FULL
    try:
        for name, goal_ms, options in (
            ("100 models x 2 user types x last 100 launches", 30.0, {"window": "last100"}),
            ("100 x 2 x last 50", 30.0, {"window": "last50"}),
            (
                "100 x 1 x last 50",
                10.0,
                {"window": "last50", "user_types": (UserType.ANONYMOUS,)},
            ),
            ("100 x 2 x 24 h", 30.0, {"window": "24h"}),
            (
                "one model x last 100",
                10.0,
                {"window": "last100", "models": ("family-3:model-011",)},
            ),
        ):
            times = [await _once(history, options) for _ in range(ROUNDS + 1)]
            middle = median(times[1:])
            report.add(
                f"{name}: median (first {times[0]:.1f}, worst {max(times[1:]):.1f})",
                f"{middle:.1f} ms",
                goal=f"{goal_ms:.0f} ms" + ("" if is_full else " at 10,000,000"),
                ok=middle <= goal_ms,
            )
        found = await history.matrix(target_id=TARGET, window="last100")
        shown = sum(row.cells_total for row in found.rows)
        report.add("cells in the answer", f"{shown:,}", goal="20,000", ok=shown == 20_000)
    finally:
        await database.close()


async def _once(history: History, options: dict) -> float:
    started = time.perf_counter()
    await history.matrix(target_id=TARGET, **options)
    return (time.perf_counter() - started) * 1000


class _Then(SystemClock):
    """The time just after the newest launch."""

    def now(self) -> datetime:
        hours = int(os.environ.get("BENCH_CELLS", DEFAULT)) // CELLS_A_LAUNCH
        return datetime.fromtimestamp(1_577_836_800 + hours * 3600 + 60, UTC)
