"""Stepper: the steps of a workflow in order, and what became of each in one run."""

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui

from components.primitives.button import icon
from components.primitives.formats import duration_text
from components.primitives.status_dot import StatusDot
from components.status.looks import EXECUTION_LOOKS
from components.words import tr, trn
from services.workflows.types import OnFailure, Step, StepKind, StepOutcome, Workflow, WorkflowRun

SAID_MOST = 500


class Stepper(ui.element):
    """One row a step; a running one is lit."""

    def __init__(self, kinds: Callable[[], Mapping[str, StepKind]]) -> None:
        """Start empty."""
        super().__init__("div")
        self.classes("ga-steps").props("role=list")
        self._kinds = kinds

    def show(self, workflow: Workflow, run: WorkflowRun | None) -> None:
        """Draw the steps of the run, or of the workflow where it has not run."""
        kinds = self._kinds()
        outcomes = run.steps if run is not None else ()
        self.clear()
        with self:
            if outcomes:
                steps = workflow.steps if len(workflow.steps) == len(outcomes) else ()
                for outcome in outcomes:
                    same = steps[outcome.no - 1] if steps else None
                    self._row(outcome, kinds, same if same and same.kind == outcome.kind else None)
            else:
                for no, step in enumerate(workflow.steps, 1):
                    self._row(StepOutcome(no, step.kind, step.name), kinds, step)

    def _row(self, outcome: StepOutcome, kinds: Mapping[str, StepKind], step: Step | None) -> None:
        kind = kinds.get(outcome.kind)
        label = outcome.kind if kind is None else tr(kind.label)
        is_named = outcome.name not in ("", outcome.kind)
        with ui.element("div").classes("ga-step").props("role=listitem") as row:
            if outcome.state is not None:
                row.props["data-tone"] = EXECUTION_LOOKS[outcome.state].tone
            ui.label(str(outcome.no)).classes("ga-step__no")
            icon("help" if kind is None else kind.icon)
            with ui.element("div").classes("gb-row gb-wrap"):
                ui.label(outcome.name if is_named else label).classes("t-table t-strong t-clip")
                if is_named:
                    ui.label(label).classes("t-meta c-faint")
                if step is not None:
                    ui.label(rule_text(step)).classes("t-meta c-faint")
            _end(outcome)
            if said := said_by(outcome):
                ui.label(said).classes("ga-step__said t-mono t-wrap")


def _end(outcome: StepOutcome) -> None:
    with ui.element("div").classes("ga-step__end"):
        if outcome.tries > 1:
            ui.label(tr("Try {n}", n=outcome.tries)).classes("t-meta c-faint")
        if outcome.duration_ms is not None:
            ui.label(duration_text(outcome.duration_ms)).classes("t-meta c-muted")
        if outcome.state is not None:
            look = EXECUTION_LOOKS[outcome.state]
            StatusDot(look.tone, look.shape, look.weight, look.label)
        if outcome.execution_id:
            path = f"/executions/{outcome.execution_id}"
            ui.link(tr("Open"), path).classes("gb-link t-meta")


def rule_text(step: Step) -> str:
    """Return limits of a step in one line; what is usual is left out."""
    parts: list[str] = []
    if step.retries:
        parts.append(trn("{n} more try", "{n} more tries", step.retries))
    if step.on_failure is OnFailure.CONTINUE:
        parts.append(tr("goes on after a failure"))
    return " · ".join(parts)


def said_by(outcome: StepOutcome) -> str:
    """Return what a step said, its error first, shortened."""
    text = "\n".join(part.strip() for part in (outcome.error, outcome.output) if part.strip())
    return text if len(text) <= SAID_MOST else text[:SAID_MOST] + "…"


def good_text(steps: Sequence[StepOutcome]) -> str:
    """Return how many steps succeeded, such as 2/3."""
    good = sum(step.state is not None and str(step.state) == "succeeded" for step in steps)
    return f"{good}/{len(steps)}"
