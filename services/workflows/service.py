"""Workflows: list, save, copy, delete, run in the background, and what their runs did."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import workflows as queries
from db.tables.workflows import WorkflowRow
from services.agents.service import Agents
from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionFilter,
    ExecutionKind,
    StartOptions,
    Trigger,
)
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.inputs import copy_name
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.workflows import rules, starter
from services.workflows.records import to_run, to_workflow
from services.workflows.runner import Runner
from services.workflows.small_kinds import Waiting, report_kind
from services.workflows.step_kinds import step_kinds
from services.workflows.types import (
    KIND,
    Step,
    StepKind,
    StepOutcome,
    Workflow,
    WorkflowEdit,
    WorkflowRun,
)

WORKFLOWS_MAX = 100


class Workflows:
    """Every workflow in memory; every change is on disk before it is announced."""

    def __init__(
        self, database: Database, clock: Clock, executions: Executions, agents: Agents
    ) -> None:
        """Register the kinds; load() reads what is stored, once every other kind is registered."""
        self._database = database
        self._clock = clock
        self._executions = executions
        self._agents = agents
        self._lock = asyncio.Lock()
        self._by_id: dict[int, Workflow] = {}
        self._live: dict[str, tuple[StepOutcome, ...]] = {}  # by execution id
        self.changed: Signal[None] = Signal("workflows.changed")
        self.stepped: Signal[WorkflowRun] = Signal("workflows.stepped")
        executions.register(Waiting(clock).kind)
        executions.register(report_kind())
        executions.register(
            ExecutionKind(
                KIND, "Workflow", "account_tree", self._run, is_exclusive=False, check=self._check
            )
        )

    def load(self) -> None:
        """Write the starter workflow once in the life of the store, then read every workflow."""
        is_seeded = self._database.read_now(config_queries.read_app_settings).get(starter.SEEDED)
        if not is_seeded and self._database.read_only is None:
            now, kinds = self._clock.now(), self.step_kinds()
            self._database.write_now(lambda session: starter.write(session, kinds, now))
        self._show(self._database.read_now(queries.all_workflows))

    def all(self) -> tuple[Workflow, ...]:
        """Return every workflow, oldest first."""
        return tuple(self._by_id.values())

    def get(self, workflow_id: int) -> Workflow:
        """Return the workflow; raise NotFoundError."""
        workflow = self._by_id.get(workflow_id)
        if workflow is None:
            raise NotFoundError("There is no workflow {id}", id=workflow_id)
        return workflow

    def step_kinds(self) -> dict[str, StepKind]:
        """Return what can be a step now, by name, in the order an editor offers it."""
        return step_kinds(self._executions.kinds.values())

    # -- changing

    async def save(self, edit: WorkflowEdit) -> Workflow:
        """Return the stored workflow; raise InputError naming the field, or NotFoundError."""
        async with self._lock:
            return await self._save(edit)

    async def copy(self, workflow_id: int) -> Workflow:
        """Return a new workflow with the same steps under a free name; raise NotFoundError."""
        async with self._lock:
            old = self.get(workflow_id)
            name = copy_name(old.name, [other.name for other in self.all()], rules.NAME_MAX)
            return await self._save(WorkflowEdit(None, name, old.description, old.steps))

    async def delete(self, workflow_id: int) -> None:
        """Remove the workflow; its runs stay; raise NotFoundError."""
        async with self._lock:
            self.get(workflow_id)
            try:
                await stored(
                    self._database.write(lambda s: queries.delete_workflow(s, workflow_id))
                )
            except RowNotFoundError:
                raise NotFoundError("There is no workflow {id}", id=workflow_id) from None
            await self._reload()

    async def _save(self, edit: WorkflowEdit) -> Workflow:
        if edit.id is not None:
            self.get(edit.id)
        elif len(self._by_id) >= WORKFLOWS_MAX:
            raise InputError("At most {count} workflows", field="name", count=WORKFLOWS_MAX)
        values = rules.check(
            edit,
            taken=[other.name for other in self.all() if other.id != edit.id],
            kinds=self.step_kinds(),
            agents=[agent.id for agent in self._agents.all()],
        )
        self._check_steps(edit.steps)
        now = self._clock.now()
        row = await stored(
            self._database.write(lambda s: queries.save_workflow(s, edit.id, values, now))
        )
        await self._reload()
        return self._by_id[row.id or 0]

    def _check_steps(self, steps: Sequence[Step]) -> None:
        """Let each kind look at what its step will tell it; its field becomes the step's."""
        for no, step in enumerate(steps, 1):
            check = self._executions.kinds[step.kind].check
            if check is None:
                continue
            try:
                check(step.params)
            except InputError as error:
                field = f"steps.{no}.{error.field}" if error.field else f"steps.{no}"
                raise InputError(error.message.text, field=field, **error.message.params) from None

    async def reload(self) -> None:
        """Read every workflow again after another console changed one."""
        await self._reload()

    async def _reload(self) -> None:
        self._show(await stored(self._database.read(queries.all_workflows)))
        self.changed.emit(None)

    def _show(self, rows: list[WorkflowRow]) -> None:
        self._by_id = {row.id or 0: to_workflow(row) for row in rows}

    # -- running

    async def run(
        self, workflow_id: int, *, trigger: Trigger = Trigger.MANUAL, started_by: str = ""
    ) -> Execution:
        """Return the run that was started; raise ConflictError while one runs, NotFoundError."""
        workflow = self.get(workflow_id)
        return await self._executions.start(
            KIND,
            {"workflow_id": workflow_id},
            trigger=trigger,
            started_by=started_by,
            options=StartOptions(subject=workflow.name, workflow_id=workflow_id),
        )

    async def runs(self, workflow_id: int, limit: int = 10) -> list[WorkflowRun]:
        """Return the newest runs of a workflow, newest first, with every step as it is now."""
        found = await self._executions.page(
            ExecutionFilter(kinds=(KIND,), workflow_id=workflow_id), limit=max(1, min(limit, 100))
        )
        return [self.as_run(execution) for execution in found.rows]

    def as_run(self, execution: Execution) -> WorkflowRun:
        """Return an execution of kind workflow with its steps."""
        live = None if execution.status.is_final else self._live.get(execution.execution_id)
        return to_run(execution, live)

    def _check(self, params: Mapping[str, Any]) -> None:
        workflow = self._asked(params)
        for other in self._executions.running():
            if other.workflow_id == workflow.id and other.execution_type == KIND:
                raise ConflictError(
                    "{label} is running already",
                    existing_id=other.execution_id,
                    label=workflow.name,
                )

    def _asked(self, params: Mapping[str, Any]) -> Workflow:
        workflow_id = params.get("workflow_id")
        if not isinstance(workflow_id, int):
            raise InputError("Choose a workflow", field="workflow_id")
        return self.get(workflow_id)

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        workflow = self._asked(params)
        execution_id = control.execution.execution_id

        def told(outcomes: Sequence[StepOutcome]) -> None:
            self._live[execution_id] = tuple(outcomes)
            self.stepped.emit(to_run(control.execution, outcomes))

        try:
            runner = Runner(workflow, control, self._clock, told)
            told(runner.outcomes)
            return await runner.run()
        finally:
            self._live.pop(execution_id, None)
