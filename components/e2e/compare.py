"""Compare: what differs between a cell and the last good one before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.e2e.evidence import prompt_text
from components.primitives.formats import NOTHING, duration_text
from components.words import tr, word
from services.e2e.types import Cell, CheckResult

FACTOR = 1.5  # a time this many times longer than before is worth marking


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact then and now."""

    name: str  # msgid
    before: str
    now: str
    is_changed: bool


def differences(last_ok: Cell, cell: Cell) -> list[Difference]:
    """Return the compared facts, changed ones first, otherwise in the order of their weight."""
    facts = [_fact(name, read, last_ok, cell) for name, read in _FACTS]
    facts += [_time(name, read, last_ok, cell) for name, read in _TIMES]
    return sorted(facts, key=lambda fact: not fact.is_changed)


def first_differing_check(last_ok: Cell, cell: Cell) -> CheckResult | None:
    """Return the first check that passed then and not now; None when there is none."""
    before = {check.name: check.ok for check in last_ok.checks}
    return next(
        (
            check
            for check in cell.checks
            if check.ok is False and before.get(check.name) is not False
        ),
        None,
    )


def what_changed(changes: Sequence[Difference]) -> str:
    """Return one sentence that names what changed in between."""
    names = [tr(change.name) for change in changes if change.is_changed]
    if not names:
        return tr("Nothing on our side changed in between.")
    return tr("Changed in between: {names}.", names=tr(", ").join(names))


def has_config_change(last_ok: Cell, cell: Cell) -> bool:
    """Whether a prompt or a mapping changed in between, so that rolling back may help."""
    return any(
        change.is_changed for change in differences(last_ok, cell) if change.name in _ROLLED_BACK
    )


_ROLLED_BACK = (word("Prompt"), word("Resolved model"), word("Endpoint"))
_FACTS: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    (word("Prompt"), prompt_text),
    (word("Resolved model"), lambda cell: cell.resolved_model),
    (word("Endpoint"), lambda cell: "" if cell.endpoint_id is None else f"#{cell.endpoint_id}"),
    (word("Result mode"), lambda cell: cell.result_mode_effective),
)
_TIMES: tuple[tuple[str, Callable[[Cell], int | None]], ...] = (
    (word("TTFT"), lambda cell: cell.ttft_ms),
    (word("Total time"), lambda cell: cell.latency_ms),
)


def _fact(name: str, read: Callable[[Cell], str], last_ok: Cell, cell: Cell) -> Difference:
    before, now = read(last_ok), read(cell)
    # A fact that a failed call never reached is unknown, not changed.
    return Difference(
        name, before or NOTHING, now or NOTHING, bool(before and now) and before != now
    )


def _time(name: str, read: Callable[[Cell], int | None], last_ok: Cell, cell: Cell) -> Difference:
    before, now = read(last_ok), read(cell)
    is_slower = before is not None and now is not None and now > before * FACTOR
    return Difference(name, duration_text(before), duration_text(now), is_slower)
