"""Durable rows a second: our writer beside raw sqlite3 and SQLModel's add_all, in one run.

Ratios are what counts, rates are this machine's.
"""

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert
from sqlmodel import Session, SQLModel, create_engine

from db.engine import Database
from db.tables.executions import ExecutionRow
from tests.benchmarks.report import Report
from tests.support.store import StoreFolder

AT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
ROUNDS = 3
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


def values(number: int) -> dict[str, Any]:
    """Return one row of about 300 bytes for a table with four indexes."""
    return {
        "execution_id": f"exe_{number:012d}",
        "execution_type": "e2e",
        "label": f"run {number}",
        "status": "succeeded",
        "trigger": "schedule",
        "started_by": "bench",
        "test_input": "每日测试连通性和tools工具可用性",
        "test_output": "x" * 120,
        "error_kind": "",
        "error_message": "",
        "done": 1,
        "total": 1,
        "meta": {"n": number},
        "boot_id": "boot",
        "created_at": AT,
        "updated_at": AT,
    }


class Raw:
    """The ceiling: sqlite3's executemany over the same table, the same pragmas."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        names = list(values(0))
        marks = ", ".join("?" * len(names))
        self.statement = f"INSERT INTO executions ({', '.join(names)}) VALUES ({marks})"

    def write(self, numbers: range) -> None:
        rows = [
            [json.dumps(v) if isinstance(v, dict) else str(v) for v in values(n).values()]
            for n in numbers
        ]
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(self.statement, rows)
        self.connection.execute("COMMIT")


class AddAll:
    """The plain way of SQLModel: a session, add_all, commit."""

    def __init__(self, path: Path) -> None:
        self.engine = create_engine(f"sqlite:///{path}")

        def prepare(raw: sqlite3.Connection, _record: object) -> None:
            for pragma in PRAGMAS:
                raw.execute(f"PRAGMA {pragma}")

        event.listen(self.engine, "connect", prepare)

    def write(self, numbers: range) -> None:
        with Session(self.engine) as session:
            session.add_all([ExecutionRow(**values(n)) for n in numbers])
            session.commit()


class Ours:
    """The door `write`: a batch is one change, single rows come from many callers at once."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def write(self, numbers: range) -> None:
        rows = [values(n) for n in numbers]
        self.database.write_now(lambda session: insert_all(session, rows))

    def write_from_many(self, numbers: range) -> None:
        async def all_at_once() -> None:
            await asyncio.gather(*(self.database.write(adding(n)) for n in numbers))

        asyncio.run(all_at_once())


def insert_all(session: Session, rows: list[dict[str, Any]]) -> None:
    session.connection().execute(insert(ExecutionRow), rows)


def adding(number: int) -> Callable[[Session], None]:
    return lambda session: session.add(ExecutionRow(**values(number)))


def rate(write: Callable[[range], None], start: int, rows: int, batch: int) -> float:
    """Return rows a second, each batch durable before the next."""
    began = time.perf_counter()
    for first in range(start, start + rows, batch):
        write(range(first, first + batch))
    return rows / (time.perf_counter() - began)


def measure() -> dict[str, float]:
    """Return the median rates, every way in turn so that noise meets all of them."""
    with tempfile.TemporaryDirectory() as folder:
        store = StoreFolder(Path(folder) / "ours")
        database = store.open().database
        others = [Path(folder) / name for name in ("raw.db", "sqlmodel.db")]
        for path in others:
            made = Database(f"sqlite:///{path}")
            SQLModel.metadata.create_all(made.writing_engine)
            made.close_now()
        ours, raw, add_all = Ours(database), Raw(others[0]), AddAll(others[1])
        ways: dict[str, tuple[Callable[[range], None], int, int]] = {
            "raw_1": (raw.write, 300, 1),
            "sqlmodel_1": (add_all.write, 300, 1),
            "ours_1": (ours.write, 300, 1),
            "ours_many_callers": (ours.write_from_many, 3000, 3000),
            "raw_1000": (raw.write, 10_000, 1000),
            "sqlmodel_1000": (add_all.write, 5000, 1000),
            "ours_1000": (ours.write, 10_000, 1000),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        start = 0
        for _ in range(ROUNDS):
            for name, (write, rows, batch) in ways.items():
                found[name].append(rate(write, start, rows, batch))
                start += rows
        raw.connection.close()
        add_all.engine.dispose()
        database.close_now()
    return {name: statistics.median(rates) for name, rates in found.items()}


GOALS = (  # (name, ours, beside, ratio)
    ("one row at a time / raw sqlite3", "ours_1", "raw_1", 0.4),
    ("one row at a time / SQLModel add", "ours_1", "sqlmodel_1", 0.5),
    ("rows of many callers / SQLModel add", "ours_many_callers", "sqlmodel_1", 1.5),
    ("1000 rows a change / raw sqlite3", "ours_1000", "raw_1000", 0.4),
    ("1000 rows a change / SQLModel add_all", "ours_1000", "sqlmodel_1000", 4.0),
)


def run(report: Report) -> None:
    """Add the rates and the ratios, every row durable (WAL, synchronous=FULL)."""
    report.section("Store: durable rows a second")
    rates = measure()
    for name, rate_s in rates.items():
        report.add(name, f"{rate_s:,.0f} rows/s")
    for name, ours, beside, goal in GOALS:
        ratio = rates[ours] / rates[beside]
        report.add(name, f"{ratio:.2f}x", goal=f"{goal}x", ok=ratio >= goal)
