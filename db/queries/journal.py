"""Write records of the journal back into their tables, each exactly once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, SQLModel

from db.connect import to_unavailable
from db.errors import RowNotFoundError
from db.queries import executions, load_runs, messages, rollups, usage
from db.queries.journal_fields import restore, table_of
from db.queries.journal_marks import claim, claim_each
from db.queries.upsert import insert_into
from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eReplyRow, E2eRunRow
from db.tables.executions import ExecutionEventRow, ExecutionRow
from db.tables.load_runs import LoadRunRow, PromptTestRow
from db.tables.messages import ConversationLogRow, GatewayMessageRow
from db.tables.numbers import UsageRollupRow
from db.tables.usage import (
    AiRequestMinuteRow,
    AiRequestStatsRow,
    ModelDailyUsageRow,
    UserActivityRow,
)

Row = Mapping[str, Any]
Rows = Sequence[Row]

_OPEN = ("pending", "running")


@dataclass(frozen=True, slots=True)
class JournalTable:
    """How rows of a table are written back.

    `way` is insert (a new row), update (of the row the keys name), add (to counters), or end (an
    execution that is still open is closed).
    """

    row: type[SQLModel]
    way: str
    keys: tuple[str, ...]  # what every record must carry
    write: Callable[[Session, Rows], None]


# -- exactly once


def write_back(session: Session, record_id: str, name: str, rows: Rows, now: datetime) -> bool:
    """Return whether the rows were written now; False when the record was written before."""
    if not claim(session, record_id, now):
        return False
    table = JOURNAL_TABLES[name]
    table.write(session, [restore(table_of(name), row) for row in rows])
    session.flush()
    return True


def write_back_all(
    session: Session, records: Sequence[tuple[str, str, Rows]], now: datetime
) -> set[str]:
    """Return the ids of (id, table, rows) that were written now; the others were written before."""
    fresh = claim_each(session, [record_id for record_id, _, _ in records], now)
    new = {one[0]: one for one in reversed(records) if one[0] in fresh}  # two may have one id
    in_order = [one for one in records if new.get(one[0]) is one]
    for name, group in groupby(in_order, key=itemgetter(1)):
        table = table_of(name)
        rows = [restore(table, row) for _, _, given in group for row in given]
        JOURNAL_TABLES[name].write(session, rows)
    session.flush()
    return fresh


def rehearse(session: Session, name: str, rows: Rows) -> list[str]:
    """Return why each row alone cannot be written, empty for one that can; nothing is kept."""
    reasons: list[str] = []
    outer = session.begin_nested()
    for row in rows:
        alone = session.begin_nested()
        try:
            table = JOURNAL_TABLES[name]
            table.write(session, [restore(table_of(name), row)])
            session.flush()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # boundary: whatever it is belongs to the row
            if to_unavailable(error) is not None:
                raise
            alone.rollback()
            reasons.append(f"{type(error).__name__}: {error}".splitlines()[0][:300])
        else:
            alone.commit()
            reasons.append("")
    outer.rollback()
    return reasons


# -- the tables


def _name(row: type[SQLModel]) -> str:
    return str(row.__tablename__)  # pyright: ignore[reportUnknownArgumentType]  # typed as a column


def _whole(row: type[SQLModel], values: Row) -> dict[str, Any]:
    """Return the row with the defaults of what was not given."""
    return row(**values).model_dump(exclude={"id"})


def _keep_tests(session: Session, rows: Rows) -> None:
    of_runs: dict[int, list[dict[str, Any]]] = {}
    plain: list[dict[str, Any]] = []
    for row in rows:
        values = _whole(PromptTestRow, row)
        if row.get("run_no") is not None:
            of_runs.setdefault(row["run_no"], []).append(values)
        elif row.get("dialog_id") is None:
            plain.append(values)
        else:
            _keep_turn(session, values, row)
    if plain:
        session.connection().execute(insert_into(session, PromptTestRow), plain)
    for run_no, calls in of_runs.items():
        if session.get(LoadRunRow, run_no) is None:
            raise RowNotFoundError(f"there is no load run number {run_no}")
        load_runs.keep_calls(session, run_no, calls)


def _keep_turn(session: Session, values: Row, given: Row) -> None:
    """Keep a conversation's turn, or what is newer of it."""
    statement = insert_into(session, PromptTestRow).values(**values)
    where = text("dialog_id IS NOT NULL")
    session.exec(
        statement.on_conflict_do_update(
            index_elements=["dialog_id"], index_where=where, set_=dict(given)
        )
    )


def _keep_logs(session: Session, rows: Rows) -> None:
    messages.add_logs(session, [_whole(ConversationLogRow, row) for row in rows])


