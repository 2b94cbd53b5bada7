"""What an import found, took and left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not taken, and why."""

    row: str  # its natural key, or its place
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of one import or of its rehearsal."""

    file: str
    is_rehearsal: bool
    runs_found: int = 0
    runs_new: int = 0
    runs_known: int = 0  # taken by an earlier import
    results_new: int = 0
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[Skipped, ...] = ()  # taken, with something lost
    left: Mapping[str, int] = field(default_factory=dict[str, int])  # rows of tables not taken
