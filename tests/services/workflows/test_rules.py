"""Rules: what a workflow may hold, each refusal at its field."""

from dataclasses import replace
from typing import Any

import pytest

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.errors import InputError
from services.workflows import rules
from services.workflows.starter import starter_steps
from services.workflows.step_kinds import step_kinds
from services.workflows.types import OnFailure, Step, StepKind, WorkflowEdit


async def _work(_params: Any, _control: Control) -> Ending:
    return Ending(ExecutionState.SUCCEEDED)


def kinds(*names: str) -> dict[str, StepKind]:
    return step_kinds(ExecutionKind(name, name.title(), "bolt", _work) for name in names)


KINDS = kinds("agent_test", "e2e", "probe", "wait", "report", "polish")
ASK = Step("agent_test", params={"agent_id": 7, "test_input": "Hi", "user_type": "anonymous"})
WAIT = Step("wait", params={"seconds": 3})
REPORT = Step("report", params={"text": "{{steps}}"})


def check(*steps: Step, name: str = "Nightly", taken: tuple[str, ...] = ()) -> dict[str, Any]:
    edit = WorkflowEdit(None, name, "", steps)
    return rules.check(edit, taken=taken, kinds=KINDS, agents=[7])


def test_a_good_workflow_is_stored_as_it_is_and_read_back_the_same() -> None:
    steps = (ASK, Step("e2e", "Ask all", {"models": [], "user_types": ["permanent"]}), WAIT, REPORT)
    values = check(*steps, name="  Nightly ")
    assert values["name"] == "Nightly"
    assert tuple(rules.read_step(step) for step in values["steps"]) == steps


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (Step("nonsense"), "steps.2"),
        (Step("workflow"), "steps.2"),
        (replace(ASK, timeout_s=0), "steps.2.timeout_s"),
        (replace(ASK, timeout_s=7_201), "steps.2.timeout_s"),
        (replace(ASK, timeout_s="5"), "steps.2.timeout_s"),  # type: ignore[arg-type]
        (replace(ASK, retries=4), "steps.2.retries"),
        (replace(ASK, retries=True), "steps.2.retries"),
        (replace(ASK, name="x" * 81), "steps.2.name"),
        (replace(ASK, params={**ASK.params, "agent_id": 8}), "steps.2.agent_id"),
        (replace(ASK, params={**ASK.params, "test_input": " "}), "steps.2.test_input"),
        (replace(ASK, params={**ASK.params, "test_input": "x" * 5_001}), "steps.2.test_input"),
        (
            replace(ASK, params={**ASK.params, "test_input": "{{step2.output}}"}),
            "steps.2.test_input",
        ),
        (replace(ASK, params={**ASK.params, "test_input": "{{x}}"}), "steps.2.test_input"),
        (replace(ASK, params={**ASK.params, "user_type": "robot"}), "steps.2.user_type"),
        (replace(ASK, params={**ASK.params, "temperature": 1}), "steps.2"),
        (Step("wait", params={"seconds": 0}), "steps.2.seconds"),
        (Step("wait"), "steps.2.seconds"),
        (Step("e2e", params={"models": "gpt", "user_types": ["anonymous"]}), "steps.2.models"),
        (Step("e2e", params={"models": [""], "user_types": ["anonymous"]}), "steps.2.models"),
        (Step("e2e", params={"models": [], "user_types": []}), "steps.2.user_types"),
        (Step("polish", params={"text": "{{step9.output}}"}), "steps.2.params"),
    ],
)
def test_a_bad_step_is_refused_at_its_field(step: Step, field: str) -> None:
    with pytest.raises(InputError) as refused:
        check(WAIT, step)
    assert refused.value.field == field


def test_a_kind_nobody_described_takes_any_object() -> None:
    step = Step("polish", params={"users": 5, "note": "{{step1.output}}", "deep": {"a": [1]}})
    assert check(WAIT, step)["steps"][1]["params"] == step.params


@pytest.mark.parametrize(
    ("steps", "name", "field"),
    [
        ((), "Nightly", "steps"),
        ((WAIT,) * 21, "Nightly", "steps"),
        ((WAIT,), " ", "name"),
        ((WAIT,), "x" * 81, "name"),
        ((WAIT,), "MORNING", "name"),
        ((WAIT,), "a\x07b", "name"),
    ],
)
def test_a_bad_whole_is_refused_at_its_field(
    steps: tuple[Step, ...], name: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        check(*steps, name=name, taken=("Morning",))
    assert refused.value.field == field


def test_a_stored_step_of_another_shape_gets_defaults() -> None:
    step = rules.read_step({"kind": "wait", "params": None, "on_failure": "explode"})
    assert step == Step("wait", params={}, on_failure=OnFailure.STOP)


def test_a_workflow_is_never_a_step_and_the_offer_has_a_stable_order() -> None:
    offered = kinds("workflow", "import", "report", "wait", "backup", "zeta", "e2e", "alpha")
    assert list(offered) == ["e2e", "backup", "wait", "report", "alpha", "zeta"]


def test_the_starter_takes_the_kinds_that_exist_and_always_reports() -> None:
    names = [step.kind for step in starter_steps(kinds("probe", "e2e", "report", "wait"))]
    assert names == ["probe", "e2e", "report"]
    with_sync = starter_steps(kinds("sync", "probe", "e2e", "report"))
    assert [step.kind for step in with_sync] == ["sync", "probe", "e2e", "report"]
    assert {step.on_failure for step in with_sync} == {OnFailure.CONTINUE}
