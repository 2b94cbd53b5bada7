"""What one import carries from row to row, and what a taker makes of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.imports.cells import Cells
from services.imports.layout import SECRETS
from services.imports.types import Fate
from services.settings.types import AppSettings, Preferences
from services.targets.types import Target

PLANNED = -1  # the place of a row that a rehearsal would have stored
Secret = tuple[
    str, str
]  # a name in the secret store, with {id} for the row's number here; the value


@dataclass(slots=True)
class Trip:
    """One import through one file."""

    source: str
    now: datetime
    target: Target
    preferences: Preferences
    app: AppSettings
    is_rehearsal: bool
    test_users: set[str] = field(default_factory=set[str])  # ids of test users of the file
    notes: list[Message] = field(default_factory=list[Message])
    _places: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])

    def note(self, message: Message) -> None:
        """Add what is to be said of a whole table, once."""
        if message not in self.notes:
            self.notes.append(message)

    def settle(self, table: str, there: int | None, local_key: str) -> None:
        """Remember where a row of the file is here."""
        if there is not None:
            is_number = local_key.isascii() and local_key.isdigit()
            self._places[table, there] = int(local_key) if is_number else PLANNED

    def place(self, table: str, there: int | None) -> int | None:
        """Return the number a row of the file has here; None where it was not taken."""
        return None if there is None else self._places.get((table, there))


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier import noted of a row."""

    digest: str
    local_key: str
    counted: Mapping[str, int]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of one row; `write` does it and returns the key it has here."""

    fate: Fate
    reasons: Sequence[Message] = ()
    local_key: str = ""
    write: Callable[[Session], str] | None = None
    counted: Mapping[str, int] = field(default_factory=dict[str, int])


class Taker(ABC):
    """Who knows what the rows of one table become."""

    table = ""
    book = ""  # the kind under which the log of changes records it; empty: it does not
    batch = 0  # rows in one transaction; 0: the whole table
    present: set[str] | None = None  # keys of here, where other tables point at them

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:  # noqa: B027  # most need nothing
        """Read what is here; `rows` are those of the file where the table goes in one piece."""

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return its number in the file, with the time that tells it from one of a diverged copy."""
        number = row.whole("id")
        if number is None:
            raise InputError("It has no id")
        return (str(number), row.text("created_at", 60))

    @abstractmethod
    def first(self, trip: Trip, row: Cells) -> Taken:
        """Return what becomes of a row that was never looked at; raise InputError."""

    def again(self, trip: Trip, row: Cells, kept: Kept) -> Taken:
        """Return what becomes of a row an earlier import took: what is here stays as it is."""
        del trip
        reasons: list[Message] = []
        if self.present is not None and kept.local_key not in self.present:
            reasons.append(say("It was deleted here since and is not brought back"))
        elif self.digest(row) != kept.digest:
            reasons.append(say("It has changed in the file since it was taken; what is here stays"))
        return Taken(Fate.KNOWN, reasons, kept.local_key)

    def secrets(self, row: Cells) -> Sequence[Secret]:
        """Return what of the row belongs into the secret store; most tables hold none."""
        del row
        return ()

    def finish(self, session: Session, trip: Trip) -> None:  # noqa: B027  # most settle nothing
        """Settle what only the whole table tells, within its transaction; not in a rehearsal."""

    def digest(self, row: Cells) -> str:
        """Return the fingerprint of the row."""
        return row.digest(SECRETS.get(self.table, ()))


def shown_name(row: Cells) -> str:
    """Return what a person would call the row."""
    for name in ("name", "email", "label", "key", "run_id", "message_id", "model"):
        text = row.text(name, 80).strip()
        if text:
            number = row.whole("id")
            return text if number is None else f"{text} ({number})"
    number: Any = row.raw("id")
    return "?" if number is None else str(number)[:80]