def _keep_messages(session: Session, rows: Rows) -> None:
    for row in rows:
        messages.keep_message(session, row)


def _keep_replies(session: Session, rows: Rows) -> None:
    statement = insert_into(session, E2eReplyRow).on_conflict_do_nothing(index_elements=["cell_id"])
    session.connection().execute(statement, [dict(row) for row in rows])


def _keep_quota(session: Session, rows: Rows) -> None:
    for row in rows:
        used = (row["user_id"], row["model_key"], row["usage_date"], row["count"])
        usage.keep_quota(session, [used], row["updated_at"])


def _updating(row: type[SQLModel], *keys: str) -> Callable[[Session, Rows], None]:
    columns = table_of(_name(row)).columns

    def write(session: Session, rows: Rows) -> None:
        for values in rows:
            change = {name: value for name, value in values.items() if name not in keys}
            named = [columns[key] == values[key] for key in keys]
            done = session.connection().execute(update(row).where(*named).values(**change))
            if done.rowcount != 1:
                words = ", ".join(f"{key} {values[key]}" for key in keys)
                raise RowNotFoundError(f"there is no row with {words}")

    return write


def _end_executions(session: Session, rows: Rows) -> None:
    for row in rows:
        found = executions.find(session, row["execution_id"])
        if found is None or found.id is None:
            raise RowNotFoundError(f"there is no execution {row['execution_id']}")
        values = {name: value for name, value in row.items() if name != "execution_id"}
        values["seq"] = executions.newest_seq(session) + 1
        if not executions.move(session, found.id, _OPEN, values):
            continue  # its end came another way
        at = row["finished_at"]
        data = {"status": row["status"], "error_kind": row.get("error_kind", ""), "is_late": True}
        executions.add_event(session, found.id, at, "ended", text="", data=data)
        if found.parent_id is not None:
            part = {"execution_id": row["execution_id"], "status": row["status"]}
            executions.add_event(session, found.parent_id, at, "child_ended", text="", data=part)


def _add_events(session: Session, rows: Rows) -> None:
    for row in rows:
        number = row["execution_id"]
        if session.get(ExecutionRow, number) is None:
            raise RowNotFoundError(f"there is no execution number {number}")
        words = row.get("text", "")
        data: dict[str, Any] = row.get("data") or {}
        executions.add_event(session, number, row["at"], row["kind"], text=words, data=data)


def _insert(
    row: type[SQLModel], *keys: str, write: Callable[[Session, Rows], None]
) -> JournalTable:
    return JournalTable(row, "insert", keys, write)


def _update(row: type[SQLModel], *keys: str) -> JournalTable:
    return JournalTable(row, "update", keys, _updating(row, *keys))


def _add(row: type[SQLModel], write: Callable[[Session, Rows], None]) -> JournalTable:
    required = tuple(
        column.name
        for column in table_of(_name(row)).columns
        if column.name != "id" and not column.nullable
    )
    return JournalTable(row, "add", required, write)


JOURNAL_TABLES: Mapping[str, JournalTable] = {
    "ai_prompt_tests": _insert(
        PromptTestRow, "model", "request_message", "created_at", write=_keep_tests
    ),
    "load_runs": _update(LoadRunRow, "run_id"),
    "e2e_launches": _update(E2eLaunchRow, "launch_id"),
    "e2e_mapped_model_runs": _update(E2eRunRow, "run_id"),
    "e2e_mapped_model_results": _update(E2eCellRow, "id", "run_id"),
    "e2e_replies": _insert(E2eReplyRow, "cell_id", "text", "is_cut", write=_keep_replies),
    "executions": JournalTable(
        ExecutionRow, "end", ("execution_id", "status", "finished_at"), _end_executions
    ),
    "execution_events": _insert(ExecutionEventRow, "execution_id", "at", "kind", write=_add_events),
    "user_activity_stats": _add(UserActivityRow, usage.add_activity),
    "ai_request_stats": _add(AiRequestStatsRow, usage.add_requests),
    "ai_request_minutes": _add(AiRequestMinuteRow, usage.add_minutes),
    "usage_rollups": _add(UsageRollupRow, rollups.add_rollups),
    "ai_model_daily_usage": _add(ModelDailyUsageRow, _keep_quota),
    "conversation_logs": _insert(
        ConversationLogRow, "user_id", "message_id", "created_at", write=_keep_logs
    ),
    "gateway_messages": _insert(
        GatewayMessageRow,
        "message_id",
        "conversation_id",
        "request_id",
        "user_id",
        "model_key",
        "result_mode",
        "state",
        "created_at",
        write=_keep_messages,
    ),
}
