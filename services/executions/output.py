"""Output of a run: its head in memory and in the row, all of it in a file once it is long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from services.executions.rules import OUTPUT_MAX, clean, cut

FILE_MAX = 64 * 1024 * 1024  # characters kept of one execution
FOLDER = "executions"


def file_of(folder: Path, execution_id: str) -> Path:
    """Return where the whole output of an execution lies when it is longer than its row keeps."""
    return folder / FOLDER / f"{execution_id}.txt"


class Output:
    """What one execution has said so far."""

    def __init__(self, path: Path | None) -> None:
        """Start empty; without a path only the head is kept."""
        self._path = path
        self._pieces: list[str] = []  # of the head
        self._head_size = 0
        self._unwritten: list[str] = []  # for the file
        self._is_in_file = False  # the file has the head already
        self._writing = asyncio.Lock()  # one piece after the other, and an end after all of them
        self.size = 0  # characters said, kept or not
        self.problem = ""  # why the file does not hold everything

    def append(self, text: str) -> tuple[int, str]:
        """Return the offset of the text and the text as it is kept."""
        offset, text = self.size, clean(text)
        self.size += len(text)
        room = OUTPUT_MAX - self._head_size
        if room > 0:
            self._pieces.append(text[:room])
            self._head_size += min(room, len(text))
        if self._path is not None and self.size > OUTPUT_MAX:
            self._keep_for_file(text, offset)
        return offset, text

    def _keep_for_file(self, text: str, offset: int) -> None:
        if not self._is_in_file:
            self._is_in_file = True
            self._unwritten.append(self._joined())
            text = text[max(0, OUTPUT_MAX - offset) :]
        if self.size <= FILE_MAX:
            self._unwritten.append(text)
        else:
            self.problem = "long"

    def _joined(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def head(self) -> str:
        """The first characters, ending in … when there was more."""
        text = self._joined()
        return text if self.size <= OUTPUT_MAX else cut(text + "…", OUTPUT_MAX)

    async def write_file(self) -> None:
        """Append to the file what is not there yet; a disk that refuses is noted, not raised."""
        if self._path is None:
            return
        async with self._writing:
            if not self._unwritten:
                return
            text, self._unwritten = "".join(self._unwritten), []
            try:
                await asyncio.to_thread(_append, self._path, text)
            except OSError as error:
                self.problem = error.strerror or str(error)


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)


def write_whole(path: Path, text: str) -> None:
    """Put the text in the file, in place of what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def read_piece(path: Path, offset: int, limit: int) -> str:
    """Return that many characters from the offset on, empty past the end or without a file."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            remaining = offset
            while remaining > 0:
                skipped = len(file.read(min(remaining, 1 << 20)))
                if not skipped:
                    return ""
                remaining -= skipped
            return file.read(limit)
    except FileNotFoundError:
        return ""


async def pieces(path: Path) -> AsyncIterator[str]:
    """Yield the text of the file, at most a million characters at once; nothing without a file."""
    try:
        file = await asyncio.to_thread(path.open, encoding="utf-8", newline="")
    except FileNotFoundError:
        return
    with file:
        while text := await asyncio.to_thread(file.read, 1 << 20):
            yield text


def remove_files(folder: Path, execution_ids: list[str]) -> None:
    """Remove the outputs of these executions."""
    for execution_id in execution_ids:
        file_of(folder, execution_id).unlink(missing_ok=True)
