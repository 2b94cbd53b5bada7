"""Shelf: every record that waits, in files, in the reserve, or at last in memory."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from services.journal.folder import Folder
from services.journal.records import NAME, encode, file_name, rows_in
from services.journal.reserve import Reserve
from services.journal.types import HELD_BYTES_MAX, BadRecordError, Put, Record

_log = logging.getLogger(__name__)
FILE, RESERVE, MEMORY = "file", "reserve", "memory"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record and where it lies."""

    name: str  # the name its file has or would have
    table: str
    rows: int
    place: str
    slot: int = 0  # in the reserve
    record: Record | None = None  # in memory, and of the reserve until it is read

    @property
    def id(self) -> str:
        """The record's id."""
        found = NAME.fullmatch(self.name)
        return found["id"] if found else ""


class Shelf:
    """Used by one thread at a time; nothing here raises OSError."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet."""
        self.path = path
        self.problem = ""  # why the folder cannot be used
        self._folder = Folder(path)
        self._reserve = Reserve(path / "reserve.ring")
        self._entries: dict[str, Entry] = {}
        self._rows: dict[str, int] = {FILE: 0, RESERVE: 0, MEMORY: 0}
        self._held_bytes = 0
        self._seq = 0

    def open(self) -> None:
        """Find what waits since another start."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open_reserve()
            self._folder.open()
            self.rescan()
        except BlockingIOError:
            self.problem = "another console uses this folder"
        except OSError as error:
            self.problem = error.strerror or str(error)
        if self.problem:
            _log.error("the journal's folder %s cannot be used: %s", self.path, self.problem)

    def _open_reserve(self) -> None:
        try:
            found = self._reserve.open()
        except BlockingIOError:
            raise
        except OSError as error:
            _log.error("no space could be reserved in %s: %s", self.path, error)
            return
        for slot, record in found.items():
            self._add(_entry(record, RESERVE, slot=slot))
        if self._reserve.torn:
            _log.error("%d records in the reserve are torn", self._reserve.torn)

    def rescan(self) -> None:
        """Take in files an operator put back."""
        for name in self._folder.names():
            if name not in self._entries:
                found = NAME.fullmatch(name)
                assert found is not None
                self._add(Entry(name, found["table"], rows_in(name), FILE))

    def _add(self, entry: Entry) -> None:
        self._entries[entry.name] = entry
        self._rows[entry.place] += entry.rows
        self._seq = max(self._seq, int(entry.name[:10]))

    # -- counts

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return sum(self._rows.values())

    def rows_at(self, place: str) -> int:
        """Return how many rows wait in that place."""
        return self._rows[place]

    def __len__(self) -> int:
        """Return how many records wait."""
        return len(self._entries)

    @property
    def reserve(self) -> tuple[int, int]:
        """Bytes of the reserve, and bytes of it that are taken."""
        return self._reserve.size, self._reserve.used

    def ordered(self, tables: Collection[str] = ()) -> list[Entry]:
        """Return the records, of these tables only, in the order in which they are written back."""
        return [
            self._entries[name]
            for name in sorted(self._entries)
            if not tables or self._entries[name].table in tables
        ]

    def ids(self) -> set[str]:
        """Return the ids of everything that waits."""
        return {entry.id for entry in self._entries.values()}

    def aside(self) -> tuple[Put, ...]:
        """Return what was put aside."""
        try:
            return self._folder.aside()
        except OSError as error:
            _log.debug("the files that were put aside cannot be listed: %s", error)
            return ()

    # -- putting in and taking out

    def put(self, records: Iterable[Record]) -> bool:
        """Return whether all are kept; when one is not, none is."""
        done: list[Entry] = []
        for record in records:
            self._seq += 1
            entry = self._put(replace(record, seq=self._seq))
            if entry is None:
                self.drop(done)
                return False
            self._add(entry)
            done.append(entry)
        return True

    def _put(self, record: Record) -> Entry | None:
        if not self.problem:
            try:
                self._folder.write(record)
            except OSError as error:
                _log.debug("no file for a record: %s", error)
            else:
                return _entry(record, FILE)
            try:
                slot = self._reserve.write(record)
            except OSError as error:
                _log.debug("no room in the reserve: %s", error)
            else:
                return _entry(record, RESERVE, slot=slot)
        size = len(encode(record))
        if self._held_bytes + size > HELD_BYTES_MAX:
            return None
        self._held_bytes += size
        return _entry(record, MEMORY)

    def read(self, entry: Entry) -> Record | None:
        """Return the record, None when its file is gone; raise BadRecordError."""
        if entry.record is not None:
            return entry.record
        try:
            return self._folder.read(entry.name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadRecordError(f"it cannot be read: {error.strerror or error}") from error

    def drop(self, entries: Iterable[Entry]) -> None:
        """Forget records that were written back."""
        gone = [entry for entry in entries if entry.name in self._entries]
        try:
            self._folder.remove([entry.name for entry in gone if entry.place == FILE])
            self._reserve.remove([entry.slot for entry in gone if entry.place == RESERVE])
        except (
            OSError
        ) as error:  # the marks in the database see to it that nothing is written twice
            _log.error("records that were written back could not be removed: %s", error)
        for entry in gone:
            self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        del self._entries[entry.name]
        self._rows[entry.place] -= entry.rows
        if entry.place == MEMORY and entry.record is not None:
            self._held_bytes -= len(encode(entry.record))

    def put_aside(self, entry: Entry, reason: str) -> bool:
        """Return whether the record is out of the way, kept with the reason."""
        try:
            if entry.place == FILE:
                self._folder.put_aside(entry.name, reason)
                self._forget(entry)
                return True
            assert entry.record is not None
            self._folder.add_aside(entry.record, reason)
        except OSError as error:
            _log.error("%s cannot be put aside: %s", entry.name, error)
            return False
        self.drop([entry])
        return True

    def add_aside(self, record: Record, reason: str) -> bool:
        """Return whether rows no table takes are kept with the reason."""
        try:
            self._folder.add_aside(record, reason)
        except OSError as error:
            _log.error("rows of %s cannot be put aside: %s", record.table, error)
            return False
        return True

    def spread(self) -> None:
        """Move what is only in memory to the disk, as far as it has room again."""
        if self.problem or not self._rows[MEMORY]:
            return
        for entry in self.ordered():
            if entry.place != MEMORY or entry.record is None:
                continue
            try:
                self._folder.write(entry.record)
            except OSError:
                return
            self._forget(entry)
            self._add(_entry(entry.record, FILE))

    def close(self) -> None:
        """Let go of the files."""
        self._reserve.close()


def _entry(record: Record, place: str, *, slot: int = 0) -> Entry:
    """Return the entry of a record; what is in a file is read again when its turn comes."""
    kept = None if place == FILE else record
    return Entry(file_name(record), record.table, len(record.rows), place, slot, kept)
