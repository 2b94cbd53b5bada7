"""The rows of executions: new, progress, end, and the repair at start."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from services.executions import rules
from services.executions.records import end_values, to_execution
from services.executions.types import Ending, Execution, ExecutionKind, ExecutionState, Trigger
from services.foundation.clock import Clock
from services.foundation.ids import new_id
from services.foundation.messages import say

_log = logging.getLogger(__name__)
_TRIES = 3


class ExecutionStore:
    """What of executions is on disk."""

    def __init__(self, database: Database, clock: Clock, boot_id: str) -> None:
        """Write rows of this start of the process."""
        self._database = database
        self._clock = clock
        self._boot_id = boot_id

    async def interrupt_left_over(self) -> int:
        """Close what another start left open; return how many there were."""
        now = self._clock.now()
        values = {
            "status": str(ExecutionState.INTERRUPTED),
            "error_kind": "interrupted",
            "error_message": str(say("The console ended while this was running")),
            "updated_at": now,
            "finished_at": now,
        }
        return await self._database.write(
            lambda session: queries.interrupt(session, self._boot_id, rules.OPEN, values)
        )

    async def insert(
        self, kind: ExecutionKind, params: Mapping[str, Any], trigger: Trigger, started_by: str
    ) -> Execution:
        """Return the new running execution; raise InputError when its input is too long."""
        text = rules.read_input(params)
        now = self._clock.now()
        agent_id = params.get("agent_id")
        row = ExecutionRow(
            execution_id=new_id("exe"),
            execution_type=kind.name,
            label=kind.label,
            status=str(ExecutionState.RUNNING),
            trigger=str(trigger),
            started_by=rules.cut(rules.clean(started_by), 200),
            agent_id=agent_id if isinstance(agent_id, int) else None,
            test_input=rules.clean(text),
            meta={"params": {k: v for k, v in params.items() if k != "test_input"}},
            boot_id=self._boot_id,
            heartbeat_at=now,
            created_at=now,
            started_at=now,
            updated_at=now,
        )
        saved = await self._database.write(lambda session: queries.insert_execution(session, row))
        return to_execution(saved)

    async def save_progress(self, execution: Execution) -> Execution:
        """Return the execution as stored with its newest progress."""
        now = self._clock.now()
        values = {
            "done": execution.done,
            "total": execution.total,
            "updated_at": now,
            "heartbeat_at": now,
        }
        await self._database.write(
            lambda s: queries.move(s, execution.execution_id, rules.OPEN, values)
        )
        return replace(execution, updated_at=now)

    async def save_end(self, execution: Execution, ending: Ending) -> Execution:
        """Return the execution as it ended; a store that refuses is asked three times."""
        now = self._clock.now()
        values = end_values(ending, execution, execution.meta, now)
        sources = rules.sources_of(ending.status)
        for attempt in range(1, _TRIES + 1):
            try:
                await self._database.write(
                    lambda s: queries.move(s, execution.execution_id, sources, values)
                )
                break
            except DatabaseUnavailableError:
                _log.exception("execution %s: its end was not saved", execution.execution_id)
                if attempt < _TRIES:
                    await self._clock.sleep(1.0)
            except asyncio.CancelledError:
                break  # the change is queued and will be written before the store closes
        return replace(
            execution,
            status=ending.status,
            output=values["test_output"],
            error_kind=values["error_kind"],
            error=values["error_message"],
            meta=values["meta"],
            updated_at=now,
            finished_at=now,
            is_cancelling=False,
        )

    async def newest(self, limit: int) -> list[ExecutionRow]:
        """Return the newest rows, newest first."""
        return await self._database.read(lambda session: queries.newest(session, limit))

    async def find(self, key: str) -> ExecutionRow | None:
        """Return the row of that text id or number."""
        if key.isascii() and key.isdigit() and len(key) < 19:
            number = int(key)
            return await self._database.read(lambda s: queries.find_by_number(s, number))
        return await self._database.read(lambda s: queries.find(s, key))
