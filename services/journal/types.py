"""Shapes of the journal: a record, what waits, what was put aside, what a replay did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

FOLDER = "journal"  # in the runtime folder
SCHEMA = 1  # of a record; raised when its meaning changes
ROWS_MAX = 500  # in one record
RECORD_BYTES = 1024 * 1024  # a record with more than one row stays below
RESERVE_BYTES = 4 * 1024 * 1024  # of the file for a full disk
SLOT_BYTES = 16 * 1024  # a record in it takes whole slots
HELD_BYTES_MAX = 32 * 1024 * 1024  # in memory, when neither a file nor the reserve takes a record
Row = Mapping[str, Any]


class BadRecordError(Exception):
    """A file or a slot of the journal that is no whole record of ours; its text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """Rows of one table the database refused, with the names of its columns."""

    id: str  # unique; marked in the transaction that writes the rows back
    seq: int  # order of writing back; a clock may go back
    store: str  # the database it was meant for, empty when its name was not known
    table: str
    at: datetime
    reason: str  # one short word, a colon, the driver's text
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Put:
    """A file that was put aside, and why."""

    name: str
    reason: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What one replay did, in rows."""

    at: datetime
    records: int = 0  # that are gone from the journal
    rows: int = 0  # written back now
    known: int = 0  # in the database already: their record was left by a crash
    put_aside: int = 0  # rows, and files that hold none that can be read
    left: int = 0  # still waiting
    reason: str = ""  # why some are left


@dataclass(frozen=True, slots=True)
class JournalView:
    """The journal as it is now."""

    folder: str
    waiting: int = 0  # rows
    records: int = 0
    in_reserve: int = 0  # rows of these
    in_memory: int = 0  # rows of these that a crash would lose
    refused: int = 0  # rows nothing took, since the start; their writers were told
    reason: str = ""  # of the newest refusal, while something waits
    since: datetime | None = None  # when the first of those that wait was refused
    reserve_bytes: int = 0  # 0: there is no reserve
    reserve_used_bytes: int = 0
    problem: str = ""  # why the folder cannot be used
    put_aside: tuple[Put, ...] = ()
    last: ReplayReport | None = None


class Keeper(Protocol):
    """Where a writer hands rows that the database refused."""

    async def keep(
        self, table: str, rows: Sequence[Row], error: BaseException | str, *, record_id: str = ""
    ) -> bool:
        """Return whether the rows are kept and will be written back; never raises."""
        ...


class NoJournal:
    """Takes nothing; for services built alone."""

    async def keep(
        self,
        table: str,  # noqa: ARG002  # the protocol's signature
        rows: Sequence[Row],  # noqa: ARG002  # the protocol's signature
        error: BaseException | str,  # noqa: ARG002  # the protocol's signature
        *,
        record_id: str = "",  # noqa: ARG002  # the protocol's signature
    ) -> bool:
        """Return False."""
        return False


NO_JOURNAL = NoJournal()
