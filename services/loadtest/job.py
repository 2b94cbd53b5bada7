"""Job: one load test from its sign-ins to its last row."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from services.chat.client import ChatClient
from services.executions.types import Control, Ending, ExecutionState
from services.foundation.errors import InputError, UpstreamError
from services.foundation.messages import Message, say
from services.loadtest import rules, words
from services.loadtest.engine import Engine, EngineParts
from services.loadtest.parts import LoadParts
from services.loadtest.pool import TokenPool
from services.loadtest.recorder import Recorder
from services.loadtest.rows import summary_values
from services.loadtest.tally import Tally
from services.loadtest.types import LoadPlan, LoadRun, Point, Summary
from services.targets.types import Target

BEAT_S = 0.25  # rows, progress and stop rules
TELL_S = 2.0  # a line of output
LIST_S = 15.0
CANCEL_RELEASE_S = 1.0  # for deleting the users of a run that is cancelled


class Job:
    """The state of one run."""

    def __init__(
        self,
        parts: LoadParts,
        plan: LoadPlan,
        target: Target,
        run: LoadRun,
        control: Control,
        on_change: Callable[[], None],
    ) -> None:  # one field each
        """Keep the parts; nothing is sent before work()."""
        self._parts = parts
        self._plan = plan
        self._target = target
        self._run = run
        self._control = control
        self._on_change = on_change
        self._chat = ChatClient(parts.clock)  # of its own: no other part shares its sockets
        self._pool = TokenPool(parts.identities, parts.clock, target, plan.user_type)
        self._tally = Tally(plan)
        self._recorder = Recorder(parts.database, parts.clock, run)
        self._engine: Engine | None = None
        self._elapsed_s = 0.0
        self._stopped: Message | None = None

    async def work(self) -> Ending:
        """Return how it ended; raise UpstreamError without a token or a model."""
        release_s = CANCEL_RELEASE_S
        try:
            engine = await self._prepare()
            await self._drive(engine)
            release_s = 20.0
            return self._judge(self.summary())
        finally:
            await self._close(release_s)

    def summary(self) -> Summary:
        """Return the figures until now."""
        return self._tally.summary(self._elapsed_s, self._pool.sign_ins, self._pool.refreshes)

    def timeline(self) -> tuple[Point, ...]:
        """Return the spans of the run until now."""
        return ()

    def live(self) -> LoadRun:
        """Return the run with its figures until now."""
        summary, points = self.summary(), self.timeline()
        return replace(self._run, summary=summary, timeline=points, stored=self.stored)

    @property
    def stored(self) -> int:
        """How many calls the store has acknowledged."""
        return self._recorder.stored

    # -- before the first call

    async def _prepare(self) -> Engine:
        plan, parts = self._plan, self._parts
        budget = rules.sign_in_budget(plan, is_self=self._target.is_self)
        await _note(self._control, "sign_in", say("Up to {count} users sign in", count=budget))
        await self._pool.open(budget, parts.settings.preferences.e2e_anon_method)
        self._check_pool(budget)
        signed = say("{count} users are signed in", count=self._pool.size)
        await _note(self._control, "signed_in", signed)
        models = await self._models()
        engine_parts = EngineParts(
            chat=self._chat,
            clock=parts.clock,
            pool=self._pool,
            api_base=self._target.api_base,
            models=models,
            run_id=self._run.run_id,
            max_events=parts.settings.env.e2e.max_events,
        )
        return Engine(plan, engine_parts, self._tally, self._recorder.add)

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

    async def _drive(self, engine: Engine) -> None:
        self._engine = engine
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat(engine), name="load beat")
                await engine.run()
                beat.cancel()
        finally:
            self._elapsed_s = engine.elapsed_s()

    async def _beat(self, engine: Engine) -> None:
        beats = 0
        while True:  # ends with the run
            await self._parts.clock.sleep(BEAT_S)
            beats += 1
            self._elapsed_s = engine.elapsed_s()
            summary = self.summary()
            self._on_change()
            await self._tell(summary, engine.waiting, is_line=beats % round(TELL_S / BEAT_S) == 0)
            self._stopped = self._stopped or rules.stop_reason(self._plan, summary)
            if self._stopped is not None:
                engine.stop()

    async def _tell(self, summary: Summary, waiting: int, *, is_line: bool) -> None:
        total = self._plan.requests or 0
        await self._control.progress(summary.ended, total)
        await self._recorder.flush()
        if is_line:
            line = words.line(summary, self._tally.in_flight, waiting)
            self._control.append_output(line + "\n")
            await self._keep(summary)

    async def _keep(self, summary: Summary) -> None:
        values: dict[str, Any] = {"summary": summary_values(summary)}
        change = partial(_update, run_no=self._run.id, values=values)
        try:
            await self._parts.database.write(change)
        except (
            DatabaseUnavailableError
        ):  # the next figures are newer; the rows wait in the recorder
            return

    # -- after the last one

    def _judge(self, summary: Summary) -> Ending:
        error = self._stopped or rules.verdict(self._plan, summary)
        state = ExecutionState.SUCCEEDED if error is None else ExecutionState.FAILED
        kind = "" if error is None else "thresholds_broken"
        meta = {"summary": summary_values(summary), "run_id": self._run.run_id}
        return Ending(state, words.report(self._plan, summary), kind, error, meta)

    async def _close(self, release_s: float) -> None:
        """Close the sockets, store the last rows, delete the users that were made."""
        try:
            await self._recorder.finish()
        finally:
            self._chat.close()
            await self._pool.close(release_s)
            total = self._plan.requests or 0
            await self._control.progress(self._tally.ended, max(total, self._tally.ended))


async def _note(control: Control, kind: str, message: Message) -> None:
    await control.note(kind, message.text, message.params)


def _update(session: Any, run_no: int, values: dict[str, Any]) -> None:
    queries.update_run(session, run_no, values)
