"""What an import found, took and left out, row by row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.foundation.messages import Message

KIND = "import"  # of its executions
UPLOAD_BYTES = 512 * 1024 * 1024


class Fate(StrEnum):
    """What became of a row of the file."""

    ADDED = "added"
    KNOWN = "known"  # it is here already, by this file or by itself
    CHANGED = "changed"  # a row that is here got something from it
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file and what became of it."""

    table: str
    row: str  # as a person would name it
    fate: Fate
    reasons: tuple[Message, ...] = ()  # why it was skipped, or what is remarkable about it


@dataclass(frozen=True, slots=True)
class TableCount:
    """How the rows of one table fared."""

    table: str
    found: int
    added: int
    known: int
    changed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of one import or of its rehearsal."""

    file: str
    source: str  # the file's identity
    is_rehearsal: bool
    target: str  # the service under test that runs and test users belong to
    lines: tuple[Line, ...] = ()
    notes: tuple[Message, ...] = ()  # about a table or the file as a whole
    secrets_moved: int = 0
    left: Mapping[str, int] = field(default_factory=dict[str, int])  # rows of tables never taken

    @property
    def tables(self) -> tuple[TableCount, ...]:
        """The counts of each table, in the order they were read."""
        by_table: dict[str, Counter[Fate]] = {}
        for line in self.lines:
            by_table.setdefault(line.table, Counter())[line.fate] += 1
        return tuple(
            TableCount(
                table,
                found.total(),
                found[Fate.ADDED],
                found[Fate.KNOWN],
                found[Fate.CHANGED],
                found[Fate.SKIPPED],
            )
            for table, found in by_table.items()
        )

    @property
    def remarks(self) -> tuple[Line, ...]:
        """The lines with something to say."""
        return tuple(line for line in self.lines if line.reasons)

    def count(self, fate: Fate) -> int:
        """Return how many rows fared so."""
        return sum(line.fate is fate for line in self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether taking it would change nothing."""
        return not (self.count(Fate.ADDED) or self.count(Fate.CHANGED))
