"""The rows and timelines of executions: every change numbered by the ledger, every question read."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import execution_pages as pages
from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from services.executions import rules
from services.executions.border import Border, left_over
from services.executions.ledger import Ledger
from services.executions.records import to_event, to_execution
from services.executions.types import (
    EventKind,
    Execution,
    ExecutionEvent,
    ExecutionFilter,
    ExecutionState,
)
from services.foundation.clock import Clock
from services.foundation.messages import say
from services.journal.types import NO_JOURNAL, Keeper

_log = logging.getLogger(__name__)
KINDS_MAX = 20  # in one filter
PRUNE_BATCH = 500
_WINDOW = 2_500  # rows a text search looks at in one query
_WINDOWS = 10  # queries one page of a text search costs at most
_RECOVER_BATCH = 500

Line = tuple[str, str, Mapping[str, Any]]  # kind, text, data of a new event
Told = Callable[[int, "Changed"], None]  # sequence number, what became of the change


class Changed:
    """What a change left: whether the row moved, and the events that were added."""

    __slots__ = ("events", "is_moved")

    def __init__(self, events: Sequence[ExecutionEvent], *, is_moved: bool) -> None:
        """Keep both."""
        self.events = events
        self.is_moved = is_moved


class ExecutionStore:
    """What of executions is on disk."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        boot_id: str,
        journal: Keeper = NO_JOURNAL,
    ) -> None:
        """Write rows of this start of the process; the journal takes what the store refuses."""
        self._journal = journal
        self._database = database
        self._clock = clock
        self._ledger = ledger
        self._boot_id = boot_id
        self._border = Border(boot_id)

    async def insert(
        self,
        row: ExecutionRow,
        parent_id: int | None,
        told: Callable[[Execution, Sequence[ExecutionEvent]], None],
        *,
        is_exclusive: bool = False,
    ) -> None:
        """Store a new row and the first line of its timeline, then tell; raise ConflictError."""

        def write(session: Session, seq: int) -> tuple[Execution, list[ExecutionEvent]]:
            self._border.check(session, row, is_exclusive=is_exclusive)
            row.seq = seq
            execution = to_execution(queries.insert_execution(session, row))
            data = {"trigger": row.trigger, "started_by": row.started_by}
            lines = [_add(session, execution.id, row.created_at, (EventKind.CREATED, "", data))]
            if parent_id is not None:
                part = {"execution_id": row.execution_id, "execution_type": row.execution_type}
                line = (EventKind.CHILD_STARTED, "", part)
                lines.append(_add(session, parent_id, row.created_at, line))
            return execution, lines

        await self._ledger.put(write, lambda _seq, made: told(*made))

    async def change(
        self,
        execution: Execution,
        expected: Sequence[ExecutionState],
        values: Mapping[str, Any],
        lines: Sequence[Line] = (),
        told: Told | None = None,
    ) -> Changed:
        """Move a row by compare-and-set with its new events; tell with the change's number."""
        now, number, parent_id = self._clock.now(), execution.id, execution.parent_id

        def write(session: Session, seq: int) -> Changed:
            fields = {"updated_at": now, "heartbeat_at": now, **values, "seq": seq}
            if not queries.move(session, number, expected, fields):
                return Changed((), is_moved=False)
            events = [_add(session, number, now, line) for line in lines]
            if parent_id is not None and "finished_at" in values:
                data = {"execution_id": execution.execution_id, "status": values["status"]}
                line = (EventKind.CHILD_ENDED, "", data)
                events.append(_add(session, parent_id, now, line))
            return Changed(events, is_moved=True)

        return await self._ledger.put(write, told)

    async def note(self, execution: Execution, line: Line, told: Told) -> int:
        """Return the number of a new event; 0 when it ended, or when the event waits in the journal.

        Raises DatabaseUnavailableError when nothing took it.
        """
        try:
            changed = await self.change(execution, rules.OPEN, {}, [line], told)
        except DatabaseUnavailableError as error:
            kind, text, data = line
            row = {"execution_id": execution.id, "at": self._clock.now()}
            row |= {"kind": kind, "text": text, "data": data}
            if not await self._journal.keep("execution_events", [row], error):
                raise
            return 0
        return changed.events[0].seq if changed.events else 0

    async def set_aside(
        self, execution: Execution, values: Mapping[str, Any], error: DatabaseUnavailableError
    ) -> None:
        """Give an ending the store refused to the journal; a later try may still come first."""
        row = {"execution_id": execution.execution_id, **values}
        await self._journal.keep("executions", [row], error)

    async def interrupt_left_over(self, spared: Collection[str] = ()) -> list[int]:
        """Close what a console that is gone left open, waiting ones too; return the numbers."""
        boot_id = self._boot_id
        numbers = await self._database.read(lambda s: left_over(s, boot_id, spared))
        for first in range(0, len(numbers), _RECOVER_BATCH):
            batch = numbers[first : first + _RECOVER_BATCH]
            await asyncio.gather(*(self._interrupt(number) for number in batch))
        if numbers:
            _log.warning("%d executions of a console that is gone were interrupted", len(numbers))
        return numbers

    async def _interrupt(self, number: int) -> None:
        now = self._clock.now()
        values = {
            "status": str(ExecutionState.INTERRUPTED),
            "error_kind": "interrupted",
            "error_message": str(say("The console ended while this was running")),
            "updated_at": now,
            "finished_at": now,
        }

        def write(session: Session, seq: int) -> None:
            if queries.move(session, number, rules.OPEN, {**values, "seq": seq}):
                data = {"status": values["status"], "error_kind": "interrupted"}
                _add(session, number, now, (EventKind.ENDED, "", data))

        await self._ledger.put(write)

    # -- questions

    async def page(
        self, wanted: ExecutionFilter, before: int | None, limit: int
    ) -> tuple[list[ExecutionRow], int | None, bool]:
        """Return rows, the number to go on before, and whether a text search stopped early."""
        query = to_query(wanted)
        if not query.text:
            rows = await self._database.read(lambda s: pages.page(s, query, before, limit + 1))
            return rows[:limit], (rows[limit - 1].id if len(rows) > limit else None), False
        if (key := _key_in(query.text)) and before is None and (row := await self.find(key)):
            return [row], None, False
        found: list[ExecutionRow] = []
        for _ in range(_WINDOWS):
            room, start = limit - len(found), before
            hits, before = await self._database.read(
                lambda s, room=room, start=start: pages.scan(s, query, start, room, _WINDOW)
            )
            found += hits
            if before is None or len(found) >= limit:
                return found, before, False
        return found, before, True

    async def newest(self, limit: int) -> list[ExecutionRow]:
        """Return the newest rows, newest first."""
        query = pages.PageQuery()
        return await self._database.read(lambda s: pages.page(s, query, None, limit))

    async def find(self, key: str) -> ExecutionRow | None:
        """Return the row of that text id or number."""
        if key.isascii() and key.isdigit() and len(key) < 19:
            number = int(key)
            return await self._database.read(lambda s: queries.find_by_number(s, number))
        return await self._database.read(lambda s: queries.find(s, key))

    async def parts(self, number: int, limit: int) -> list[ExecutionRow]:
        """Return the parts of an execution, oldest first."""
        return await self._database.read(lambda s: queries.children(s, number, limit))

    async def events(self, number: int, since: int, limit: int) -> list[ExecutionEvent]:
        """Return the timeline after that sequence number, oldest first."""
        rows = await self._database.read(lambda s: queries.events(s, number, since, limit))
        return [to_event(row) for row in rows]

    async def changed_since(self, seq: int, limit: int) -> list[ExecutionRow]:
        """Return the rows with a newer change, in the order of their newest changes."""
        return await self._database.read(lambda s: queries.changed_since(s, seq, limit))

    async def newest_seq(self) -> int:
        """Return the number of the newest change."""
        return self._ledger.seq or await self._database.read(queries.newest_seq)

    async def delete_ended(self, before: datetime, limit: int = PRUNE_BATCH) -> list[str]:
        """Remove one batch of what ended before; return the text ids that are gone."""
        return await self._database.write(
            lambda s: queries.delete_ended(s, before, rules.OPEN, limit)
        )


def to_query(wanted: ExecutionFilter) -> pages.PageQuery:
    """Return the filter as the store reads it."""
    return pages.PageQuery(
        kinds=tuple(dict.fromkeys(map(rules.clean, wanted.kinds)))[:KINDS_MAX],
        states=tuple(dict.fromkeys(str(state) for state in wanted.states)),
        created_from=wanted.created_from,
        created_to=wanted.created_to,
        agent_id=wanted.agent_id,
        workflow_id=wanted.workflow_id,
        parent_id=wanted.parent_id,
        text=rules.clean(wanted.text.strip()[:200]),
    )


def _key_in(words: str) -> str:
    """Return the id a search text is: exe_… or #number."""
    if words.startswith("#") and words[1:].isdigit():
        return words[1:]
    return words if words.startswith("exe_") else ""


def _add(session: Session, number: int, at: datetime, line: Line) -> ExecutionEvent:
    kind, text, data = line
    seq = queries.add_event(session, number, at, kind, text=text, data=data)
    return ExecutionEvent(number, seq, at, kind, dict(data), text)
