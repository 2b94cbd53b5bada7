"""Workflows tab: the list, one workflow with its steps and runs, live."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.agents.agent_view import Acts, head_acts
from components.agents.names import workflow_name, workflow_note
from components.agents.picker import Item, Picker
from components.agents.run_list import RunList
from components.agents.step_fields import StepChoices
from components.agents.stepper import Stepper
from components.agents.workflow_form import WorkflowForm
from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.confirm import confirm
from components.primitives.empty import empty
from components.primitives.field import Field
from components.primitives.toast import toast
from components.status.looks import EXECUTION_LOOKS, look_props
from components.words import tr, trn
from gymbro_ui.actions import act
from services.accounts.types import UserType
from services.agents.types import KIND as AGENT_TEST
from services.e2e.types import LaunchRequest
from services.executions.types import Execution
from services.workflows.types import KIND, Workflow, WorkflowEdit, WorkflowRun

if TYPE_CHECKING:
    from services.console import Console

RUNS_MOST = 20
E2E = "e2e"


class WorkflowsTab:
    """Everything on one open tab can be read again at any time."""

    def __init__(
        self,
        console: "Console",
        acts: ui.element,
        asked: int | None,
        went: Callable[[int | None], None],
    ) -> None:
        """`asked` is the workflow the address names; `went` hears which one is open."""
        self._console = console
        self._acts = acts
        self._asked = asked
        self._went = went
        self._chosen: Workflow | None = None
        self._runs: dict[str, WorkflowRun] = {}  # of the chosen workflow, by execution id
        self._latest: dict[int, WorkflowRun] = {}  # newest run of each workflow
        self._open_run = ""  # empty: the newest

    def draw(self) -> None:
        """Draw the frame of the tab and follow every change."""
        with self._acts:
            new = partial(self._edit, None)
            button(tr("New workflow"), new, icon="add", kind="primary", acts=True).mark(
                "new-workflow"
            )
        self._root = ui.element("div")
        on_batch(self._console.workflows.changed, lambda _: self._refresh())
        on_batch(self._console.workflows.stepped, self._stepped)
        on_batch(self._console.executions.changed, self._ran)
        self._pick(self._asked)
        self._draw_root()

    def begin_new(self) -> None:
        """Open the form of a new one."""
        self._edit(None)

    async def load(self) -> None:
        """Read the newest run of each workflow, and the runs of the open one."""
        workflows = self._console.workflows
        found = {one.id: await workflows.runs(one.id, 1) for one in workflows.all()}
        self._latest = {key: runs[0] for key, runs in found.items() if runs}
        await self._load_runs()
        if not self._root.is_deleted:
            with self._root:
                self._show_list()

    async def _load_runs(self) -> None:
        chosen = self._chosen
        runs = [] if chosen is None else await self._console.workflows.runs(chosen.id, RUNS_MOST)
        if chosen is self._chosen and not self._root.is_deleted:
            self._runs = {run.execution_id: run for run in runs}
            with self._root:  # a background task stands on no page: it has no language
                self._show_runs()

    # -- drawing

    def _draw_root(self) -> None:
        self._root.clear()
        with self._root:
            if self._chosen is None:
                self._draw_empty()
                return
            with ui.element("div").classes("ga-split"):
                with ui.element("section").classes("gb-card ga-side"):
                    self._picker = Picker(tr("Workflows"), self._choose)
                with ui.element("div").classes("ga-main"):
                    self._draw_workflow(self._chosen)
            self._show_list()
            self._show_runs()

    def _draw_empty(self) -> None:
        text = tr("A workflow runs steps one after the other: agents, E2E, probes, a report.")
        with (
            ui.element("section").classes("gb-card"),
            empty(tr("No workflow yet"), text, symbol="account_tree"),
        ):
            button(tr("New workflow"), partial(self._edit, None), icon="add", acts=True)

    def _draw_workflow(self, workflow: Workflow) -> None:
        with card(workflow_name(workflow), toolbar=partial(self._draw_acts, workflow), tight=True):
            if note := workflow_note(workflow):
                ui.label(note).classes("ga-note t-table c-muted t-wrap")
            self._stepper = Stepper(self._console.workflows.step_kinds)
        with card(tr("Runs"), tight=True):
            self._list = RunList(self._show_run, lambda: self._console.schedules.view().zone)

    def _draw_acts(self, workflow: Workflow) -> None:
        cost = self._conversations(workflow)
        text = tr("Run · {n}", n=cost) if cost else tr("Run")
        self._run_button = button(text, self._run, icon="play_arrow", small=True, acts=True)
        self._run_button.props["title"] = trn("{n} conversation", "{n} conversations", cost)
        self._run_button.mark("run-workflow")
        self._cancel_button = button(
            tr("Cancel"), self._cancel, icon="stop", small=True, kind="danger", acts=True
        ).mark("cancel-workflow")
        head_acts(Acts(edit=lambda: self._edit(self._chosen), copy=self._copy, delete=self._delete))

    def _conversations(self, workflow: Workflow) -> int:
        """Return what one run asks of models at least, tries after a failure left out."""
        count = 0
        for step in workflow.steps:
            if step.kind == AGENT_TEST:
                count += 1
            elif step.kind == E2E:
                kinds = tuple(UserType(kind) for kind in step.params.get("user_types") or ())
                models = tuple(step.params.get("models") or ())
                request = LaunchRequest(models=models, user_types=kinds)
                count += self._console.e2e.forecast(request).conversations
        return count

    def _show_list(self) -> None:
        if self._chosen is None:
            return
        items = [
            Item(
                one.id,
                workflow_name(one),
                trn("{n} step", "{n} steps", len(one.steps)),
                look_props(EXECUTION_LOOKS[self._latest[one.id].state])
                if one.id in self._latest
                else None,
            )
            for one in self._console.workflows.all()
        ]
        self._picker.show(items, self._chosen.id)

    def _show_runs(self) -> None:
        if self._chosen is None:
            return
        newest = sorted(self._runs.values(), key=lambda run: run.execution_id, reverse=True)
        self._list.show(newest[:RUNS_MOST], self._console.clock.now())
        shown = self._runs.get(self._open_run) or (newest[0] if newest else None)
        self._stepper.show(self._chosen, shown)
        going = self._going()
        self._run_button.set_visibility(going is None)
        self._cancel_button.set_visibility(going is not None)
        self._cancel_button.set_enabled(going is not None and not going.is_cancelling)

    def _going(self) -> WorkflowRun | None:
        return next((run for run in self._runs.values() if not run.state.is_final), None)

    # -- what changes

    def _pick(self, number: int | None) -> None:
        found = self._console.workflows.all()
        first = found[0] if found else None
        self._chosen = next((one for one in found if one.id == number), first)

    def _refresh(self) -> None:
        before = self._chosen
        self._pick(None if before is None else before.id)
        if before is not None and self._chosen is not None and before.id == self._chosen.id:
            if before == self._chosen:
                self._show_list()
            else:
                self._draw_root()
            return
        self._runs = {}
        self._draw_root()
        background_tasks.create(self._load_runs(), name="runs of a workflow")

    def _stepped(self, batch: list[WorkflowRun]) -> None:
        self._take(batch)

    def _ran(self, batch: list[Execution]) -> None:
        as_run = self._console.workflows.as_run
        self._take([as_run(one) for one in batch if one.execution_type == KIND])

    def _take(self, runs: list[WorkflowRun]) -> None:
        for run in runs:
            known = self._runs.get(run.execution_id)
            if known is not None and known.state.is_final and not run.state.is_final:
                continue  # a step told late of a run that has ended
            self._latest[run.workflow_id] = run
            if self._chosen is not None and run.workflow_id == self._chosen.id:
                self._runs[run.execution_id] = run
        if runs:
            self._show_list()
            self._show_runs()

    # -- what an operator does

    def _choose(self, number: int) -> None:
        with self._root:  # what called is drawn anew: stand where it is not
            self._pick(number)
            self._runs, self._open_run = {}, ""
            self._draw_root()
            self._went(number)
            background_tasks.create(self._load_runs(), name="runs of a workflow")

    def _show_run(self, execution_id: str) -> None:
        self._open_run = execution_id
        self._show_runs()

    async def _run(self) -> None:
        workflow = self._chosen
        if workflow is None:
            return
        started = await act(lambda: self._console.workflows.run(workflow.id), busy=self._run_button)
        if started is not None:
            self._open_run = ""
            open_it = partial(ui.navigate.to, f"/executions/{started.execution_id}")
            toast(
                tr("{name} started", name=workflow_name(workflow)),
                action=tr("Open"),
                on_action=open_it,
            )

    async def _cancel(self) -> None:
        going = self._going()
        if going is not None:
            await act(lambda: self._console.executions.cancel(going.execution_id))

    def _edit(self, workflow: Workflow | None) -> None:
        async def save(edit: WorkflowEdit, fields: dict[str, Field]) -> bool:
            done = tr("{name} saved", name=edit.name.strip())
            stored = await act(lambda: self._console.workflows.save(edit), done=done, fields=fields)
            if stored is not None and workflow is None:
                self._choose(stored.id)
            return stored is not None

        choices = StepChoices(
            agents={agent.id: agent.name for agent in self._console.agents.all()},
            models=[model.name for model in self._console.mapping.mapped()],
        )
        WorkflowForm(workflow, self._console.workflows.step_kinds(), choices, save)

    async def _copy(self) -> None:
        workflow = self._chosen
        if workflow is not None:
            made = await act(lambda: self._console.workflows.copy(workflow.id))
            if made is not None:
                self._choose(made.id)
                with self._root:
                    toast(tr("{name} saved", name=made.name))

    async def _delete(self) -> None:
        workflow = self._chosen
        if workflow is None:
            return
        name = workflow_name(workflow)
        agreed = await confirm(
            tr("Delete {name}?", name=name),
            tr("Its past runs stay among the executions."),
            accept=tr("Delete"),
            danger=True,
        )
        if agreed:
            done = tr("{name} deleted", name=name)
            await act(lambda: self._console.workflows.delete(workflow.id), done=done)
