"""Prompts: versioned texts, one active of each type; save, activate and roll back are three acts."""

import asyncio
from collections.abc import Callable, Iterable

from sqlmodel import Session

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import prompts as queries
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, InputError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.prompts import files, rules, seeds, transfer
from services.prompts.reader import PromptReader, no_version
from services.prompts.types import (
    ImportFile,
    ImportRow,
    Prompt,
    PromptEdit,
    VersionConflictError,
)


class Prompts(PromptReader):
    """Every prompt's head in memory; every change is on disk before it is announced."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Start without prompts; load() reads what is stored."""
        super().__init__(database)
        self._clock = clock
        self.books = Books(database, clock)
        self.changed: Signal[None] = Signal("prompts.changed")

    def load(self) -> None:
        """Write the start prompts once in the life of the store, then read every prompt."""
        if not self._database.read_now(config_queries.read_app_settings).get(seeds.SEEDED):
            now = self._clock.now()
            self._database.write_now(lambda session: seeds.write(session, now))
        self._show(self._database.read_now(queries.all_prompts))

    async def reload(self) -> None:
        """Read every prompt again after somebody else wrote them (a sync, an import)."""
        await self._reload()

    async def save(self, edit: PromptEdit) -> Prompt:
        """Return the head after one more version was kept; what is live stays live.

        Raise InputError, NotFoundError, or VersionConflictError when `parent_no` is no longer newest.
        """
        values = rules.checked_values(edit)
        now = self._clock.now()
        note = queries.Note(rules.checked_message(edit.message), None, edit.parent_no)
        if edit.id is None:
            if edit.prompt_type is None:
                raise InputError("A type is needed", field="prompt_type")
            values["prompt_type"] = str(edit.prompt_type)
            row = await stored(
                self.books.write(
                    "prompt",
                    lambda session: queries.add_prompt(session, values, now, edit.edited_by, note),
                )
            )
            return await self._after(row.id or 0)
        present = self._known(edit.id)
        if edit.prompt_type not in (None, present.prompt_type):
            raise InputError("The type of a prompt never changes", field="prompt_type")
        await self._write(
            present.id,
            lambda session: queries.save_version(
                session, present.id, values, now, edit.edited_by, note
            ),
        )
        return await self._after(present.id)

    async def describe(self, prompt_id: int, *, name: str, description: str) -> Prompt:
        """Return the head under this name and description, without a new version.

        Raise InputError or NotFoundError.
        """
        edit = PromptEdit(id=prompt_id, name=name, description=description)
        values, now = rules.checked_values(edit), self._clock.now()
        await self._write(
            prompt_id, lambda session: queries.describe_prompt(session, prompt_id, values, now)
        )
        return await self._after(prompt_id)

    async def activate(self, prompt_id: int, version_no: int | None = None) -> Prompt:
        """Return the prompt, now the one active of its type, with that version (None: the newest).

        Raise NotFoundError.
        """
        now = self._clock.now()
        await self._write(
            prompt_id,
            lambda session: queries.activate_prompt(session, prompt_id, now, version_no),
        )
        return await self._after(prompt_id)

    async def deactivate(self, prompt_id: int) -> Prompt:
        """Return the prompt, no longer active; raise NotFoundError."""
        now = self._clock.now()
        await self._write(
            prompt_id, lambda session: queries.deactivate_prompt(session, prompt_id, now)
        )
        return await self._after(prompt_id)

    async def roll_back(
        self,
        prompt_id: int,
        version_no: int,
        *,
        edited_by: str = "",
        message: str = "",
        goes_live: bool = False,
    ) -> Prompt:
        """Return the prompt with that version's text as its newest version, restored from it.

        Of an active prompt it is live at once; with `goes_live` the prompt is made active too. When
        the text is the one in force already, nothing is added. Raise NotFoundError.
        """
        now = self._clock.now()
        note = queries.Note(rules.checked_message(message))

        def change(session: Session) -> None:
            row = queries.restore_version(session, prompt_id, version_no, now, edited_by, note)
            if goes_live and not row.is_active:
                queries.activate_prompt(session, prompt_id, now)

        await self._write(prompt_id, change)
        return await self._after(prompt_id)

    async def delete(self, prompt_id: int) -> None:
        """Remove a prompt that is not active; raise ConflictError or NotFoundError."""
        if self._known(prompt_id).is_active:
            raise ConflictError("This prompt is in use. Make another one active first")
        now = self._clock.now()
        await self._write(prompt_id, lambda session: queries.delete_prompt(session, prompt_id, now))
        await self._reload()

    # -- files

    async def plan_import(self, found: Iterable[ImportFile]) -> list[ImportRow]:
        """Return what each prompt of the files would do; nothing is stored."""
        here = await stored(self._database.read(transfer.known))
        return transfer.plan(found, here)

    async def read_folder(self, folder: str) -> list[ImportFile]:
        """Return the Markdown and JSON files of a folder of this machine; raise InputError."""
        return await asyncio.to_thread(files.read_folder, folder)

    async def import_rows(self, rows: Iterable[ImportRow], *, edited_by: str = "") -> int:
        """Return how many prompts and versions were added, in one transaction; none goes live.

        What is known by now is passed over: importing twice adds nothing.
        """
        wanted = [row for row in rows if row.is_useful and row.edit is not None]
        now = self._clock.now()
        count = await stored(
            self.books.write(
                "prompt", lambda session: transfer.write(session, wanted, now, edited_by)
            )
        )
        await self._reload()
        return count

    async def export_text(self, prompt_id: int) -> str:
        """Return the newest version as a JSON file that plan_import() takes; raise NotFoundError."""
        head = self._known(prompt_id)
        return transfer.export_text(head, await self.version(prompt_id, head.newest_no))

    # -- writing

    async def _write(self, prompt_id: int, change: Callable[[Session], object]) -> None:
        self._known(prompt_id)
        try:
            await stored(self.books.write("prompt", change))
        except RowNotFoundError:
            raise no_version() from None
        except queries.VersionTakenError as error:
            raise VersionConflictError(
                "Version {no} was saved meanwhile by {by}. Compare it with your text first",
                no=error.version_no,
                by=error.created_by,
            ) from None

    async def _after(self, prompt_id: int) -> Prompt:
        await self._reload()
        return self._known(prompt_id)

    async def _reload(self) -> None:
        self._show(await stored(self._database.read(queries.all_prompts)))
        self.changed.emit(None)
