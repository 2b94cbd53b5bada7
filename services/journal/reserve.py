"""Reserve: a file whose space is taken at the start, for records while the disk is full.

It is a ring of slots: a record takes free slots side by side, first fit, and gives them back when it
is written back, so that the place behind the last record is followed by the first one.
"""

import contextlib
import hashlib
import os
import struct
import zlib
from pathlib import Path

from services.journal.records import decode, encode
from services.journal.types import RESERVE_BYTES, SLOT_BYTES, BadRecordError, Record

try:
    import fcntl
except ImportError:  # Windows: two consoles with one runtime folder are not noticed
    fcntl = None

MAGIC = b"GBR1"
_HEAD = struct.Struct(">4s16sI32s")  # magic, key of the file, length, sha256
_KEY = struct.Struct(">4s16s")


class Reserve:
    """The file `reserve.ring`; calls may raise OSError and are made by one thread at a time."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Touch nothing yet."""
        self.path = path
        self._size = size // SLOT_BYTES * SLOT_BYTES
        self._file: int | None = None
        self._key = b""
        self._used: dict[int, int] = {}  # first slot and how many
        self.torn = 0  # records in it that could not be read

    @property
    def size(self) -> int:
        """Bytes that are reserved, 0 while there is no reserve."""
        return 0 if self._file is None else self._size

    @property
    def used(self) -> int:
        """Bytes taken by records."""
        return sum(self._used.values()) * SLOT_BYTES

    def open(self) -> dict[int, Record]:
        """Take the space, or find it; return the records in it by their first slot."""
        if self._file is not None:
            return {}
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            _lock(handle)
            self._take_space(handle)
        except OSError:
            os.close(handle)
            raise
        self._file = handle
        return self._find()

    def _take_space(self, handle: int) -> None:
        size = os.fstat(handle).st_size
        if size >= self._size:
            self._size = size // SLOT_BYTES * SLOT_BYTES
        elif hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, self._size)
        else:
            os.lseek(handle, size, os.SEEK_SET)
            for _ in range((self._size - size + SLOT_BYTES - 1) // SLOT_BYTES):
                os.write(handle, bytes(SLOT_BYTES))
        magic, key = _KEY.unpack(_read_at(handle, 0, _KEY.size))
        if magic != MAGIC:
            key = os.urandom(16)  # bytes of an old record, or foreign text, are no head of ours
            _write_at(handle, 0, _KEY.pack(MAGIC, key))
            os.fsync(handle)
        self._key = key

    def _find(self) -> dict[int, Record]:
        found: dict[int, Record] = {}
        slot, last = 1, self._size // SLOT_BYTES
        while slot < last:
            count = 1
            with contextlib.suppress(BadRecordError):
                record, count = self._read(slot)
                if record is not None:
                    found[slot] = record
                    self._used[slot] = count
            slot += max(1, count)
        return found

    def _read(self, slot: int) -> tuple[Record | None, int]:
        assert self._file is not None
        head = _read_at(self._file, slot * SLOT_BYTES, _HEAD.size)
        magic, key, length, sha256 = _HEAD.unpack(head)
        if magic != MAGIC or key != self._key:
            return None, 1
        data = _read_at(self._file, slot * SLOT_BYTES + _HEAD.size, min(length, self._size))
        if hashlib.sha256(data).digest() != sha256:
            self.torn += 1  # never acknowledged: its writer was told only after the sync
            raise BadRecordError("torn")
        try:
            return decode(zlib.decompress(data)), _slots(length)
        except zlib.error as error:
            raise BadRecordError(str(error)) from error

    def write(self, record: Record) -> int:
        """Return the first slot of the record, which is on disk; raise OSError without room."""
        if self._file is None:
            raise OSError("there is no reserve")
        data = zlib.compress(encode(record), 3)
        count = _slots(len(data))
        slot = self._free(count)
        head = _HEAD.pack(MAGIC, self._key, len(data), hashlib.sha256(data).digest())
        _write_at(self._file, slot * SLOT_BYTES, head + data)
        os.fsync(self._file)
        self._used[slot] = count
        return slot

    def _free(self, count: int) -> int:
        slot = 1
        for first in sorted(self._used):
            if first - slot >= count:
                return slot
            slot = first + self._used[first]
        if self._size // SLOT_BYTES - slot >= count:
            return slot
        raise OSError("the reserve is full")

    def remove(self, slots: list[int]) -> None:
        """Give back the slots of records that were written back."""
        if self._file is None or not slots:
            return
        for slot in slots:
            _write_at(self._file, slot * SLOT_BYTES, bytes(_HEAD.size))
        os.fsync(self._file)
        for slot in slots:
            self._used.pop(slot, None)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _slots(length: int) -> int:
    return -(-(_HEAD.size + length) // SLOT_BYTES)


def _lock(handle: int) -> None:
    """Keep the folder to this process; raise BlockingIOError when another one has it."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read_at(handle: int, offset: int, length: int) -> bytes:
    os.lseek(handle, offset, os.SEEK_SET)
    data = b""
    while len(data) < length:
        piece = os.read(handle, length - len(data))
        if not piece:
            break
        data += piece
    return data.ljust(length, b"\0")


def _write_at(handle: int, offset: int, data: bytes) -> None:
    os.lseek(handle, offset, os.SEEK_SET)
    while data:
        data = data[os.write(handle, data) :]
