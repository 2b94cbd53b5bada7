"""Sync: preview both sides, apply what was chosen, push what waits."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from db.queries import sync as queries
from services.audit.books import record
from services.audit.types import AuditKind
from services.foundation.actor import current_actor
from services.foundation.errors import ConflictError, StoreError
from services.foundation.ids import new_id
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.supabase.types import RemoteError
from services.sync import applying, contents, plan, reading
from services.sync.backup import write_backups
from services.sync.impact import Impact
from services.sync.local import read_links, read_local
from services.sync.parts import SyncParts
from services.sync.reading import RemoteState
from services.sync.types import (
    Choice,
    LinkState,
    LocalRow,
    RemoteRow,
    SyncItem,
    SyncKind,
    SyncPlan,
    SyncReport,
    SyncRequest,
)

_log = logging.getLogger(__name__)
PLANS_KEPT = 4
Progress = Callable[[int, int], Any]
Links = Mapping[SyncKind, Sequence[LinkState]]
_ALL = tuple(SyncKind)


class Sync:
    """One sync at a time; a preview changes nothing, an apply changes this console at once or not."""

    def __init__(self, parts: SyncParts) -> None:
        """Keep the parts."""
        self._parts = parts
        self._lock = asyncio.Lock()
        self._plans: dict[str, SyncPlan] = {}
        self._chosen: dict[
            str, Mapping[str, Choice]
        ] = {}  # by plan: too much for an execution's row
        self.last: SyncReport | None = None
        self.done: Signal[SyncReport] = Signal("sync.done")

    @property
    def is_configured(self) -> bool:
        """Whether there is a project to sync with."""
        return self._parts.supabase.is_configured

    async def preview(self, kinds: Sequence[SyncKind] = _ALL) -> SyncPlan:
        """Return every difference; raise RemoteError when Supabase cannot be read, ConflictError without one.

        What was read is staged; an answer that is empty or no table never reaches what is here.
        """
        parts, wanted = self._parts, tuple(kind for kind in SyncKind if kind in kinds)
        begun = parts.clock.monotonic()
        async with self._lock:
            try:
                state = await reading.read_remote(parts.supabase.remote(), wanted)
            except RemoteError as error:
                parts.supabase.note_failure(error)
                raise
            parts.supabase.note_answer()
            parts.outbox.note_answer()
            now = parts.clock.now()
            await stored(parts.database.write(partial(_stage, state=state, kinds=wanted, now=now)))
            local, links, raw = await stored(parts.database.read(partial(_read, kinds=wanted)))
            made = self._compare(wanted, local, links, raw)
            if any(made.agreed.values()):
                note = partial(applying.note_agreed, plan=made, now=now)
                await stored(parts.database.write(note))
            took_ms = round((parts.clock.monotonic() - begun) * 1000)
            made = replace(made, made_at=now, took_ms=took_ms, api_keys=state.api_keys)
        self._plans[made.id] = made
        while len(self._plans) > PLANS_KEPT:
            oldest = next(iter(self._plans))
            del self._plans[oldest]
            self._chosen.pop(oldest, None)
        return made

    def plan(self, plan_id: str) -> SyncPlan:
        """Return a preview that was made; raise ConflictError when it is too old."""
        found = self._plans.get(plan_id)
        if found is None:
            raise ConflictError("This preview is outdated; look at the differences again")
        return found

    def choose(self, plan_id: str, choices: Mapping[str, Choice]) -> None:
        """Keep what was chosen of a preview until it is carried out; raise ConflictError."""
        self.plan(plan_id)
        self._chosen[plan_id] = dict(choices)

    def chosen(self, plan_id: str) -> Mapping[str, Choice]:
        """Return what was chosen of a preview; nothing when nobody chose."""
        return self._chosen.get(plan_id, {})

    async def last_synced_at(self) -> datetime | None:
        """Return when both sides last agreed on anything."""
        return await stored(self._parts.database.read(queries.last_synced_at))

    async def run(
        self,
        made: SyncPlan,
        choices: Mapping[str, Choice],
        on_progress: Progress | None = None,
    ) -> SyncReport:
        """Return what was done: one transaction here, then every push, each exactly once.

        Raise ConflictError when a chosen row changed since the preview: then nothing was done.
        """
        async with self._lock:
            self._plans.pop(made.id, None)
            self._chosen.pop(made.id, None)
            chosen = plan.checked(made, choices)
            backups = await self._back_up(made.kinds)
            await self._forget_moved(made, chosen)
            applied = await self._apply(made, chosen)
            await self._keep_keys(made, applied)
            await self._reload()
            report = await self._push(applied, on_progress)
        report = replace(report, backups=backups, at=self._parts.clock.now())
        self.last = report
        self.done.emit(report)
        return report

    async def sync(self, request: SyncRequest, on_progress: Progress | None = None) -> SyncReport:
        """Return what a sync without a look did; nothing is deleted or overwritten unless it says so."""
        made = await self.preview(request.kinds)
        return await self.run(made, plan.choose(made, request), on_progress)

    def _compare(
        self,
        kinds: Sequence[SyncKind],
        local: Mapping[SyncKind, Mapping[str, LocalRow]],
        links: Links,
        raw: Mapping[SyncKind, Sequence[Mapping[str, Any]]],
    ) -> SyncPlan:
        parts = self._parts
        impact = Impact(parts.models.endpoints, parts.mapping.all())
        items: list[SyncItem] = []
        agreed: dict[SyncKind, tuple[LinkState, ...]] = {}
        notes: list[Any] = []
        counts = [0, 0]
        same = 0
        prompts = {link.local_key: link.remote_key for link in links.get(SyncKind.PROMPT, ())}
        for kind in kinds:
            there, wrong = reading.to_rows(kind, raw[kind])
            twin = _twins(kind, there, prompts)
            found = plan.compare(kind, local[kind], there, links[kind], twin)
            if kind is SyncKind.PROMPT:
                prompts |= {here: remote for remote, here in found.pairs.items()}
            items += [impact.of(item) for item in found.items]
            agreed[kind] = tuple(found.agreed)
            same += found.same
            notes += [*wrong, *plan.warnings(kind, local[kind], there, links[kind])]
            counts[0] += len(there)
            counts[1] += len(local[kind])
        return SyncPlan(
            id=new_id("plan"),
            made_at=parts.clock.now(),
            kinds=tuple(kinds),
            items=tuple(items),
            agreed=agreed,
            notes=tuple(notes),
            same=same,
            remote_count=counts[0],
            local_count=counts[1],
        )

    async def _back_up(self, kinds: Sequence[SyncKind]) -> tuple[str, ...]:
        parts = self._parts

        def read(session: Session) -> tuple[Any, Any]:
            return read_local(session, kinds), read_links(session, kinds)

        local, links = await stored(parts.database.read(read))
        try:
            return await asyncio.to_thread(
                write_backups, parts.folder, local, links, parts.clock.now()
            )
        except OSError as error:
            raise StoreError(
                "The backup before the sync could not be written ({reason}); nothing was changed",
                reason=error.strerror or str(error),
            ) from error

    async def _apply(self, made: SyncPlan, chosen: applying.Chosen) -> applying.Applied:
        who, now = current_actor(), self._parts.clock.now()

        def change(session: Session) -> applying.Applied:
            applied = applying.apply(session, made, chosen, who, now)
            counts = {**applied.pulled, "pushed": applied.queued, "conflicts": applied.conflicts}
            record(session, AuditKind.SYNC, "sync", who, now, after=counts)
            return applied

        applied = await stored(self._parts.database.write(change))
        self._parts.books.recorded.emit(str(AuditKind.SYNC))
        return applied

    async def _push(self, applied: applying.Applied, on_progress: Progress | None) -> SyncReport:
        outbox = self._parts.outbox
        base = SyncReport(
            pulled=applied.pulled, conflicts=applied.conflicts, skipped=applied.skipped
        )
        if not applied.queued:
            await outbox.refresh()
            return base
        flushed = await outbox.flush(on_progress=on_progress)
        await self._reload()
        return replace(
            base,
            pushed=flushed.pushed,
            refused=flushed.refused,
            conflicts=base.conflicts + flushed.conflicts,
            queued=max(0, flushed.left - flushed.refused),
            reason=flushed.reason,
        )

    async def _forget_moved(self, made: SyncPlan, chosen: applying.Chosen) -> None:
        """An endpoint's key must not follow it to another address, whoever changed that."""
        assert made.id  # only what was previewed can move
        for item, choice in chosen:
            if choice is Choice.PULL and item.kind is SyncKind.MODEL and item.local_key:
                there, here = item.remote or {}, item.local or {}
                if there and there.get("base_url") != here.get("base_url"):
                    await self._put_key(int(item.local_key), "")

    async def _keep_keys(self, made: SyncPlan, applied: applying.Applied) -> None:
        for endpoint_id in applied.keys_to_forget:
            await self._put_key(endpoint_id, "")
        for remote_key, endpoint_id in applied.new_models.items():
            key = made.api_keys.get(remote_key, "")
            if key and contents.is_key(key):
                await self._put_key(endpoint_id, key)

    async def _put_key(self, endpoint_id: int, key: str) -> None:
        await asyncio.to_thread(self._parts.secrets.put, f"endpoint/{endpoint_id}/api_key", key)

    async def _reload(self) -> None:
        await self._parts.models.reload()
        await self._parts.mapping.reload()
        await self._parts.prompts.reload()


