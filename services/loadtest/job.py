"""Job: one load test from its sign-ins to its last row."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from services.chat.client import ChatClient
from services.executions.types import Control, Ending, ExecutionState
from services.foundation.errors import InputError, UpstreamError
from services.foundation.messages import Message, say
from services.identities.types import Token
from services.loadtest import frames, rules, words
from services.loadtest.crew import Crew, WorkerDiedError
from services.loadtest.engine import Engine, EngineParts
from services.loadtest.parts import LoadParts
from services.loadtest.pool import TokenPool
from services.loadtest.recorder import Recorder
from services.loadtest.rows import summary_values
from services.loadtest.samples import cut_sample
from services.loadtest.tally import Gauge, Start, Tally
from services.loadtest.types import Arrangement, LoadPlan, LoadRun, Point, Sample, Summary
from services.targets.types import Target

BEAT_S = 0.25  # rows, progress and stop rules
TELL_S = 2.0  # a line of output
LIST_S = 15.0
CANCEL_RELEASE_S = 0.6  # for deleting the users of a run that is cancelled


class Driver(Protocol):
    """The engine itself, or the process in which it works."""

    async def run(self) -> None:
        """Return when every call that was begun has ended."""
        ...

    def stop(self) -> None:
        """Begin no further call."""
        ...

    def look(self) -> tuple[Gauge, list[float]]:
        """Return its gauge and the lags of its loop since the last look."""
        ...


@dataclass(frozen=True, slots=True)
class JobTask:
    """What one job is about."""

    plan: LoadPlan
    target: Target
    run: LoadRun
    shared_pool: TokenPool | None = None  # of a finder, which opens and closes it


class Job:
    """The state of one run; it is the sink of its engine."""

    def __init__(
        self, parts: LoadParts, task: JobTask, control: Control, on_change: Callable[[], None]
    ) -> None:
        """Keep the parts; nothing is sent before work()."""
        self._parts = parts
        self._plan = plan = task.plan
        self._target = task.target
        self._run = task.run
        self._control = control
        self._on_change = on_change
        # of its own: no other part shares its sockets
        self._chat = ChatClient(parts.clock, connections=plan.cap)
        self._owns_pool = task.shared_pool is None
        self._pool = task.shared_pool or TokenPool(
            parts.identities, parts.clock, task.target, plan.user_type
        )
        self._tally = Tally(plan)
        self._recorder = Recorder(parts.database, parts.clock, task.run, parts.journal)
        self._stopped: Message | None = None
        self._storing: asyncio.Task[None] | None = None

    async def work(self) -> Ending:
        """Return how it ended; raise UpstreamError without a token or a model."""
        release_s = CANCEL_RELEASE_S
        try:
            driver = await self._prepare()
            await self._drive(driver)
            release_s = 20.0
            return self._judge(self.summary())
        finally:
            await self._close(release_s)

    def summary(self) -> Summary:
        """Return the figures until now."""
        elapsed_s = self._tally.gauge.elapsed_s
        return self._tally.summary(elapsed_s, self._pool.sign_ins, self._pool.refreshes)

    def timeline(self) -> tuple[Point, ...]:
        """Return the spans of the run until now."""
        return self._tally.timeline()

    def live(self) -> LoadRun:
        """Return the run with its figures until now."""
        summary, points = self.summary(), self.timeline()
        return replace(self._run, summary=summary, timeline=points, stored=self.stored)

    @property
    def stored(self) -> int:
        """How many calls the store has acknowledged."""
        return self._recorder.stored

    # -- what the engine tells

    def begin(self, start: Start) -> None:
        """Count a call that is being sent."""
        self._tally.begin(start)

    def end(self, sample: Sample, gaps: Sequence[float]) -> None:
        """Count and keep what became of it."""
        self._tally.end(sample, gaps)
        self._recorder.add(sample)

    def _take(self, batch: frames.Batch) -> None:
        """Take what a worker process told."""
        for start in batch.starts:
            self.begin(start)
        for sample in batch.samples:
            self.end(sample, ())
        self._tally.merge_gaps(batch.gaps, batch.gap_max_ms, batch.gauge.elapsed_s * 1000)

    # -- before the first call

    async def _prepare(self) -> Driver:
        plan, parts = self._plan, self._parts
        budget = rules.sign_in_budget(plan, is_self=self._target.is_self)
        await _note(self._control, "sign_in", say("Up to {count} users sign in", count=budget))
        await self._pool.open(budget, parts.settings.preferences.e2e_anon_method)
        self._check_pool(budget)
        signed = say("{count} users are signed in", count=self._pool.size)
        await _note(self._control, "signed_in", signed)
        models = await self._models()
        if (place := self._run.arrangement) is not Arrangement.IN_PROCESS:
            return Crew(self._order(models), self._take, self._renew, place)
        engine_parts = EngineParts(
            chat=self._chat,
            clock=parts.clock,
            pool=self._pool,
            api_base=self._target.api_base,
            models=models,
            run_id=self._run.run_id,
            max_events=parts.settings.env.e2e.max_events,
        )
        return Engine(plan, engine_parts, self)

    def _order(self, models: tuple[str, ...]) -> frames.Order:
        seats = self._pool.seats
        return frames.Order(
            plan=self._plan,
            api_base=self._target.api_base,
            models=models,
            run_id=self._run.run_id,
            max_events=self._parts.settings.env.e2e.max_events,
            seats=tuple((s.no, s.token.access_token, s.token.expires_at) for s in seats),
        )

    async def _renew(self, seat_no: int) -> Token | None:
        return await self._pool.renew(self._pool.seats[seat_no - 1])

    def _check_pool(self, budget: int) -> None:
        refusal = self._pool.refusal
        if refusal is None:
            return
        reason = refusal.server_word or refusal.detail or refusal.error
        if not self._pool.size:
            raise UpstreamError(
                "Nobody could sign in: {reason}", reason=reason, status=refusal.status
            )
        self._control.append_output(
            f"only {self._pool.size} of {budget} users could sign in: {reason}\n"
        )

    async def _models(self) -> tuple[str, ...]:
        async with self._pool.lend() as seat:
            listed = await self._chat.list_models(
                self._target.api_base, seat.token.access_token, LIST_S
            )
        unknown = [key for key in self._plan.models if key not in listed.keys]
        if not listed.error and unknown:
            raise InputError(
                "Not mapped: {models}", field="models", models=", ".join(unknown)[:300]
            )
        models = self._plan.models or listed.keys
        if not models:
            reason = listed.error or "the list of models is empty"
            raise UpstreamError("There is no model to ask: {reason}", reason=reason)
        return models

    # -- while calls are made

    async def _drive(self, driver: Driver) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat(driver, group), name="load beat")
                try:
                    await driver.run()
                except WorkerDiedError as died:
                    self._stopped = died.message
                finally:
                    self._tally.look(*driver.look())
                beat.cancel()
                if self._storing is not None:
                    self._storing.cancel()
        finally:
            self._end_the_open()

    def _end_the_open(self) -> None:
        """Make a cut sample of every call of which nobody will tell any more."""
        for start in tuple(self._tally.open.values()):
            cut = cut_sample(
                start.no, start.user_no, start.model_key, start.at_ms, start.request_id
            )
            self.end(cut, ())

    async def _beat(self, driver: Driver, group: asyncio.TaskGroup) -> None:
        beats = 0
        while True:  # ends with the run
            await self._parts.clock.sleep(BEAT_S)
            beats += 1
            self._tally.look(*driver.look())
            summary = self.summary()
            self._on_change()
            is_line = beats % round(TELL_S / BEAT_S) == 0
            await self._tell(summary, is_line=is_line)
            if self._storing is None or self._storing.done():  # a store that waits stops no beat
                storing = self._store(summary if is_line else None)
                self._storing = group.create_task(storing, name="load rows")
            self._stopped = self._stopped or rules.stop_reason(self._plan, summary)
            if self._stopped is not None:
                driver.stop()

    async def _tell(self, summary: Summary, *, is_line: bool) -> None:
        total = self._plan.requests or 0
        await self._control.progress(summary.ended, total)
        if is_line:
            line = words.line(summary, self._tally.gauge)
            self._control.append_output(line + "\n")

    async def _store(self, summary: Summary | None) -> None:
        """Store the calls that wait, and now and then the figures."""
        await self._recorder.flush()
        if summary is not None:
            await self._keep(summary)

    async def _keep(self, summary: Summary) -> None:
        values: dict[str, Any] = {"summary": summary_values(summary)}
        change = partial(queries.update_run, run_no=self._run.id, values=values)
        try:
            await self._parts.database.write(change)
        except DatabaseUnavailableError:
            return  # the next figures are newer; the rows wait in the recorder

    # -- after the last one

    def _judge(self, summary: Summary) -> Ending:
        early = self._stopped or rules.errors_reason(self._plan, summary)
        error = early or rules.verdict(summary)
        state = ExecutionState.SUCCEEDED if error is None else ExecutionState.FAILED
        kind = "" if error is None else "thresholds_broken"
        meta = {"summary": summary_values(summary), "run_id": self._run.run_id}
        return Ending(state, words.report(self._plan, summary), kind, error, meta)

    async def _close(self, release_s: float) -> None:
        """Close the sockets, store the last rows, delete the users that were made."""
        try:
            await self._recorder.finish()
            await self._tell_of_journal()
        finally:
            self._chat.close()
            if self._owns_pool:
                await self._pool.close(release_s)
            total = self._plan.requests or 0
            await self._control.progress(self._tally.ended, max(total, self._tally.ended))

    async def _tell_of_journal(self) -> None:
        """Say on the run itself that some of its calls are written back later."""
        if count := self._recorder.journaled:
            text = say(
                "The store refused {count} calls; the journal writes them back when it can",
                count=count,
            )
            await _note(self._control, "journal", text)


async def _note(control: Control, kind: str, message: Message) -> None:
    await control.note(kind, message.text, message.params)
