"""Prompts: versioned texts, one active of each type, the active ones in memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import prompts as queries
from db.tables.prompts import PromptRow
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.prompts import rules, texts
from services.prompts.types import ActivePrompts, Prompt, PromptEdit, PromptType, PromptVersion
from services.settings.types import OutputProtocol

_SEEDED = "seeded_prompts"
_SEEDS = (
    (
        "gymbro-default-system-thinkingml-v45",
        PromptType.SYSTEM,
        texts.THINKINGML_SYSTEM,
        None,
    ),
    ("gymbro-default-tools-v1", PromptType.TOOLS, texts.TOOLS_THINKINGML, list(texts.TOOLS)),
    (
        "gymbro-default-system-jsonseq-v1",
        PromptType.SYSTEM_JSONSEQ,
        texts.JSONSEQ_SYSTEM,
        None,
    ),
    (
        "gymbro-default-tools-jsonseq-v1",
        PromptType.TOOLS_JSONSEQ,
        texts.TOOLS_JSONSEQ,
        list(texts.TOOLS),
    ),
)


class Prompts:
    """Every prompt's head in memory; every change is on disk before it is announced."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Start without prompts; load() reads what is stored."""
        self._database = database
        self._clock = clock
        self._heads: dict[int, Prompt] = {}
        self._active: dict[OutputProtocol, ActivePrompts] = {}
        self.changed: Signal[None] = Signal("prompts.changed")

    def load(self) -> None:
        """Write the start prompts once in the life of the store, then read every prompt."""
        if not self._database.read_now(config_queries.read_app_settings).get(_SEEDED):
            now = self._clock.now()
            self._database.write_now(lambda session: _seed(session, now))
        self._show(self._database.read_now(queries.all_prompts))

    def active(self, protocol: OutputProtocol) -> ActivePrompts:
        """Return the active system and tools prompt of an output protocol."""
        return self._active.get(protocol) or ActivePrompts()

    def all(self) -> tuple[Prompt, ...]:
        """Return every prompt's head by id."""
        return tuple(self._heads.values())

    def get(self, prompt_id: int) -> Prompt | None:
        """Return the prompt's head, or None."""
        return self._heads.get(prompt_id)

    async def versions(self, prompt_id: int) -> list[PromptVersion]:
        """Return its versions, newest first; raise NotFoundError."""
        self._known(prompt_id)
        found = await stored(
            self._database.read(lambda session: queries.versions_of(session, prompt_id))
        )
        return [
            PromptVersion(
                prompt_id=row.prompt_id,
                version_no=row.version_no,
                content=row.content,
                tools_json=row.tools_json,
                created_by=row.created_by,
                created_at=row.created_at,
            )
            for row in found
        ]

    async def save(self, edit: PromptEdit) -> Prompt:
        """Return the stored prompt with one more version; raise InputError or NotFoundError."""
        values = rules.checked_values(edit)
        now = self._clock.now()
        if edit.id is None:
            if edit.prompt_type is None:
                raise InputError("A type is needed", field="prompt_type")
            values["prompt_type"] = str(edit.prompt_type)
            row = await stored(
                self._database.write(
                    lambda session: queries.add_prompt(session, values, now, edit.edited_by)
                )
            )
            return await self._after(row.id or 0)
        present = self._known(edit.id)
        if edit.prompt_type not in (None, present.prompt_type):
            raise InputError("The type of a prompt never changes", field="prompt_type")
        await self._write(
            present.id,
            lambda session: queries.change_prompt(session, present.id, values, now, edit.edited_by),
        )
        return await self._after(present.id)

    async def activate(self, prompt_id: int) -> Prompt:
        """Return the prompt, now the one active of its type; raise NotFoundError."""
        now = self._clock.now()
        await self._write(
            prompt_id, lambda session: queries.activate_prompt(session, prompt_id, now)
        )
        return await self._after(prompt_id)

    async def deactivate(self, prompt_id: int) -> Prompt:
        """Return the prompt, no longer active; raise NotFoundError."""
        now = self._clock.now()
        await self._write(
            prompt_id, lambda session: queries.deactivate_prompt(session, prompt_id, now)
        )
        return await self._after(prompt_id)

    async def roll_back(self, prompt_id: int, version_no: int, *, edited_by: str = "") -> Prompt:
        """Return the prompt with that version's text as its newest version; raise NotFoundError."""
        now = self._clock.now()

        def change(session: Session) -> PromptRow:
            old = queries.find_version(session, prompt_id, version_no)
            values: dict[str, Any] = {"content": old.content, "tools_json": old.tools_json}
            return queries.change_prompt(session, prompt_id, values, now, edited_by)

        await self._write(prompt_id, change)
        return await self._after(prompt_id)

    async def delete(self, prompt_id: int) -> None:
        """Remove a prompt that is not active; raise ConflictError or NotFoundError."""
        if self._known(prompt_id).is_active:
            raise ConflictError("This prompt is in use. Make another one active first")
        now = self._clock.now()
        await self._write(prompt_id, lambda session: queries.delete_prompt(session, prompt_id, now))
        await self._reload()

    async def _write(self, prompt_id: int, change: Callable[[Session], object]) -> None:
        self._known(prompt_id)
        try:
            await stored(self._database.write(change))
        except RowNotFoundError:
            raise NotFoundError("There is no such version") from None

    async def _after(self, prompt_id: int) -> Prompt:
        await self._reload()
        return self._known(prompt_id)

    async def _reload(self) -> None:
        self._show(await stored(self._database.read(queries.all_prompts)))
        self.changed.emit(None)

    def _known(self, prompt_id: int) -> Prompt:
        prompt = self._heads.get(prompt_id)
        if prompt is None:
            raise NotFoundError("There is no prompt {id}", id=prompt_id)
        return prompt

    def _show(self, stored: list[PromptRow]) -> None:
        known = [row for row in stored if row.prompt_type in list(PromptType)]
        self._heads = {row.id or 0: _to_prompt(row) for row in known}
        in_use = {head.prompt_type: head for head in self._heads.values() if head.is_active}
        self._active = {
            protocol: _to_active(in_use.get(system), in_use.get(tools))
            for protocol, (system, tools) in rules.TYPES.items()
        }


def _seed(session: Session, now: datetime) -> None:
    for name, prompt_type, content, tools in _SEEDS:
        values = {
            "name": name,
            "prompt_type": str(prompt_type),
            "content": content,
            "tools_json": tools,
            "version": "1",
            "category": "default",
        }
        row = queries.add_prompt(session, values, now, "")
        row.is_active = True
        session.add(row)
    config_queries.write_app_settings(session, {_SEEDED: True}, now)


def _to_prompt(row: PromptRow) -> Prompt:
    return Prompt(
        id=row.id or 0,
        name=row.name,
        prompt_type=PromptType(row.prompt_type),
        content=row.content,
        version_no=row.version_no,
        is_active=row.is_active,
        tools=rules.tools_of(row.tools_json),
        updated_at=row.updated_at,
        version=row.version,
        category=row.category,
        description=row.description,
        tools_json=row.tools_json,
        supabase_id=row.supabase_id,
        created_at=row.created_at,
        last_synced_at=row.last_synced_at,
    )


def _to_active(system: Prompt | None, tools: Prompt | None) -> ActivePrompts:
    return ActivePrompts(
        system_id=system.id if system else 0,
        system_version_no=system.version_no if system else 0,
        system_text=system.content if system else "",
        tools_id=tools.id if tools else 0,
        tools_version_no=tools.version_no if tools else 0,
        tools_text=tools.content if tools else "",
        tools=tools.tools if tools else (),
    )
