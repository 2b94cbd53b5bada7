"""A store with very many executions, made by one statement."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from db.engine import Database

KINDS = ("e2e", "agent_test", "workflow", "load_test", "dialog", "probe", "sync", "backup")
_STATES = ("succeeded", "succeeded", "succeeded", "succeeded", "failed", "cancelled", "timed_out")
RARE_EVERY = 10_000  # a row of the kind `import`, interrupted
EVERY_S = 3  # between two starts

_SQLITE = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO executions ({columns}) SELECT {values} FROM n
"""
_POSTGRES = (
    "INSERT INTO executions ({columns}) SELECT {values} FROM generate_series(1, :count) n(i)"
)


def fill(database: Database, count: int, start: datetime) -> None:
    """Insert `count` ended executions, EVERY_S apart, in eight kinds and few failures."""
    is_sqlite = database.backend == "sqlite"
    at = (
        "strftime('%Y-%m-%d %H:%M:%S.000000', :start, '+' || (i * :every) || ' seconds')"
        if is_sqlite
        else "CAST(:start AS timestamptz) + i * :every * interval '1 second'"
    )
    kinds = " ".join(f"WHEN {n} THEN '{kind}'" for n, kind in enumerate(KINDS))
    states = " ".join(f"WHEN {n} THEN '{state}'" for n, state in enumerate(_STATES))
    rare = f"i % {RARE_EVERY} = 0"
    values = {
        "execution_id": "'exe_' || i",
        "execution_type": f"CASE WHEN {rare} THEN 'import' ELSE CASE i % 8 {kinds} END END",
        "label": "'run ' || i",
        "status": f"CASE WHEN {rare} THEN 'interrupted' ELSE CASE i % 7 {states} END END",
        "trigger": "'schedule'",
        "started_by": "'somebody'",
        "agent_id": "CASE WHEN i % 8 = 1 THEN i % 50 END",
        "error_kind": "''",
        "error_message": "''",
        "done": "1",
        "total": "1",
        "boot_id": "'boot'",
        "seq": "i",
        "created_at": at,
        "started_at": at,
        "updated_at": at,
        "finished_at": at,
        "meta": "'{}'",
        "test_input": "''",
        "test_output": "'a short reply of the model, as they mostly are: 每日测试 ok'",
    }
    statement = (_SQLITE if is_sqlite else _POSTGRES).format(
        columns=", ".join(values), values=", ".join(values.values())
    )
    given = start.strftime("%Y-%m-%d %H:%M:%S") if is_sqlite else start.isoformat()

    def change(session: Session) -> None:
        session.connection().execute(
            text(statement), {"count": count, "start": given, "every": EVERY_S}
        )

    database.write_now(change)
    with database.writing_engine.connect() as connection:
        connection.execute(text("ANALYZE executions"))


def time_of(number: int, start: datetime) -> datetime:
    """When the execution of that number was created."""
    return start + timedelta(seconds=number * EVERY_S)
