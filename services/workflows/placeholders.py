"""Pure: {{step1.output}} and its like: find, check and fill; plain text, nothing is evaluated."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.foundation.errors import InputError
from services.workflows.types import StepOutcome

INSERT_MAX = 20_000  # characters of one earlier output that are put in
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_HOLE = re.compile(r"\{\{([^{}]*)\}\}")
_STEP = re.compile(r"step(\d{1,3})\.(output|status|error|name)")
WORKFLOW_NAME = "workflow.name"
ALL_STEPS = "steps"


def check(text: str, step_no: int, field: str) -> None:
    """Raise InputError when a placeholder of step `step_no` is unknown or not of an earlier step."""
    for hole in _HOLE.findall(text):
        name = hole.strip()
        if name in (WORKFLOW_NAME, ALL_STEPS):
            continue
        found = _STEP.fullmatch(name)
        if found is None:
            raise InputError("{hole} is no placeholder", field=field, hole=_shown(name))
        if not 1 <= int(found.group(1)) < step_no:
            raise InputError(
                "{hole} must name an earlier step: this is step {no}",
                field=field,
                hole=_shown(name),
                no=step_no,
            )


def fill(text: str, name: str, earlier: Sequence[StepOutcome], most: int) -> str:
    """Return the text with every placeholder replaced once, cut to `most` characters."""
    values = _values(name, earlier)

    def value_of(hole: "re.Match[str]") -> str:
        return values.get(hole.group(1).strip(), hole.group(0))

    filled = _HOLE.sub(value_of, text)  # one pass: what is put in is never looked at again
    return filled if len(filled) <= most else filled[: most - 1] + "…"


def fill_object(value: Any, name: str, earlier: Sequence[StepOutcome], most: int) -> Any:
    """Return a copy of a JSON value in which the placeholders of every text are replaced."""
    if isinstance(value, str):
        return fill(value, name, earlier, most)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {key: fill_object(part, name, earlier, most) for key, part in fields.items()}
    if isinstance(value, list | tuple):
        return [fill_object(p, name, earlier, most) for p in cast("Sequence[Any]", value)]
    return value


def texts_of(value: Any) -> list[str]:
    """Return every text inside a JSON value."""
    if isinstance(value, str):
        return [value]
    parts: list[Any] = []
    if isinstance(value, Mapping):
        parts = list(cast("Mapping[str, Any]", value).values())
    elif isinstance(value, list | tuple):
        parts = list(cast("Sequence[Any]", value))
    return [text for part in parts for text in texts_of(part)]


def steps_text(outcomes: Sequence[StepOutcome]) -> str:
    """Return what became of the steps as a Markdown list, the same in every language."""
    lines: list[str] = []
    for outcome in outcomes:
        state = str(outcome.state) if outcome.state is not None else "–"
        took = "" if outcome.duration_ms is None else f" · {outcome.duration_ms / 1000:.1f} s"
        lines.append(f"{outcome.no}. **{outcome.name}** · `{state}`{took}")
        said = outcome.output.strip() or outcome.error.strip()
        lines += [f"   > {line}" for line in said[:2_000].splitlines()[:20] if line.strip()]
    return "\n".join(lines)


def _values(name: str, earlier: Sequence[StepOutcome]) -> dict[str, str]:
    values = {WORKFLOW_NAME: name, ALL_STEPS: steps_text(earlier)}
    for outcome in earlier:
        state = "" if outcome.state is None else str(outcome.state)
        values |= {
            f"step{outcome.no}.output": outcome.output[:INSERT_MAX],
            f"step{outcome.no}.status": state,
            f"step{outcome.no}.error": outcome.error,
            f"step{outcome.no}.name": outcome.name,
        }
    return {hole: _CONTROL.sub("\ufffd", value) for hole, value in values.items()}


def _shown(name: str) -> str:
    return "{{" + name[:40] + "}}"
