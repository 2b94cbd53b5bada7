"""Abroad: what other consoles on the same store run, told here when it changes, ended there when asked."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from db.engine import Database
from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from db.telling import tell
from services.executions import rules
from services.executions.ladder import Ladder
from services.executions.ledger import Ledger
from services.executions.records import to_execution
from services.executions.roster import Roster
from services.executions.store import ExecutionStore
from services.executions.types import Execution, ExecutionEvent, ExecutionState
from services.foundation.errors import ConflictError
from services.foundation.messages import say
from services.foundation.storing import stored

CANCEL = "cancel"  # what is said to the console whose run shall end
HEARD_MOST = 1_000  # changes told at once; of more the newest
_EVENTS_MOST = 200
Tell = Callable[[Execution, "tuple[ExecutionEvent, ...]"], None]


class Abroad:
    """Nothing with SQLite, where one process has the store for itself."""

    def __init__(
        self, database: Database, store: ExecutionStore, ledger: Ledger, roster: Roster
    ) -> None:
        """Hear nothing before begin()."""
        self._database = database
        self._store = store
        self._ledger = ledger
        self._roster = roster
        self._events: dict[int, int] = {}  # of what runs elsewhere: the newest event that was told
        self._tell: Tell = lambda _execution, _events: None
        self._ladder: Ladder | None = None
        self._boot_id = ""

    async def begin(self, boot_id: str, tell: Tell, ladder: Ladder) -> None:
        """Know what runs elsewhere, and tell every change from now on."""
        if self._database.backend != "postgresql":
            return
        self._boot_id, self._tell, self._ladder = boot_id, tell, ladder
        self._ledger.begin_at(await self._store.newest_seq(), self._hear)
        rows = await self._database.read(lambda s: queries.open_rows(s, boot_id, rules.OPEN))
        self._roster.abroad = {row.execution_id: to_execution(row) for row in rows}

    async def _hear(self, after: int, before: int | None) -> int:
        """Tell what others changed between two numbers; return the newest number that was told."""
        rows = await self._store.changed_since(after, HEARD_MOST)
        for row in rows:
            if before is None or row.seq < before:
                await self._take(row)
                after = max(after, row.seq)
        return after

    async def _take(self, row: ExecutionRow) -> None:
        execution = to_execution(row)
        if row.boot_id == self._boot_id:
            self._give_up(row)
            return
        if execution.status.is_final:
            self._roster.abroad.pop(execution.execution_id, None)
        else:
            self._roster.abroad[execution.execution_id] = execution
        since = self._events.get(execution.id, 0)
        events = await self._store.events(execution.id, since, _EVENTS_MOST)
        if execution.status.is_final:
            self._events.pop(execution.id, None)
        elif events:
            self._events[execution.id] = events[-1].seq
        self._tell(execution, tuple(events))

    async def sweep(self, spared: Collection[str]) -> int:
        """Close and tell what consoles left that do not live any more, some spared; return how many."""
        numbers = await self._store.interrupt_left_over(spared)
        for number in numbers:
            if (row := await self._store.find(str(number))) is not None:
                await self._take(row)
        return len(numbers)

    def _give_up(self, row: ExecutionRow) -> None:
        """Another console took us for dead and closed a run of ours: end its work here as well."""
        run = self._roster.find(row.execution_id)
        if run is not None and self._ladder is not None and row.status not in rules.OPEN:
            reason = say("Another console took this one for dead")
            self._ladder.ask(run, ExecutionState.INTERRUPTED, reason)

    async def catch_up(self) -> None:
        """Tell what others changed up to now."""
        await self._ledger.catch_up()

    async def cancel(self, execution: Execution, by: str) -> Execution:
        """Ask the console that runs it to end it; raise ConflictError when nobody runs it."""
        if execution.status.is_final or not self._boot_id:
            raise ConflictError("This has ended already: {status}", status=str(execution.status))
        words = {"kind": CANCEL, "id": execution.execution_id, "by": by}
        await stored(self._database.write(lambda session: tell(session, **words)))
        return replace(execution, is_cancelling=True)

    def obey(self, words: Mapping[str, str]) -> None:
        """End a run of ours that somebody at another console cancelled."""
        run = self._roster.find(words.get("id", ""))
        if run is not None and self._ladder is not None:
            by = words.get("by", "")
            reason = say("It was cancelled by {who}", who=by) if by else say("It was cancelled")
            self._ladder.ask(run, ExecutionState.CANCELLED, reason, by)
