"""Pure: what a workflow may hold; every refusal names its field, such as `steps.2.timeout_s`."""

from collections.abc import Collection, Mapping
from typing import Any

from services.foundation.errors import InputError
from services.foundation.inputs import free_name, plain_text, whole_number
from services.workflows.parameters import Place, check_parameter
from services.workflows.types import (
    RETRIES_MAX,
    STEPS_MAX,
    FieldKind,
    OnFailure,
    Step,
    StepKind,
    WorkflowEdit,
)

NAME_MAX = 80
DESCRIPTION_MAX = 500
TIMEOUT_MAX_S = 7_200


def check(
    edit: WorkflowEdit,
    *,
    taken: Collection[str],
    kinds: Mapping[str, StepKind],
    agents: Collection[int],
) -> dict[str, Any]:
    """Return the column values; raise InputError naming the field."""
    name = free_name(edit.name, taken, NAME_MAX)
    if not edit.steps:
        raise InputError("A workflow needs a step", field="steps")
    if len(edit.steps) > STEPS_MAX:
        raise InputError("At most {count} steps", field="steps", count=STEPS_MAX)
    steps = [_step(step, no, kinds, agents) for no, step in enumerate(edit.steps, 1)]
    description = plain_text(edit.description, "description", DESCRIPTION_MAX)
    return {"name": name, "description": description, "steps": steps}


def read_step(stored: Mapping[str, Any]) -> Step:
    """Return the step of a stored or received object; what is missing gets its default."""
    params = stored.get("params")
    rule = stored.get("on_failure")
    return Step(
        kind=str(stored.get("kind", "")),
        name=str(stored.get("name", "")),
        params=params if isinstance(params, dict) else {},  # pyright: ignore[reportUnknownArgumentType]
        timeout_s=stored.get("timeout_s", 600),
        retries=stored.get("retries", 0),
        on_failure=OnFailure(rule) if rule in list(OnFailure) else OnFailure.STOP,
    )


def write_step(step: Step) -> dict[str, Any]:
    """Return the step as it is stored and travels."""
    return {
        "kind": step.kind,
        "name": step.name,
        "params": dict(step.params),
        "timeout_s": step.timeout_s,
        "retries": step.retries,
        "on_failure": str(step.on_failure),
    }


def _step(
    step: Step, no: int, kinds: Mapping[str, StepKind], agents: Collection[int]
) -> dict[str, Any]:
    at = f"steps.{no}"
    kind = kinds.get(step.kind)
    if kind is None:
        raise InputError("There is no kind of step called {name}", field=at, name=step.kind[:40])
    plain_text(step.name, f"{at}.name", NAME_MAX)
    whole_number(step.timeout_s, f"{at}.timeout_s", 1, TIMEOUT_MAX_S)
    whole_number(step.retries, f"{at}.retries", 0, RETRIES_MAX)
    known = {field.name for field in kind.fields}
    is_free = any(field.kind is FieldKind.OBJECT for field in kind.fields)
    for name in step.params:
        if name not in known and not is_free:
            raise InputError("This kind of step takes no {name}", field=at, name=str(name)[:40])
    for field in kind.fields:
        value = step.params if field.kind is FieldKind.OBJECT else step.params.get(field.name)
        check_parameter(field, value, Place(f"{at}.{field.name}", no, agents))
    return write_step(step)
