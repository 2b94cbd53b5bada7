"""Pure: check one parameter of a step by its kind."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from services.foundation.errors import InputError
from services.foundation.inputs import plain_text, whole_number
from services.workflows import placeholders
from services.workflows.types import TEXT_MAX, FieldKind, StepField

WAIT_MAX_S = 3_600
MODELS_MAX = 1_000
IDENTITIES = ("anonymous", "permanent")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parameter stands, and what it may refer to."""

    field: str  # such as steps.2.test_input
    step_no: int
    agents: Collection[int]


def check_parameter(field: StepField, value: Any, place: Place) -> None:
    """Raise InputError at the place when the value is not what the kind asks for."""
    _CHECKS[field.kind](value, place)


def _text(value: Any, place: Place) -> None:
    text = plain_text(value, place.field, TEXT_MAX, needed=True)
    placeholders.check(text, place.step_no, place.field)


def _seconds(value: Any, place: Place) -> None:
    whole_number(value, place.field, 1, WAIT_MAX_S)


def _agent(value: Any, place: Place) -> None:
    if value not in place.agents:
        raise InputError("Choose an agent", field=place.field)


def _identity(value: Any, place: Place) -> None:
    if value not in IDENTITIES:
        raise InputError("Choose anonymous or registered", field=place.field)


def _identities(value: Any, place: Place) -> None:
    names = _listed(value)
    if not names or any(name not in IDENTITIES for name in names):
        raise InputError("Choose anonymous, permanent or both", field=place.field)


def _models(value: Any, place: Place) -> None:
    names = _listed(value)
    if (value is not None and names != value) or len(names) > MODELS_MAX:
        raise InputError(
            "Must be a list of at most {limit} model keys", field=place.field, limit=MODELS_MAX
        )
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > 300:
            raise InputError("A model key is a text of 1 to 300 characters", field=place.field)


def _object(value: Any, place: Place) -> None:
    if not isinstance(value, Mapping):
        raise InputError("Must be a JSON object", field=place.field)
    for text in placeholders.texts_of(value):
        placeholders.check(plain_text(text, place.field, TEXT_MAX), place.step_no, place.field)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


_CHECKS: Mapping[FieldKind, Callable[[Any, Place], None]] = {
    FieldKind.TEXT: _text,
    FieldKind.SECONDS: _seconds,
    FieldKind.AGENT: _agent,
    FieldKind.IDENTITY: _identity,
    FieldKind.IDENTITIES: _identities,
    FieldKind.MODELS: _models,
    FieldKind.OBJECT: _object,
}
