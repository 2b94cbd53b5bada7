"""Run the steps of one workflow in order, each as an execution of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.executions.types import Control, Ending, Execution, ExecutionState, StartOptions
from services.foundation.clock import Clock
from services.foundation.errors import ConsoleError
from services.foundation.messages import say
from services.workflows import placeholders
from services.workflows.records import to_meta
from services.workflows.step_kinds import REPORT
from services.workflows.types import OnFailure, Step, StepOutcome, Workflow

INPUT_MAX = 5_000  # of a step's text once it is filled (S2.23)
REPORT_MAX = 60_000
BETWEEN_TRIES_S = (1.0, 2.0, 4.0)
Told = Callable[[Sequence[StepOutcome]], None]


class Runner:
    """One run; `told` hears of every change of a step."""

    def __init__(self, workflow: Workflow, control: Control, clock: Clock, told: Told) -> None:
        """Start with no step begun; a step without a name shows its kind."""
        self._workflow = workflow
        self._control = control
        self._clock = clock
        self._told = told
        self.outcomes = [
            StepOutcome(no, step.kind, step.name or step.kind)
            for no, step in enumerate(workflow.steps, 1)
        ]

    async def run(self) -> Ending:
        """Return how the workflow ended; a cancelled one keeps what its steps said."""
        try:
            return await self._run_steps()
        except asyncio.CancelledError:
            stopped = self._control.stop_as
            if stopped is None:  # the loop itself is ending
                raise
            await self._end_open_step(stopped)
            return self._ending(stopped)

    async def _run_steps(self) -> Ending:
        total = len(self._workflow.steps)
        await self._control.progress(0, total)
        for index, step in enumerate(self._workflow.steps):
            await self._run_step(index, step)
            self._control.append_output(placeholders.steps_text([self.outcomes[index]]) + "\n")
            await self._control.progress(index + 1, total)
            outcome = self.outcomes[index]
            if outcome.state is not ExecutionState.SUCCEEDED and step.on_failure is OnFailure.STOP:
                return self._failed(outcome)
        return self._ending(ExecutionState.SUCCEEDED)

    async def _run_step(self, index: int, step: Step) -> None:
        begun, started_at = self._clock.monotonic(), self._clock.now()
        for tries in range(1, step.retries + 2):
            self._change(
                index, state=ExecutionState.RUNNING, tries=tries, started_at=started_at, error=""
            )
            await self._try(index, step)
            state = self.outcomes[index].state
            if state in (ExecutionState.SUCCEEDED, ExecutionState.CANCELLED):
                break
            if tries <= step.retries:
                await self._clock.sleep(BETWEEN_TRIES_S[tries - 1])
        took_ms = round((self._clock.monotonic() - begun) * 1000)
        self._change(index, duration_ms=took_ms)

    async def _try(self, index: int, step: Step) -> None:
        """Run the step once; what cannot even be started has failed with the reason."""
        options = StartOptions(
            subject=step.name,  # empty: the label of its kind says it
            timeout_s=float(step.timeout_s),
            agent_id=_agent_of(step),
        )
        try:
            child = await self._control.start_child(step.kind, self._params(index, step), options)
            self._change(index, execution_id=child.execution_id)
            ended = await self._control.wait_child(child.execution_id)
        except ConsoleError as error:
            self._change(index, state=ExecutionState.FAILED, error=str(error))
            return
        self._take(index, ended)

    def _take(self, index: int, ended: Execution) -> None:
        self._change(index, state=ended.status, output=ended.output, error=ended.error)

    def _params(self, index: int, step: Step) -> Mapping[str, Any]:
        most = REPORT_MAX if step.kind == REPORT else INPUT_MAX
        earlier = self.outcomes[:index]
        filled = placeholders.fill_object(step.params, self._workflow.name, earlier, most)
        return dict(filled)

    def _change(self, index: int, **facts: Any) -> None:
        self.outcomes[index] = replace(self.outcomes[index], **facts)
        self._told(self.outcomes)

    # -- ends

    async def _end_open_step(self, stopped: ExecutionState) -> None:
        """Note how the step under way ended; the cancel of this run has reached it already."""
        for index, outcome in enumerate(self.outcomes):
            if outcome.state is not ExecutionState.RUNNING:
                continue
            if outcome.execution_id:
                self._take(index, await self._control.wait_child(outcome.execution_id))
            if self.outcomes[index].state is ExecutionState.RUNNING:
                self._change(index, state=stopped)
            self._change(index, duration_ms=_since(outcome.started_at, self._clock.now()))

    def _failed(self, outcome: StepOutcome) -> Ending:
        error = say(
            "Step {no} ({name}) ended as {status}: {reason}",
            no=outcome.no,
            name=outcome.name,
            status=str(outcome.state),
            reason=outcome.error or "–",
        )
        return replace(self._ending(ExecutionState.FAILED), error=error, error_kind="step_failed")

    def _ending(self, state: ExecutionState) -> Ending:
        bad = sum(o.state not in (None, ExecutionState.SUCCEEDED) for o in self.outcomes)
        reports = [o.output for o in self.outcomes if o.kind == REPORT and o.output]
        output = reports[-1] if reports else placeholders.steps_text(self.outcomes)
        meta = {"workflow": self._workflow.name, "failed": bad, "steps": to_meta(self.outcomes)}
        if not state.is_final or state is ExecutionState.SUCCEEDED:
            return Ending(state, output, meta=meta)
        return Ending(state, output, str(state), say("It was stopped"), meta)


def _agent_of(step: Step) -> int | None:
    agent_id = step.params.get("agent_id")
    return agent_id if isinstance(agent_id, int) else None


def _since(start: datetime | None, now: datetime) -> int | None:
    return None if start is None else max(0, round((now - start).total_seconds() * 1000))
