"""What must hold in the store, the log and the journal once the console has stopped."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.soak.sampling import opened
from tests.soak.verdict import Check, Fault, backwards, sums, unexpected

_OPEN_STATES = {
    "executions": "status IN ('pending', 'running')",
    "e2e_launches": "status IN ('pending', 'running')",
    "e2e_mapped_model_runs": "status IN ('pending', 'running')",
    "load_runs": "status IN ('pending', 'running')",
    "gateway_messages": "state = 'running'",
    "ai_prompt_tests": "verdict = 'running'",
}
_DOUBLES = {
    "slots": "SELECT count(*) FROM (SELECT 1 FROM schedule_slots GROUP BY schedule_id, slot_at HAVING count(*) > 1)",
    "launches of a slot": "SELECT count(*) FROM (SELECT 1 FROM e2e_launches WHERE slot_at IS NOT NULL GROUP BY slot_at HAVING count(*) > 1)",
    "calls of a run": "SELECT count(*) FROM (SELECT 1 FROM ai_prompt_tests WHERE run_no IS NOT NULL GROUP BY run_no, no HAVING count(*) > 1)",
    "numbers of changes": "SELECT count(*) FROM (SELECT 1 FROM executions WHERE seq > 0 GROUP BY seq HAVING count(*) > 1)",
    "cells of a launch": "SELECT count(*) FROM (SELECT 1 FROM e2e_mapped_model_results GROUP BY launch_no, model_key, user_type HAVING count(*) > 1)",
}
_ORDERED = {  # what a number orders, time orders too
    "launches": "SELECT started_at FROM e2e_launches ORDER BY launch_no",
    "executions": "SELECT created_at FROM executions ORDER BY id",
    "audit": "SELECT at FROM audit_log ORDER BY id",
}
_ENDS = {
    "executions": ("started_at", "finished_at"),
    "e2e_launches": ("started_at", "finished_at"),
    "e2e_mapped_model_runs": ("started_at", "finished_at"),
    "load_runs": ("created_at", "finished_at"),
    "gateway_messages": ("created_at", "finished_at"),
}
_SKEW = timedelta(seconds=1)  # threads may write their lines in another order


def of_store(store: Path, began: datetime, ended: datetime) -> list[Check]:
    """Return the checks of the database file."""
    with opened(store) as database:
        database.row_factory = sqlite3.Row
        return [
            *_pragmas(database),
            _no_open_work(database),
            _no_doubles(database),
            _sums(database),
            _events_without_gaps(database),
            _clocks(database, began, ended),
        ]


def _pragmas(database: sqlite3.Connection) -> list[Check]:
    whole = database.execute("PRAGMA integrity_check").fetchone()[0]
    orphans = len(database.execute("PRAGMA foreign_key_check").fetchall())
    return [
        Check("integrity_check", whole == "ok", str(whole)[:200]),
        Check("foreign_key_check", orphans == 0, f"{orphans} rows without their parent"),
    ]


def _no_open_work(database: sqlite3.Connection) -> Check:
    found = {
        table: _one(database, f"SELECT count(*) FROM {table} WHERE {state}")
        for table, state in _OPEN_STATES.items()
    }
    left = {table: count for table, count in found.items() if count}
    total = _one(database, "SELECT count(*) FROM executions")
    return Check("nothing is left open", not left, f"{left or 'none'} of {total} executions")


def _no_doubles(database: sqlite3.Connection) -> Check:
    left = {name: n for name, asked in _DOUBLES.items() if (n := _one(database, asked))}
    slots = _one(database, "SELECT count(*) FROM schedule_slots")
    return Check("nothing happened twice", not left, f"{left or 'none'}, {slots} slots")


def _sums(database: sqlite3.Connection) -> Check:
    runs: list[dict[str, Any]] = [
        {"id": row["id"], "stored": row["stored"], "summary": json.loads(row["summary"] or "null")}
        for row in database.execute("SELECT id, stored, summary FROM load_runs")
    ]
    asked = "SELECT run_no, count(*) FROM ai_prompt_tests WHERE run_no IS NOT NULL GROUP BY run_no"
    rows = {row[0]: row[1] for row in database.execute(asked)}
    wrong = sums(runs, rows)
    found = "; ".join(wrong) or f"{len(runs)} load runs, {sum(rows.values())} calls"
    return Check("requested = classes, sent = acknowledged = stored", not wrong, found)


def _events_without_gaps(database: sqlite3.Connection) -> Check:
    asked = (
        "SELECT count(*) FROM (SELECT 1 FROM execution_events GROUP BY execution_id"
        " HAVING min(seq) != 1 OR max(seq) != count(*))"
    )
    broken = _one(database, asked)
    return Check("every timeline counts from 1 without gaps", broken == 0, f"{broken} with gaps")


def _clocks(database: sqlite3.Connection, began: datetime, ended: datetime) -> Check:
    wrong = {
        f"{name} against their order": count
        for name, asked in _ORDERED.items()
        if (count := backwards(_at(row[0]) for row in database.execute(asked)))
    }
    for table, (first, last) in _ENDS.items():
        asked = f"SELECT count(*) FROM {table} WHERE {last} < {first}"
        if count := _one(database, asked):
            wrong[f"{table} that ended before they began"] = count
    for table, column in _times(database):
        asked = f"SELECT min({column}), max({column}) FROM {table}"
        first, last = database.execute(asked).fetchone()
        if last is not None and _at(last) > ended + _SKEW:
            wrong[f"{table}.{column} later than the end"] = 1
        if column == "created_at" and first is not None and _at(first) < began - _SKEW:
            wrong[f"{table}.{column} earlier than the begin"] = 1
    return Check("clocks go forward, all stamps are UTC", not wrong, str(wrong or "none wrong"))


def _times(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield the columns that hold when something happened (not when something will)."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in [tuple(row) for row in tables]:
        for row in database.execute(f"PRAGMA table_info({table})").fetchall():
            if row["name"] in ("created_at", "started_at", "finished_at", "noted_at", "at"):
                yield table, row["name"]


def of_log(folder: Path, faults: Sequence[Fault]) -> list[Check]:
    """Return the checks of the log: errors explained, times UTC and forward."""
    lines = sorted(_lines(folder), key=lambda one: one[0])
    errors = [
        (at, logger, text) for _, at, level, logger, text in lines if level in ("ERROR", "CRITICAL")
    ]
    left = unexpected(errors, faults)
    times = [at for _, at, *_ in lines]
    zoneless = sum(at.utcoffset() != timedelta(0) for at in times)
    late = backwards(times, _SKEW)
    return [
        Check("no error in the log that was not provoked", not left,
              "; ".join(left[:5]) or f"{len(errors)} provoked of {len(lines)} lines"),
        Check("the log's times are UTC and go forward", not zoneless and not late,
              f"{zoneless} not UTC, {late} backwards"),
    ]  # fmt: skip


def _lines(folder: Path) -> Iterator[tuple[tuple[int, int], datetime, str, str, str]]:
    """Yield each line with its place: the older files first."""
    for path in folder.glob("console.jsonl*"):
        age = int(path.suffix[1:]) if path.suffix[1:].isdigit() else 0
        for number, line in enumerate(path.read_text(errors="replace").splitlines()):
            told = json.loads(line)
            at = datetime.fromisoformat(told["time"])
            yield (-age, number), at, told["level"], told["logger"], told["text"]


def of_journal(folder: Path) -> Check:
    """Return whether nothing waits there and nothing was put aside."""
    waiting = [path.name for path in folder.glob("*.json")]
    aside = [path.name for path in (folder / "quarantine").glob("*")]
    found = f"{len(waiting)} records wait, {len(aside)} put aside"
    return Check("the journal is empty", not waiting and not aside, found)


def _one(database: sqlite3.Connection, asked: str) -> int:
    return int(database.execute(asked).fetchone()[0])


def _at(value: str) -> datetime:
    """Return a stored time; the store writes UTC without saying so."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is not None:
        raise ValueError(f"a stored time names a zone: {value}")
    return at.replace(tzinfo=UTC)
