"""Read the log's files: backwards in bounded pages, or forwards as a whole."""

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from services.logs.file import older_files
from services.logs.rules import is_below, matches, read_line
from services.logs.types import LogEntry, LogFilter, LogPage, Place

BLOCK = 256 * 1024
SCAN_BYTES = 8 * 1024 * 1024  # read for one page at most
LINE_MAX = 1024 * 1024  # a longer line is not one of ours
Mask = Callable[[str], str]
Numbered = tuple[int, bytes]  # where the line begins, the line


class LogReader:
    """Reads what a writer goes on writing; a file that turns over is found again by its number."""

    def __init__(self, path: Path, mask: Mask) -> None:
        """Read `path` and the older ones beside it; each line is masked again on its way out."""
        self._path = path
        self._mask = mask

    def end(self) -> Place | None:
        """Return the place behind the newest line."""
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return Place(facts.st_ino, facts.st_size)

    def page(
        self,
        wanted: LogFilter,
        before: Place | None,
        *,
        limit: int = 200,
        scan_bytes: int = SCAN_BYTES,
    ) -> LogPage:
        """Return the lines before a place, at most `limit`, after reading a bounded stretch."""
        found: list[LogEntry] = []
        searched = None
        left, at = scan_bytes, before
        for entry, place, cost in self._backwards(wanted, before):
            left -= cost
            at = place
            if entry is not None:
                searched = entry.at
                if wanted.since is not None and entry.at < wanted.since:
                    return LogPage(tuple(found), None, searched)
                if (shown := self._shown(entry, wanted)) is not None:
                    found.append(shown)
            if len(found) >= limit or left <= 0:
                return LogPage(tuple(found), at, searched)
        return LogPage(tuple(found), None, searched)

    def lines(self, wanted: LogFilter) -> Generator[LogEntry]:
        """Yield every wanted line there is now, the oldest first."""
        with ExitStack() as stack:  # opened together: none of them turns over on the way
            for handle, size in [_opened(stack, path) for path in reversed(self._files())]:
                if handle is None:
                    continue
                while handle.tell() < size and (line := handle.readline(LINE_MAX)):
                    entry = None if is_below(line, wanted.level) else read_line(line)
                    shown = None if entry is None else self._shown(entry, wanted)
                    if shown is not None:
                        yield shown

    def _shown(self, entry: LogEntry, wanted: LogFilter) -> LogEntry | None:
        """Return the masked line when it is wanted; a search must not find what is masked."""
        if not matches(entry, wanted):
            return None
        masked = replace(entry, text=self._mask(entry.text))
        return masked if matches(masked, wanted) else None

    def _backwards(
        self, wanted: LogFilter, before: Place | None
    ) -> Generator[tuple[LogEntry | None, Place, int]]:
        """Yield each line that may be wanted with its place, and what it cost to get there."""
        for path in self._files():
            with ExitStack() as stack:
                handle, size = _opened(stack, path)
                if handle is None:
                    continue
                number = os.fstat(handle.fileno()).st_ino
                if before is not None:
                    if number != before.file:
                        continue
                    size, before = min(size, before.offset), None
                cost = 0
                for offset, line in _lines_before(handle, size):
                    cost += len(line) + 1
                    place = Place(number, offset)
                    if not is_below(line, wanted.level):
                        yield read_line(line), place, cost
                        cost = 0
                    elif cost > BLOCK:
                        yield None, place, cost
                        cost = 0

    def _files(self) -> list[Path]:
        return [self._path, *older_files(self._path)]


def _opened(stack: ExitStack, path: Path) -> tuple[BinaryIO | None, int]:
    try:
        handle = stack.enter_context(path.open("rb"))
        return handle, os.fstat(handle.fileno()).st_size
    except OSError:
        return None, 0


def _lines_before(handle: BinaryIO, end: int) -> Generator[Numbered]:
    """Yield the whole lines before a place, the last first."""
    position, rest = end, b""
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        handle.seek(position)
        block = handle.read(size) + rest
        rest, *lines = block.split(b"\n")
        cursor = position + len(block)
        for line in reversed(lines):
            begin = cursor - len(line)
            if line:
                yield begin, line
            cursor = begin - 1
        if len(rest) > LINE_MAX:
            rest = b""
    if rest:
        yield 0, rest
