"""Again: what a cell, a row or a column that shall run again asks for."""

from collections.abc import Iterable

from components.e2e.matrix import Again
from components.e2e.ranking import EMPTY, PROBLEMS
from components.e2e.run_control import RunChoice
from components.words import tr
from services.accounts.types import UserType
from services.e2e.types import Dot, LaunchRequest, Matrix


def again_request(
    again: Again, matrix: Matrix, user_types: tuple[UserType, ...]
) -> LaunchRequest | None:
    """Return the launch to start; None when nothing of it is in the matrix any more."""
    place = again.place
    kinds = (place.user_type,) if place.user_type else user_types
    if again.scope == "column":
        models = models_of_column(matrix, place.launch_no, kinds)
    else:
        known = {row.model_key for row in matrix.rows}
        models = (place.model_key,) if place.model_key in known else ()
    return LaunchRequest(models=models, user_types=kinds) if models else None


def models_of_column(
    matrix: Matrix, launch_no: int, user_types: Iterable[UserType]
) -> tuple[str, ...]:
    """Return the models that launch asked."""
    index = next((i for i, c in enumerate(matrix.columns) if c.launch_no == launch_no), None)
    if index is None:
        return ()
    kinds = tuple(map(str, user_types))
    return tuple(
        row.model_key
        for row in matrix.rows
        if any(row.cells.get(kind, "")[index : index + 1] not in ("", EMPTY) for kind in kinds)
    )


def run_requests(dots: Iterable[Dot]) -> dict[str, LaunchRequest]:
    """Return the launches of the run menu by key; `problems` only where there are some."""
    requests = {
        "all": LaunchRequest(),
        str(UserType.ANONYMOUS): LaunchRequest(user_types=(UserType.ANONYMOUS,)),
        str(UserType.PERMANENT): LaunchRequest(user_types=(UserType.PERMANENT,)),
    }
    broken = tuple(dict.fromkeys(dot.model_key for dot in dots if dot.status in PROBLEMS))
    if broken:
        requests["problems"] = LaunchRequest(models=broken)
    return requests


def run_choices(costs: dict[str, int]) -> list[RunChoice]:
    """Return the run menu with what each entry costs."""
    words = {
        "all": tr("All models, both user types"),
        str(UserType.ANONYMOUS): tr("All models, anonymous only"),
        str(UserType.PERMANENT): tr("All models, registered only"),
        "problems": tr("Only what is not OK now"),
    }
    return [RunChoice(key, words[key], cost) for key, cost in costs.items()]