def _stage(
    session: Session, *, state: RemoteState, kinds: Sequence[SyncKind], now: datetime
) -> None:
    for kind in kinds:
        keyed = [(f"{position}", row) for position, row in enumerate(state.raw[kind])]
        queries.stage(session, str(kind), keyed, now)


def _read(session: Session, *, kinds: Sequence[SyncKind]) -> tuple[Any, Any, Any]:
    raw = {kind: queries.staged(session, str(kind)) for kind in kinds}
    wanted = tuple(dict.fromkeys((*kinds, SyncKind.PROMPT)))
    return read_local(session, kinds), read_links(session, wanted), raw


def _twins(
    kind: SyncKind, there: Mapping[str, RemoteRow], prompts: Mapping[str, str]
) -> Callable[[LocalRow], str]:
    """Return which remote row an unlinked local one may be: the known id, else the same name."""
    if kind is SyncKind.MAPPING:
        scope = f"{contents.PROMPT_SCOPE}:"

        def of_mapping(row: LocalRow) -> str:
            if not row.key.startswith(scope):
                return row.key
            return f"{scope}{prompts.get(row.key.removeprefix(scope), '')}"

        return of_mapping
    by_name: dict[tuple[str, str], str] = {}
    for key, row in there.items():
        by_name.setdefault((row.title, str(row.content.get("base_url", ""))), key)

    def of_row(row: LocalRow) -> str:
        if row.remote_id in there:
            return row.remote_id
        return by_name.get((row.title, str(row.content.get("base_url", ""))), "")

    return of_row
