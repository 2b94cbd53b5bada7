"""Troubles: what is broken now, folded by root cause: one line a cause and provider."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.dashboard.root_cause import is_folded
from components.status.looks import RED, SEVERITY
from services.e2e.types import Cause, CellStatus, Dot, Health

SHOWN = frozenset({*RED, CellStatus.LIMITED, CellStatus.SLOW})
_SIDES_OF_ALL = frozenset({Cause.CONSOLE, Cause.SIGNIN, Cause.GATEWAY})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line: whose fault, how many models, why, since when."""

    status: CellStatus
    cause: Cause
    provider: str  # empty where the cause is not one provider's
    models: tuple[str, ...]
    cells: int
    error: str  # the one reason, or empty when there are several
    since: datetime | None
    streak: int  # how many launches in a row, of the longest
    cell_id: int  # a cell to open


def fold(health: Health) -> list[Trouble]:
    """Return the troubles, worst first, then by number of models."""
    groups: dict[tuple[CellStatus, Cause, str], list[Dot]] = {}
    for dot in health.dots:
        if dot.status in SHOWN and not is_folded(health, dot):
            groups.setdefault(_key(dot), []).append(dot)
    troubles = [_trouble(*key, dots) for key, dots in groups.items()]
    return sorted(troubles, key=lambda one: (SEVERITY[one.status], -len(one.models), one.provider))


def _is_sign_in(dot: Dot) -> bool:
    return dot.status is CellStatus.SIGNIN_FAILED


def _key(dot: Dot) -> tuple[CellStatus, Cause, str]:
    is_general = dot.cause in _SIDES_OF_ALL or _is_sign_in(dot)
    return dot.status, dot.cause, "" if is_general else dot.provider


def _trouble(status: CellStatus, cause: Cause, provider: str, dots: Sequence[Dot]) -> Trouble:
    errors = {dot.error for dot in dots}
    times = [dot.since for dot in dots if dot.since is not None]
    return Trouble(
        status=status,
        cause=cause,
        provider=provider,
        models=_names(dots),
        cells=len(dots),
        error=errors.pop() if len(errors) == 1 else "",
        since=min(times, default=None),
        streak=max(dot.streak for dot in dots),
        cell_id=max(dots, key=lambda dot: dot.streak).cell_id,
    )


def _names(dots: Iterable[Dot]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dot.model_key for dot in dots))
