"""Reader: every prompt's head and the active ones in memory, versions and comparisons from the store."""

import asyncio
from datetime import datetime
from typing import Any

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import prompt_versions as queries
from db.tables.prompts import PromptRow, PromptVersionRow
from services.foundation.errors import NotFoundError
from services.foundation.storing import stored
from services.prompts import rules, word_diff
from services.prompts.types import (
    ActivePrompts,
    Comparison,
    Hit,
    Prompt,
    PromptTrial,
    PromptType,
    PromptVersion,
    Served,
)
from services.settings.types import OutputProtocol

FOUND_MOST = 200
SEARCH_MOST = 200  # characters


class PromptReader:
    """What the prompts say; it writes nothing."""

    def __init__(self, database: Database) -> None:
        """Start without prompts."""
        self._database = database
        self._heads: dict[int, Prompt] = {}
        self._active: dict[OutputProtocol, ActivePrompts] = {}
        self._trials: dict[str, PromptTrial] = {}
        self._served: dict[tuple[int, int], Served] = {}

    # -- in memory

    def active(self, protocol: OutputProtocol) -> ActivePrompts:
        """Return the active system and tools prompt of an output protocol."""
        return self._active.get(protocol) or ActivePrompts()

    def all(self) -> tuple[Prompt, ...]:
        """Return every prompt's head by id."""
        return tuple(self._heads.values())

    def get(self, prompt_id: int) -> Prompt | None:
        """Return the prompt's head, or None."""
        return self._heads.get(prompt_id)

    def live_of(self, prompt_type: PromptType) -> Prompt | None:
        """Return the active prompt of a type, or None."""
        return next(
            (p for p in self._heads.values() if p.is_active and p.prompt_type is prompt_type), None
        )

    def begin_trial(self, trial_id: str, trial: PromptTrial) -> None:
        """Let requests of the operator that carry the id be asked under these prompts."""
        self._trials[trial_id] = trial

    def end_trial(self, trial_id: str) -> None:
        """Forget the trial."""
        self._trials.pop(trial_id, None)

    def trial(self, trial_id: object) -> PromptTrial | None:
        """Return the trial of that id, or None."""
        return self._trials.get(trial_id) if isinstance(trial_id, str) else None

    def note_served(self, active: ActivePrompts, at: datetime, *, with_tools: bool) -> None:
        """Count that the gateway put these prompts in front of a message."""
        self._count((active.system_id, active.system_version_no), at)
        if with_tools:
            self._count((active.tools_id, active.tools_version_no), at)

    def served(self, prompt_id: int, version_no: int) -> Served | None:
        """Return what the gateway saw of the version since the console started."""
        return self._served.get((prompt_id, version_no))

    def _count(self, key: tuple[int, int], at: datetime) -> None:
        if key[0]:
            known = self._served.get(key)
            first_at, count = (known.first_at, known.count) if known else (at, 0)
            self._served[key] = Served(first_at, at, count + 1)

    # -- from the store

    async def versions(self, prompt_id: int) -> list[PromptVersion]:
        """Return its versions, newest first; raise NotFoundError."""
        self._known(prompt_id)
        found = await stored(
            self._database.read(lambda session: queries.versions_of(session, prompt_id))
        )
        return [to_version(row) for row in found]

    async def history(
        self, prompt_id: int, limit: int = 100, before: int | None = None
    ) -> list[PromptVersion]:
        """Return its versions without their texts, newest first; raise NotFoundError."""
        self._known(prompt_id)
        found = await stored(
            self._database.read(
                lambda session: queries.version_heads(session, prompt_id, limit, before)
            )
        )
        return [
            PromptVersion(
                prompt_id=head.prompt_id,
                version_no=head.version_no,
                content="",
                tools_json=None,
                created_by=head.created_by,
                created_at=head.created_at,
                message=head.message,
                parent_no=head.parent_no,
                restored_from=head.restored_from,
                sha256=head.sha256,
            )
            for head in found
        ]

    async def version(self, prompt_id: int, version_no: int) -> PromptVersion:
        """Return one version; raise NotFoundError."""
        self._known(prompt_id)
        try:
            row = await stored(
                self._database.read(
                    lambda session: queries.find_version(session, prompt_id, version_no)
                )
            )
        except RowNotFoundError:
            raise no_version() from None
        return to_version(row)

    async def compare(self, prompt_id: int, before: int, after: int) -> Comparison:
        """Return what differs between two versions; raise NotFoundError."""
        old = await self.version(prompt_id, before)
        new = await self.version(prompt_id, after)
        return await self.compare_texts(old.content, old.tools_json, new.content, new.tools_json)

    async def compare_with_live(self, prompt_id: int, version_no: int) -> Comparison:
        """Return what the gateway would say differently with a version; raise NotFoundError."""
        new = await self.version(prompt_id, version_no)
        live = self.live_of(self._known(prompt_id).prompt_type)
        if live is None:
            return await self.compare_texts("", None, new.content, new.tools_json)
        return await self.compare_texts(live.content, live.tools_json, new.content, new.tools_json)

    async def compare_texts(self, old: str, old_tools: Any, new: str, new_tools: Any) -> Comparison:
        """Return what differs between two texts with their tools; a thread does the work."""
        return await asyncio.to_thread(word_diff.compare, old, old_tools, new, new_tools)

    async def search(self, text: str) -> list[Hit]:
        """Return the prompts whose name, description, texts or messages hold the words.

        Names come first, then versions, newest first; at most FOUND_MOST.
        """
        wanted = text.strip()[:SEARCH_MOST]
        if not wanted:
            return []
        low = wanted.casefold()
        hits = {
            head.id: Hit(head.id)
            for head in self._heads.values()
            if low in f"{head.name}\n{head.description}".casefold()
        }
        found = await stored(
            self._database.read(
                lambda session: queries.search_versions(session, wanted, FOUND_MOST)
            )
        )
        for prompt_id, version_no in found:
            if prompt_id in self._heads and prompt_id not in hits:
                hits[prompt_id] = Hit(prompt_id, version_no)
        return list(hits.values())

    # -- for those who write

    def _known(self, prompt_id: int) -> Prompt:
        prompt = self._heads.get(prompt_id)
        if prompt is None:
            raise NotFoundError("There is no prompt {id}", id=prompt_id)
        return prompt

    def _show(self, stored: list[PromptRow]) -> None:
        known = [row for row in stored if row.prompt_type in list(PromptType)]
        self._heads = {row.id or 0: to_prompt(row) for row in known}
        in_use = {head.prompt_type: head for head in self._heads.values() if head.is_active}
        self._active = {
            protocol: to_active(in_use.get(system), in_use.get(tools))
            for protocol, (system, tools) in rules.TYPES.items()
        }


def no_version() -> NotFoundError:
    """Return what is said of a version that does not exist."""
    return NotFoundError("There is no such version")


def to_prompt(row: PromptRow) -> Prompt:
    """Return the head of a row."""
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
        newest_no=row.newest_no,
        live_since=row.live_since,
    )


def to_version(row: PromptVersionRow) -> PromptVersion:
    """Return the version of a row."""
    return PromptVersion(
        prompt_id=row.prompt_id,
        version_no=row.version_no,
        content=row.content,
        tools_json=row.tools_json,
        created_by=row.created_by,
        created_at=row.created_at,
        prompt_type=row.prompt_type,
        message=row.message,
        parent_no=row.parent_no,
        restored_from=row.restored_from,
        sha256=row.sha256,
    )


def to_active(system: Prompt | None, tools: Prompt | None) -> ActivePrompts:
    """Return the two as the gateway takes them."""
    return ActivePrompts(
        system_id=system.id if system else 0,
        system_version_no=system.version_no if system else 0,
        system_text=system.content if system else "",
        tools_id=tools.id if tools else 0,
        tools_version_no=tools.version_no if tools else 0,
        tools_text=tools.content if tools else "",
        tools=tools.tools if tools else (),
    )
