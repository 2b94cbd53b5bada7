"""Start by kind, cancel, list, announce; the one place that owns running work.

What waits or runs when the process ends is interrupted, never started by itself again: a load test
or a paid call must be somebody's act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from db.engine import Database
from services.executions import output, rules
from services.executions.abroad import Abroad
from services.executions.keeper import Keeper
from services.executions.ledger import Ledger
from services.executions.reader import ExecutionReader
from services.executions.records import new_row
from services.executions.roster import Roster
from services.executions.running import Running
from services.executions.store import Changed, ExecutionStore
from services.executions.types import (
    CancelReport,
    EventKind,
    Execution,
    ExecutionEvent,
    ExecutionKind,
    ExecutionState,
    OutputChunk,
    StartOptions,
    Trigger,
)
from services.foundation.actor import current_actor, ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, ConsoleError, NotFoundError
from services.foundation.ids import new_id
from services.foundation.messages import Message, say
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.foundation.tasks import Tasks
from services.journal.types import NO_JOURNAL
from services.journal.types import Keeper as Keeping
from services.settings.service import Settings

LIMIT = 20  # at once, over all kinds, where no setting says otherwise
QUEUE_MAX = 1_000
EVENTS_MAX = 10_000  # of one execution's work
_OPTIONS = StartOptions()


class Executions(ExecutionReader):
    """Work started once, ended once, its state on disk before it is announced."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings | None = None,
        journal: Keeping = NO_JOURNAL,
    ) -> None:
        """Start with no kind and nothing running."""
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._kinds: dict[str, ExecutionKind] = {}
        self._starting: set[str] = set()  # exclusive kinds whose row is being written
        self._is_stopping = False
        self.boot_id = new_id("boot")
        roster = Roster()
        ledger = Ledger(database, tasks)
        store = ExecutionStore(database, clock, ledger, self.boot_id, journal)
        self.abroad = Abroad(database, store, ledger, roster)
        self._keeper = Keeper(clock, tasks, store, roster, self._tell)
        folder = None if settings is None else settings.env.runtime_dir
        super().__init__(store, roster, self._keeper.unsaved, folder)
        self._keeper.folder = folder
        if settings is not None:
            settings.changed.subscribe(lambda _: self._admit())
        self.changed: Signal[Execution] = Signal("executions.changed")
        self.noted: Signal[ExecutionEvent] = Signal("executions.noted")
        self.output: Signal[OutputChunk] = Signal("executions.output")

    def register(self, kind: ExecutionKind) -> None:
        """Make a kind startable under its name."""
        self._kinds[kind.name] = kind

    @property
    def kinds(self) -> Mapping[str, ExecutionKind]:
        """What can be started, by name."""
        return self._kinds

    @property
    def limit(self) -> int:
        """How many may run at once, over all kinds; parts of others do not count."""
        return LIMIT if self._settings is None else self._settings.preferences.max_executions

    async def recover(self) -> int:
        """Close what a console that is gone left open; return how many there were."""
        numbers = await self._store.interrupt_left_over()
        await self.abroad.begin(self.boot_id, self._tell, self._keeper.ladder)
        return len(numbers)

    # -- start

    async def start(
        self,
        name: str,
        params: Mapping[str, Any],
        *,
        trigger: Trigger = Trigger.MANUAL,
        started_by: str = "",
        options: StartOptions = _OPTIONS,
    ) -> Execution:
        """Return the new pending execution; it runs as soon as the limits let it.

        Raises NotFoundError (no such kind), InputError (parameters), ConflictError naming the
        execution of an exclusive kind that is there already.
        """
        ensure_may_change()
        return await self._start(name, params, (trigger, started_by), options, None)

    async def _start(
        self,
        name: str,
        params: Mapping[str, Any],
        origin: tuple[Trigger, str],
        options: StartOptions,
        parent: Running | None,
    ) -> Execution:
        kind = self._kind(name)
        if kind.check is not None:
            kind.check(params)
        ids = (new_id("exe"), self.boot_id)
        actor = origin[1] or current_actor().name
        row = new_row(kind, params, options, origin=origin, ids=ids, now=self._clock.now())
        self._reserve(kind)
        made: list[Execution] = []

        def told(execution: Execution, events: Sequence[ExecutionEvent]) -> None:
            self._roster.add(
                Running(
                    execution, kind, self, dict(params), self._output_of(execution), parent, actor
                )
            )
            self._admit()
            place = self._roster.places().get(execution.execution_id, 0)
            made.append(replace(execution, queue_place=place))
            self._tell(made[0], tuple(events))

        try:
            parent_id = None if parent is None else options.parent_id
            await stored(self._store.insert(row, parent_id, told, is_exclusive=kind.is_exclusive))
        finally:
            self._starting.discard(kind.name)
        return made[0]

    def _output_of(self, execution: Execution) -> output.Output:
        folder = self._keeper.folder
        path = None if folder is None else output.file_of(folder, execution.execution_id)
        return output.Output(path)

    def _kind(self, name: str) -> ExecutionKind:
        kind = self._kinds.get(name)
        if kind is None:
            raise NotFoundError("There is nothing called {name} to start", name=name[:40])
        return kind

    def _reserve(self, kind: ExecutionKind) -> None:
        if self._is_stopping:
            raise ConflictError("The console is stopping")
        if len(self._roster) - self._roster.admitted >= QUEUE_MAX:
            raise ConflictError("{count} executions wait already", count=QUEUE_MAX)
        if not kind.is_exclusive:
            return
        there = self._roster.of_kind(kind.name)
        if there is not None:
            raise ConflictError(
                "{label} is running already",
                existing_id=there.execution.execution_id,
                label=kind.label,
            )
        if kind.name in self._starting:
            raise ConflictError("{label} is starting already", label=kind.label)
        self._starting.add(kind.name)

    def _admit(self) -> None:
        """Give every free place to the next in the queue."""
        if not self._is_stopping:
            for run in self._roster.admit(self.limit):
                self._keeper.take(run)

    def _tell(self, execution: Execution, events: tuple[ExecutionEvent, ...]) -> None:
        for event in events:
            self.noted.emit(event)
        self.changed.emit(execution)
        if execution.status.is_final:
            self._admit()

    async def run_again(
        self, execution_id: str, *, trigger: Trigger = Trigger.MANUAL, started_by: str = ""
    ) -> Execution:
        """Start the same kind with the same parameters; raise NotFoundError and what start raises."""
        old = await self.get(execution_id)
        if old.is_demo:
            raise ConflictError("This is demo data: it never ran, so it cannot run again")
        kind = self._kind(old.execution_type)
        params: dict[str, Any] = dict(old.meta.get("params") or {})
        if old.input:
            params["test_input"] = old.input
        if kind.again is not None:
            params = dict(kind.again(params))
        options = StartOptions(
            subject=old.subject,
            agent_id=old.agent_id,
            workflow_id=old.workflow_id,
            again_of=old.id,
            timeout_s=old.timeout_s,
        )
        return await self.start(
            kind.name, params, trigger=trigger, started_by=started_by, options=options
        )

    # -- cancel and stop

    async def cancel(self, execution_id: str, *, by: str = "") -> Execution:
        """Ask it and its parts to end, with force after 5 s; raise NotFoundError, ConflictError."""
        ensure_may_change()
        run = self._roster.find(execution_id)
        if run is None:
            return await self.abroad.cancel(await self.get(execution_id), by)
        reason = say("It was cancelled by {who}", who=by) if by else say("It was cancelled")
        self._keeper.ladder.ask(run, ExecutionState.CANCELLED, reason, by)
        return run.snapshot()

    async def cancel_many(self, execution_ids: Sequence[str], *, by: str = "") -> CancelReport:
        """Ask several to end; what cannot be asked is told with its reason."""
        ensure_may_change()
        asked: list[Execution] = []
        refused: dict[str, Message] = {}
        for execution_id in dict.fromkeys(execution_ids):
            try:
                asked.append(await self.cancel(execution_id, by=by))
            except ConsoleError as error:
                refused[execution_id] = error.message
        return CancelReport(tuple(asked), refused)

    async def stop(self) -> None:
        """End everything that waits or runs, in start order, its state stored."""
        self._is_stopping = True
        runs = list(self._roster)
        for run in runs:
            reason = say("The console was stopped")
            self._keeper.ladder.ask(run, ExecutionState.INTERRUPTED, reason)
        for run in runs:
            await run.ended.wait()

    # -- what running work asks for

    def follow(self, run: Running) -> None:
        """Save and announce a run's progress and output soon."""
        self._keeper.follow(run)

    def speak(self, chunk: OutputChunk) -> None:
        """Pass on what a run just said."""
        self.output.emit(chunk)

    async def note(self, run: Running, kind: str, text: str, data: Mapping[str, Any]) -> int:
        """Return the number of a run's new event, 0 when its log is full or it has ended."""
        run.events += 1
        if run.events > EVENTS_MAX + 1:
            return 0
        line = (rules.cut(kind, 40), rules.cut(text, 500), rules.plain(data))
        if run.events == EVENTS_MAX + 1:
            line = (EventKind.EVENTS_CAPPED, "", {"limit": EVENTS_MAX})

        def told(_seq: int, changed: Changed) -> None:
            for event in changed.events:
                self.noted.emit(event)

        return await self._store.note(run.execution, line, told)

    async def start_part(
        self, run: Running, name: str, params: Mapping[str, Any], options: StartOptions
    ) -> Execution:
        """Start a part of a run with its trigger; raise ConflictError when the run is ending."""
        if run.stop_as is not None or run.ended.is_set():
            raise ConflictError("What it is a part of is ending")
        origin = (run.execution.trigger, run.execution.started_by)
        options = replace(options, parent_id=run.execution.id)
        part = await self._start(name, params, origin, options, run)
        if run.stop_as is not None or run.ended.is_set():  # asked while the row was written
            self._end_late(part, run.stop_as or ExecutionState.CANCELLED)
        return part

    def _end_late(self, part: Execution, state: ExecutionState) -> None:
        there = self._roster.find(part.execution_id)
        if there is not None:
            self._keeper.ladder.ask(there, state, say("What it was a part of ended"))
