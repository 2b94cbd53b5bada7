"""Restores: what a copy would change, and the wish that the next start puts it back."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from db.boot.backup import count_rows
from db.connect import open_raw
from db.engine import Database
from db.migrations.head import SHIPPED
from services.backup import pending
from services.backup.commands import staged_copy
from services.backup.service import Backups
from services.backup.types import RestorePreview, TableCount
from services.executions.service import Executions
from services.foundation.actor import current_actor, ensure_may_change
from services.foundation.errors import ConflictError, InputError, NotFoundError, StoreError
from services.settings.types import Env

_log = logging.getLogger(__name__)


class Restores:
    """A database that is in use is never swapped: the process ends, and its next start does it."""

    def __init__(
        self, database: Database, env: Env, backups: Backups, executions: Executions
    ) -> None:
        """Keep what it looks at; nothing is asked for yet."""
        self._database = database
        self._env = env
        self._backups = backups
        self._executions = executions
        self._reading = asyncio.Lock()  # one scratch file at a time
        self.is_asked = False  # the process starts anew once it has stopped

    async def preview(self, name: str) -> RestorePreview:
        """Return what would change, after reading a copy of the copy whole.

        Raises NotFoundError, InputError for one that cannot be used, StoreError.
        """
        copy = await self._find(name)
        made = next(one for one in await self._backups.list() if one.name == name)
        version, then, unpushed = await self._looked(copy)
        now = await asyncio.to_thread(self._count_now)
        names = sorted({*now, *then})
        tables = [TableCount(one, now.get(one), then.get(one)) for one in names]
        changed = tuple(one for one in tables if one.now != one.then)
        return RestorePreview(
            name,
            made.made_at,
            version,
            sum(then.values()),
            changed,
            len(tables) - len(changed),
            unpushed,
        )

    async def ask(self, name: str) -> None:
        """Note that the next start puts this copy back; whoever called stops the process then.

        Raises NotAllowedError for who only reads, ConflictError while something runs, and as
        preview() does.
        """
        ensure_may_change()
        copy = await self._find(name)
        running = self._executions.running()
        if running:
            raise ConflictError(
                "{count} executions run or wait. Let them end or cancel them first",
                count=len(running),
            )
        await self._looked(copy)  # it may have changed since the preview
        who = current_actor().name
        try:
            pending.ask(self._env, copy, who)
        except OSError as error:
            raise StoreError("{reason}", reason=str(error)) from error
        _log.warning("%s asked for %s to be put back; the console starts anew", who, name)
        self.is_asked = True

    async def _find(self, name: str) -> Path:
        """Return the path of a copy that is listed: a name never leads out of the folder."""
        if not self._backups.is_possible:
            raise InputError("The data are in PostgreSQL: put them back with pg_restore")
        found = [one for one in await self._backups.list() if one.name == name]
        if not found:
            raise NotFoundError("There is no copy {name}", name=name[:80])
        return Path(found[0].path)

    async def _looked(self, copy: Path) -> tuple[int, dict[str, int], int]:
        async with self._reading:
            return await asyncio.to_thread(self._look, copy)

    def _look(self, copy: Path) -> tuple[int, dict[str, int], int]:
        """Return version, rows by table and waiting changes of a checked copy that is gone after."""
        scratch = self._env.backups_dir / f"{copy.stem}.look"
        staged = staged_copy(copy, scratch, SHIPPED.head)
        try:
            with closing(open_raw(staged.path, "ro")) as connection:
                rows = count_rows(connection)
        finally:
            staged.path.unlink(missing_ok=True)
        return staged.version, rows, rows.get("outbox", 0)

    def _count_now(self) -> dict[str, int]:
        path = self._database.path
        assert path is not None  # _find() refuses PostgreSQL
        try:
            with closing(open_raw(path, "ro")) as connection:
                return count_rows(connection)
        except sqlite3.Error as error:
            raise StoreError("{reason}", reason=str(error)) from error
