"""Waterfall: the stages of one conversation as bars on one axis."""

from dataclasses import dataclass

from components.words import word
from services.e2e.types import Cell


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: where it begins and how long it took, in ms since sign-in began."""

    name: str  # msgid
    start_ms: int
    length_ms: int

    @property
    def end_ms(self) -> int:
        """When the stage was over."""
        return self.start_ms + self.length_ms


def bars(cell: Cell) -> list[Bar]:
    """Return sign-in → POST accepted → first event → first delta → completed, as far as it came.

    The cell's own times count from the POST; sign-in, shared by the run, stands before it.
    """
    made: list[Bar] = []
    offset = cell.signin_ms or 0
    if cell.signin_ms is not None:
        made.append(Bar(word("Sign-in (once a run)"), 0, cell.signin_ms))
    before = 0
    for name, at in (
        (word("POST accepted"), cell.accepted_ms),
        (word("First event"), cell.first_event_ms),
        (word("First text (TTFT)"), cell.ttft_ms),
        (word("To the end"), cell.latency_ms),
    ):
        if at is None:
            continue
        made.append(Bar(name, offset + before, max(0, at - before)))
        before = max(before, at)
    return made


def total_ms(made: list[Bar]) -> int:
    """Return the length of the axis; never 0."""
    return max((bar.end_ms for bar in made), default=0) or 1
