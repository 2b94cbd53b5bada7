"""Pure: what a launch asks, in which order, and what it will cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.accounts.types import UserType
from services.e2e.types import Forecast, LaunchRequest
from services.foundation.errors import InputError

MODELS_MAX = 1_000
_ORDER = (UserType.ANONYMOUS, UserType.PERMANENT)


@dataclass(frozen=True, slots=True)
class Past:
    """The last full launch, for the forecast."""

    seconds: float
    cells: int


def to_params(request: LaunchRequest) -> dict[str, Any]:
    """Return the request as an execution keeps it."""
    return {
        "models": list(request.models),
        "user_types": [str(kind) for kind in request.user_types],
        "slot_at": request.slot_at.isoformat() if request.slot_at else None,
        "target_id": request.target_id,
        "trigger": request.trigger,
    }


def again(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the same launch by hand: the slot was served already."""
    return {**params, "slot_at": None}


def from_params(params: Mapping[str, Any], default_types: Sequence[str]) -> LaunchRequest:
    """Return the request an execution was started with; raise InputError naming the field."""
    slot = params.get("slot_at")
    target_id = params.get("target_id")
    return LaunchRequest(
        trigger=str(params.get("trigger") or "manual"),
        models=read_models(params.get("models") or ()),
        user_types=read_user_types(params.get("user_types") or default_types),
        slot_at=datetime.fromisoformat(slot) if isinstance(slot, str) else None,
        target_id=target_id if isinstance(target_id, int) else None,
    )


def read_models(value: Any) -> tuple[str, ...]:
    """Return the keys asked for, each once, in order; raise InputError."""
    names: list[Any] = list(value) if isinstance(value, list | tuple) else []  # pyright: ignore[reportUnknownArgumentType]
    if (value and not names) or len(names) > MODELS_MAX:
        raise InputError(
            "Must be a list of at most {limit} model keys", field="models", limit=MODELS_MAX
        )
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > 300:
            raise InputError("A model key is a text of 1 to 300 characters", field="models")
    return tuple(dict.fromkeys(name.strip() for name in names))


def refuse_unknown(models: Iterable[str], mapped: Iterable[str]) -> None:
    """Raise InputError naming the models that are not mapped."""
    known = set(mapped)
    unknown = [model for model in models if model not in known]
    if unknown:
        raise InputError(
            "Not mapped: {models}", field="models", models=", ".join(unknown[:20])[:400]
        )


def read_user_types(value: Any) -> tuple[UserType, ...]:
    """Return the user types asked for, anonymous first; raise InputError."""
    names: list[Any] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
    known = {str(kind) for kind in UserType}
    if not names or any(name not in known for name in names):
        raise InputError("Choose anonymous, permanent or both", field="user_types")
    return tuple(kind for kind in _ORDER if kind in names)


def is_partial(request: LaunchRequest, configured: Iterable[str]) -> bool:
    """Whether the launch leaves out models or user types that a scheduled one asks."""
    return bool(request.models) or not set(configured) <= {str(kind) for kind in request.user_types}


def forecast(
    request: LaunchRequest,
    *,
    models: int,
    failing_providers: int,
    past: Past | None,
    launches_per_day: int,
    daily_types: int,
) -> Forecast:
    """Return what the launch costs; models is how many are mapped when the request names none."""
    asked = len(request.models) or models
    cells = asked * len(request.user_types)
    legs = min(failing_providers, asked) + 1 if failing_providers else 0
    seconds = None
    if past is not None and past.cells > 0:
        seconds = max(1, round(past.seconds * cells / past.cells)) if cells else 0
    return Forecast(
        conversations=cells + legs,
        sign_ins=len(request.user_types) if asked else 0,
        seconds=seconds,
        per_day=models * daily_types * launches_per_day,
    )
