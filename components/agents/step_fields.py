"""Step fields: one control for each kind of parameter of a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nicegui import ui

from components.agents.drafts import Draft
from components.primitives.field import Field, long_field, number_field
from components.primitives.toolbar import Segment
from components.words import tr
from services.workflows.types import TEXT_MAX, FieldKind, StepField

HOLES = ("output", "status", "error", "name")


@dataclass(frozen=True, slots=True)
class StepChoices:
    """What parameters can be chosen from."""

    agents: Mapping[int, str]  # number to name
    models: Sequence[str]  # keys mapped now
    earlier: Sequence[str] = field(default=())  # labels of the steps before this one


def step_field(one: StepField, draft: Draft, choices: StepChoices) -> Field:
    """Return the field of a parameter; what is typed goes into the draft at once."""
    made = _MAKERS[one.kind](one, draft, choices)
    is_wide = one.kind in (FieldKind.TEXT, FieldKind.OBJECT)
    return made.classes("gb-form__wide") if is_wide else made


def _keep(draft: Draft, name: str, value: Any) -> None:
    draft.values[name] = value


def _text(one: StepField, draft: Draft, choices: StepChoices) -> Field:
    made = long_field(
        tr(one.label),
        str(draft.values.get(one.name) or ""),
        most=TEXT_MAX,
        on_change=hear(lambda value: _keep(draft, one.name, value or "")),
    )
    with made:
        _hole_buttons(made, choices.earlier)
    return made


def _hole_buttons(made: Field, earlier: Sequence[str]) -> None:
    """Draw what can be put into the text: a click adds it at the end."""
    holes: dict[str, str] = {"{{workflow.name}}": tr("Name of the workflow")}
    if earlier:
        holes["{{steps}}"] = tr("What became of every earlier step")
    for no, label in enumerate(earlier, 1):
        holes["{{" + f"step{no}.output" + "}}"] = tr(
            "What step {no} ({name}) said", no=no, name=label
        )
        holes["{{" + f"step{no}.status" + "}}"] = tr(
            "How step {no} ({name}) ended", no=no, name=label
        )
    with ui.element("div").classes("ga-holes"):
        ui.label(tr("Put in:")).classes("t-meta c-faint")
        for hole, title in holes.items():
            chip = ui.element("button").classes("ga-hole").props("type=button")
            chip.props["title"] = title
            with chip:
                ui.label(hole)
            chip.on("click", partial(_put_in, made, hole))


def _put_in(made: Field, hole: str) -> None:
    text = str(made.control.value or "")
    gap = "" if not text or text[-1].isspace() else " "
    made.control.set_value(f"{text}{gap}{hole}")
    made.control.run_method("focus")


def _object(one: StepField, draft: Draft, _choices: StepChoices) -> Field:
    hint = tr("Placeholders such as {hole} are filled in every text", hole="{{step1.output}}")
    made = long_field(
        tr(one.label),
        str(draft.values.get(one.name) or "{}"),
        most=TEXT_MAX,
        hint=hint,
        on_change=hear(lambda value: _keep(draft, one.name, value or "")),
    )
    made.control.classes("t-mono")
    return made


def _seconds(one: StepField, draft: Draft, _choices: StepChoices) -> Field:
    made = number_field(tr(one.label), draft.values.get(one.name), low=1, high=3_600, unit=tr("s"))
    made.control.on_value_change(hear(lambda value: _keep(draft, one.name, whole(value))))
    return made


def _agent(one: StepField, draft: Draft, choices: StepChoices) -> Field:
    named = {str(number): name for number, name in choices.agents.items()}
    chosen = str(draft.values.get(one.name) or "")
    hint = "" if named else tr("There is no agent yet: make one in the other tab")
    made = Field(tr(one.label), hint)
    made.hold(ui.select(named, value=chosen if chosen in named else None))
    made.control.on_value_change(
        hear(lambda value: _keep(draft, one.name, int(value) if value else None))
    )
    return made


def _identity(one: StepField, draft: Draft, _choices: StepChoices) -> Field:
    made = Field(tr(one.label))
    choices = {"anonymous": tr("Anonymous"), "permanent": tr("Registered")}
    chosen = str(draft.values.get(one.name) or "anonymous")
    keep: Callable[[str], object] = partial(_keep, draft, one.name)
    made.hold(Segment(choices, chosen, keep, name=tr(one.label)))
    return made


def _identities(one: StepField, draft: Draft, _choices: StepChoices) -> Field:
    made = Field(tr(one.label))
    choices = {
        "anonymous,permanent": tr("Anonymous and registered"),
        "anonymous": tr("Anonymous"),
        "permanent": tr("Registered"),
    }
    chosen = ",".join(sorted(draft.values.get(one.name) or ()))

    def keep(value: str) -> None:
        _keep(draft, one.name, value.split(","))

    made.hold(Segment(choices, chosen, keep, name=tr(one.label)))
    return made


def _models(one: StepField, draft: Draft, choices: StepChoices) -> Field:
    made = Field(tr(one.label), tr("Empty: every mapped model"))
    chosen: list[str] = list(draft.values.get(one.name) or ())
    keys = list(dict.fromkeys([*choices.models, *chosen]))
    control = ui.select(keys, value=chosen, multiple=True, with_input=True, clearable=True)
    control.props("use-chips")
    control.on_value_change(hear(lambda value: _keep(draft, one.name, list(value or ()))))
    made.hold(control)
    return made


def hear(keep: Callable[[Any], object]) -> Callable[[Any], None]:
    """Return the listener of a control that passes its new value on."""

    def heard(event: Any) -> None:
        keep(event.value)

    return heard


def whole(value: Any) -> Any:
    """Return 30 for the 30.0 of a number control; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_MAKERS: Mapping[FieldKind, Callable[[StepField, Draft, StepChoices], Field]] = {
    FieldKind.TEXT: _text,
    FieldKind.SECONDS: _seconds,
    FieldKind.AGENT: _agent,
    FieldKind.IDENTITY: _identity,
    FieldKind.IDENTITIES: _identities,
    FieldKind.MODELS: _models,
    FieldKind.OBJECT: _object,
}
