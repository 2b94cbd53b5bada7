"""Backups: the execution kind that copies the whole database, and the list of copies."""

import asyncio
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from db.boot.backup import BackupFailedError, BackupFile, back_up, keep_newest, look
from db.boot.copies import list_copies
from db.engine import Database
from services.backup.types import KIND, StoredBackup
from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.foundation.messages import say
from services.settings.service import Settings

TIMEOUT_S = 1_800.0
_TELL_S = 0.5  # how often the page hears how far it is
_SHOWN = 100


class Backups:
    """Makes copies beside the loop, keeps the newest of them, and lists them."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        """Keep what it copies; nothing runs before an execution is started."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._folder = settings.env.backups_dir

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds."""
        return ExecutionKind(
            KIND,
            say("Back up the database").text,
            "database",
            self.run,
            timeout_s=TIMEOUT_S,
            group="maintenance",
            home="/settings",
            check=self.check,
        )

    @property
    def is_possible(self) -> bool:
        """Whether this console can copy its database: only a SQLite file is its own to copy."""
        return self._database.path is not None

    def check(self, _params: Mapping[str, Any]) -> None:
        """Raise InputError where the database is not a file of this console."""
        if not self.is_possible:
            raise InputError("The data are in PostgreSQL: back them up with pg_dump")

    async def list(self) -> tuple[StoredBackup, ...]:
        """Return the copies, the newest first."""
        return await asyncio.to_thread(list_backups, self._folder)

    async def run(self, _params: Mapping[str, Any], control: Control) -> Ending:
        """Return which copy was made and which old ones went; failed with the reason otherwise."""
        path = self._database.path
        assert path is not None  # check() was asked before
        try:
            made = await self._copy(path, control)
        except BackupFailedError as error:
            return Ending(
                ExecutionState.FAILED,
                error_kind="backup_failed",
                error=say("The backup failed: {reason}", reason=str(error)),
            )
        kept = self._settings.preferences.backups_kept
        gone = await asyncio.to_thread(keep_newest, self._folder, kept)
        control.append_output(
            f"{made.path}\n{made.size_bytes} bytes, {made.tables} tables, {made.rows} rows,"
            f" version {made.version}\nintegrity, rows of every table: verified\n"
            f"{len(gone)} older copies deleted, {kept} are kept\n"
        )
        meta = {
            "name": made.path.name,
            "size_bytes": made.size_bytes,
            "rows": made.rows,
            "deleted": [path.name for path in gone],
        }
        return Ending(ExecutionState.SUCCEEDED, meta=meta)

    async def _copy(self, path: Path, control: Control) -> BackupFile:
        """Copy in a thread; a cancel ends it before the next step and leaves nothing."""
        pages = _Pages()
        work = partial(back_up, path, self._folder, self._clock.now(), pages)
        copying = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            while not (await asyncio.wait({copying}, timeout=_TELL_S))[0]:
                await control.progress(pages.done, pages.total)
        except asyncio.CancelledError:
            pages.stop.set()
            await asyncio.wait({copying})
            copying.exception()
            raise
        return copying.result()


class _Pages:
    """How far the copy is, told by its thread; raises there once `stop` is set."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self.stop = threading.Event()

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.stop.is_set():
            raise BackupFailedError("it was ended")


def list_backups(folder: Path) -> tuple[StoredBackup, ...]:
    """Return the copies in the folder, the newest first."""
    found: list[StoredBackup] = []
    for path in list_copies(folder)[:_SHOWN]:
        try:
            found.append(_stored(look(path)))
        except OSError:  # it went while we looked
            continue
    return tuple(sorted(found, key=lambda one: one.made_at, reverse=True))


def _stored(file: BackupFile) -> StoredBackup:
    return StoredBackup(
        name=file.path.name,
        path=str(file.path),
        size_bytes=file.size_bytes,
        made_at=file.made_at,
        # A copy before an upgrade gets its name only after it was checked.
        is_verified=bool(file.checked_at) or file.path.name.startswith("pre-v"),
        rows=file.rows,
        version=file.version,
    )
