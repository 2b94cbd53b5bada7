"""Drafts: the steps of an editor, and how placeholders follow a step that moves."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.workflows.types import FieldKind, OnFailure, Step, StepKind

_STEP = re.compile(r"\{\{\s*step(\d{1,3})\.(output|status|error|name)\s*\}\}")
GONE = "gone"


@dataclass(slots=True, eq=False)
class Draft:
    """One step while it is edited; texts are kept as typed."""

    kind: str
    name: str = ""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    timeout_s: Any = 600
    retries: Any = 0
    on_failure: OnFailure = OnFailure.STOP


def new_draft(kind: StepKind) -> Draft:
    """Return a step of the kind with its defaults."""
    values = {one.name: one.default for one in kind.fields}
    draft = Draft(kind.name, values=values, timeout_s=kind.timeout_s)
    return from_step(to_step(draft, kind), kind)


def from_step(step: Step, kind: StepKind | None) -> Draft:
    """Return the stored step as a draft; a free-form object becomes its JSON text."""
    values = dict(step.params)
    free = _free_field(kind)
    if free:
        values = {free: json.dumps(step.params, ensure_ascii=False, indent=2)}
    return Draft(step.kind, step.name, values, step.timeout_s, step.retries, step.on_failure)


def to_step(draft: Draft, kind: StepKind | None) -> Step:
    """Return the step to store; a text that is no JSON object is passed on and refused there."""
    params: Any = dict(draft.values)
    free = _free_field(kind)
    if free:
        params = read_object(draft.values.get(free))
    return Step(
        kind=draft.kind,
        name=draft.name,
        params=params,
        timeout_s=draft.timeout_s,
        retries=draft.retries,
        on_failure=draft.on_failure,
    )


def read_object(text: Any) -> Any:
    """Return the JSON value of a text; what is no JSON comes back as it is."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def moved(drafts: Sequence[Draft], start: int, end: int) -> list[Draft]:
    """Return the drafts with one at another place; placeholders go on naming the same steps."""
    order = list(range(len(drafts)))
    order.insert(end, order.pop(start))
    numbers = {old + 1: new + 1 for new, old in enumerate(order)}
    return [_renumbered(drafts[old], numbers) for old in order]


def without(drafts: Sequence[Draft], at: int) -> list[Draft]:
    """Return the drafts without one; what named it says so and is refused when it is saved."""
    left = [draft for index, draft in enumerate(drafts) if index != at]
    numbers = {n: n - (n > at + 1) for n in range(1, len(drafts) + 1) if n != at + 1}
    return [_renumbered(draft, numbers) for draft in left]


def _renumbered(draft: Draft, numbers: Mapping[int, int]) -> Draft:
    def renumber(hole: "re.Match[str]") -> str:
        no = int(hole.group(1))
        if no not in numbers:
            return "{{" + f"{GONE}.{hole.group(2)}" + "}}"
        return "{{" + f"step{numbers[no]}.{hole.group(2)}" + "}}"

    for name, value in draft.values.items():
        if isinstance(value, str):
            draft.values[name] = _STEP.sub(renumber, value)
    return draft


def _free_field(kind: StepKind | None) -> str:
    fields = () if kind is None else kind.fields
    return next((one.name for one in fields if one.kind is FieldKind.OBJECT), "")
