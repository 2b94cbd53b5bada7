"""MappingCarrier: writes mappings into their table, the carrier row, or the prompt they belong to."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import sync as queries
from services.foundation.clock import Clock
from services.foundation.messages import say
from services.foundation.storing import stored
from services.outbox.types import Entry, Op, Outcome
from services.supabase.client import Remote
from services.supabase.types import Fault, RemoteError
from services.sync import contents, settling
from services.sync.chunks import find_all
from services.sync.reading import carried
from services.sync.types import Content, LinkState, SyncKind

TABLE = "model_mappings"
TRIES = 3  # of a whole carrier row that somebody else writes at the same moment
_PROMPT_KEY = f"{contents.PROMPT_SCOPE}:"
Links = Mapping[str, LinkState]


class MappingCarrier:
    """Their ids are the same on both sides, so that a repeated write changes nothing."""

    kind = str(SyncKind.MAPPING)

    def __init__(self, database: Database, clock: Clock, remote: Callable[[], Remote]) -> None:
        """Keep the parts."""
        self._database = database
        self._clock = clock
        self._remote = remote

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Return one outcome an entry; raise RemoteError."""
        links = await self._links(SyncKind.MAPPING, [entry.key for entry in entries])
        plain = [entry for entry in entries if not entry.key.startswith(_PROMPT_KEY)]
        made = {outcome.entry.key: outcome for outcome in await self._push_plain(plain, links)}
        for entry in entries:
            if entry.key.startswith(_PROMPT_KEY):
                made[entry.key] = await self._push_prompt(entry, links)
        return [made[entry.key] for entry in entries]

    async def _push_plain(self, entries: Sequence[Entry], links: Links) -> list[Outcome]:
        if not entries:
            return []
        try:
            return await self._push_table(entries, links)
        except RemoteError as error:
            if error.fault is not Fault.TABLE_MISSING:
                raise
        return await self._push_row(entries, links)

    async def _push_table(self, entries: Sequence[Entry], links: Links) -> list[Outcome]:
        remote = self._remote()
        rows = await find_all(remote, TABLE, "id", [entry.key for entry in entries])
        there = {str(row["id"]): contents.remote_mapping(row).content for row in rows}
        outcomes, writes = self._decide(entries, links, there)
        saves = [entry for entry in writes if entry.op is Op.SAVE]
        if saves:
            now = contents.local_stamp(self._clock.now())
            await remote.upsert(
                TABLE,
                [
                    {**contents.mapping_columns(e.key, e.payload["content"]), "updated_at": now}
                    for e in saves
                ],
            )
        for entry in writes:
            if entry.op is Op.DELETE:
                await remote.delete(TABLE, {"id": entry.key})
        return outcomes + [self._done(entry, entry.key) for entry in writes]

    async def _push_row(self, entries: Sequence[Entry], links: Links) -> list[Outcome]:
        """Write into the one inactive ai_prompt row that carries mappings where there is no table."""
        remote = self._remote()
        for _ in range(TRIES):
            rows = await remote.find("ai_prompt", "name", [contents.CARRIER_NAME])
            known = {str(one.get("id")): one for one in carried(rows)}
            there = {key: contents.remote_mapping(one).content for key, one in known.items()}
            outcomes, writes = self._decide(entries, links, there)
            for entry in writes:
                if entry.op is Op.DELETE:
                    known.pop(entry.key, None)
                else:
                    known[entry.key] = contents.mapping_columns(entry.key, entry.payload["content"])
            if not writes or await self._write_row(rows, list(known.values())):
                return outcomes + [self._done(entry, entry.key) for entry in writes]
        raise RemoteError(
            "Somebody else writes the mappings at Supabase at this very moment", Fault.SERVER
        )

    async def _write_row(self, rows: Sequence[Any], mappings: Sequence[Any]) -> bool:
        """Return whether the carrier row was still as it had been seen."""
        now = contents.local_stamp(self._clock.now())
        like = rows[0].get("tools_json") if rows else None
        tools = contents.written(contents.clean({"mappings": list(mappings)}), like=like)
        if rows:
            match = {"id": rows[0]["id"], "updated_at": rows[0]["updated_at"]}
            values = {"tools_json": tools, "updated_at": now}
            return bool(await self._remote().update("ai_prompt", values, match))
        row = {
            "name": contents.CARRIER_NAME,
            "version": "1",
            "system_prompt": "Model mappings of GymBro Console. Not a prompt: keep it inactive.",
            "tools_json": tools,
            "is_active": False,
        }
        return bool(await self._remote().insert("ai_prompt", [row]))

    async def _push_prompt(self, entry: Entry, links: Links) -> Outcome:
        """Write a prompt's mapping beside its tools; the tools stay as they are there."""
        remote_id = await self._prompt_of(entry, links)
        rows = await self._remote().find("ai_prompt", "id", [remote_id]) if remote_id else []
        if not rows and entry.op is Op.DELETE:
            return self._done(entry, "")
        if not rows:
            raise RemoteError(
                "The prompt of {key} is not at Supabase yet; push it first",
                Fault.ROW_REFUSED,
                key=entry.key,
            )
        tools = contents.parsed(rows[0].get("tools_json"))
        found = contents.mapping_in(tools)
        key = f"{_PROMPT_KEY}{remote_id}"
        there = {} if found is None else {entry.key: _content_of(found, remote_id)}
        outcomes, writes = self._decide([entry], links, there)
        if not writes:
            return outcomes[0] if outcomes[0].conflict is not None else self._done(entry, key)
        wanted = None
        if entry.op is Op.SAVE:
            wanted = contents.mapping_payload(entry.payload["content"])
        whole = contents.with_mapping(contents.plain_tools(tools), wanted)
        values = {
            "tools_json": contents.written(contents.clean(whole), like=rows[0].get("tools_json")),
            "updated_at": contents.local_stamp(self._clock.now()),
        }
        match = {"id": rows[0]["id"], "updated_at": rows[0]["updated_at"]}
        if not await self._remote().update("ai_prompt", values, match):
            why = say("Changed at Supabase at this very moment: choose")
            return Outcome(entry, conflict=why)
        return self._done(entry, key)

    async def _prompt_of(self, entry: Entry, links: Links) -> str:
        link = links.get(entry.key)
        if link is not None:
            return link.remote_key.removeprefix(_PROMPT_KEY)
        local = entry.key.removeprefix(_PROMPT_KEY)
        prompts = await self._links(SyncKind.PROMPT, [local])
        return prompts[local].remote_key if local in prompts else ""

    def _decide(
        self, entries: Sequence[Entry], links: Links, there: Mapping[str, Content]
    ) -> tuple[list[Outcome], list[Entry]]:
        """Return what needs no write, and the entries that may be written."""
        outcomes: list[Outcome] = []
        writes: list[Entry] = []
        for entry in entries:
            found = there.get(entry.key)
            link = links.get(entry.key)
            expect = entry.payload.get("expect") or (link.base if link else None)
            is_same = found == entry.payload.get("content") and entry.op is Op.SAVE
            is_gone = found is None and entry.op is Op.DELETE
            if is_same or is_gone:
                outcomes.append(self._done(entry, link.remote_key if link else entry.key))
            elif _may_write(found, expect, restores=bool(entry.payload.get("restores"))):
                writes.append(entry)
            else:
                why = say("Changed on both sides since the last sync: choose")
                outcomes.append(Outcome(entry, conflict=why))
        return outcomes, writes

    def _done(self, entry: Entry, remote_key: str) -> Outcome:
        now, content = self._clock.now(), entry.payload.get("content", {})

        def settle(session: Any, local_key: str) -> None:
            if entry.op is Op.DELETE:
                settling.part(session, SyncKind.MAPPING, local_key)
            else:
                keys = (local_key, remote_key)
                settling.agree(session, SyncKind.MAPPING, keys, content, now)

        return Outcome(entry, settle)

    async def _links(self, kind: SyncKind, keys: Sequence[str]) -> dict[str, LinkState]:
        rows = await stored(
            self._database.read(partial(queries.links_of, kind=str(kind), keys=keys))
        )
        return {k: LinkState(k, row.remote_key, row.base_json) for k, row in rows.items()}


def _may_write(found: Content | None, expect: Content | None, *, restores: bool) -> bool:
    if found is None:
        return expect is None or restores
    return found == expect


def _content_of(mapping: Content, remote_id: str) -> Content:
    return contents.remote_mapping(mapping, remote_id).content
