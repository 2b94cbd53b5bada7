"""Mappings: the stored mappings and the resolver over them, both in memory."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import audit as audit_queries
from db.queries import config as config_queries
from db.queries import mappings as queries
from db.tables.mappings import ModelMappingRow
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.mapping.edits import as_values, checked
from services.mapping.reader import MappingReader, missing
from services.mapping.types import EditedMeanwhileError, MappingEdit, ModelMapping, Scope
from services.models.rules import MODEL_MAX, plain_text
from services.models.seeds import DEMO_MODEL
from services.models.service import Models
from services.settings.service import Settings

_SEEDED = "seeded_global_mapping"
_SCOPES = frozenset(map(str, Scope))  # rows of any other scope, as an import may bring, rest


class Mappings(MappingReader):
    """Keys to models; lists, routing, statistics and E2E all ask the same resolver."""

    def __init__(
        self, database: Database, clock: Clock, models: Models, settings: Settings
    ) -> None:
        """Start empty; load() reads what is stored."""
        super().__init__(clock, models)
        self._database = database
        self.books = Books(database, clock)
        self._settings = settings
        self._reading = asyncio.Lock()
        self.changed: Signal[None] = Signal("mapping.changed")
        models.changed.subscribe(self._models_changed)

    def load(self) -> None:
        """Write `global:global` once in the life of the store, then read every mapping."""
        if not self._database.read_now(config_queries.read_app_settings).get(_SEEDED):
            self._seed()
        self._show(self._database.read_now(queries.all_mappings))

    # -- changes

    async def save(self, edit: MappingEdit, *, seen_at: datetime | None = None) -> ModelMapping:
        """Return the stored mapping; raise InputError naming the field.

        With `seen_at`, the change the edit began from, raise EditedMeanwhileError when it is not
        the newest any more.
        """
        mapping = checked(edit)
        return await self._write(mapping.id, as_values(mapping), seen_at)

    async def last_change(self, mapping_id: str) -> tuple[str, datetime | None]:
        """Return who changed the mapping last and when, as the log tells; empty when it does not."""
        return await stored(self._database.read(partial(_last_change, mapping_id=mapping_id)))

    async def save_many(self, edits: Iterable[MappingEdit], *, source: str = "") -> int:
        """Return how many were stored, all in one transaction; raise InputError, storing none."""
        mappings = {mapping.id: mapping for mapping in map(checked, edits)}
        extra = {"source": source} if source else {}
        changes = [(one.id, {**as_values(one), **extra}) for one in mappings.values()]
        now = self._clock.now()
        await stored(
            self.books.write(
                "mapping", lambda session: queries.save_mappings(session, changes, now)
            )
        )
        await self._reload()
        return len(changes)

    async def delete_many(self, mapping_ids: Iterable[str]) -> int:
        """Return how many were removed, all in one transaction; raise NotFoundError, removing none."""
        known = list(dict.fromkeys(self._known(mapping_id).id for mapping_id in mapping_ids))
        now = self._clock.now()
        try:
            await stored(
                self.books.write(
                    "mapping", lambda session: queries.delete_mappings(session, known, now)
                )
            )
        except RowNotFoundError as error:
            raise missing(str(error)) from None
        await self._reload()
        return len(known)

    async def reload(self) -> None:
        """Read every mapping again after somebody else wrote them (a sync, an import)."""
        await self._reload()

    async def activate(self, mapping_id: str, default_model: str = "") -> ModelMapping:
        """Return the mapping, active and with this first choice; raise NotFoundError or InputError."""
        present = self._known(mapping_id)
        chosen = plain_text(default_model, "default_model", MODEL_MAX) or present.default_model
        names = dict.fromkeys((*present.candidates, present.default_model, chosen))
        values = {
            "default_model": chosen,
            "candidates_json": [name for name in names if name],
            "is_active": True,
        }
        return await self._write(present.id, values)

    async def set_active(self, mapping_id: str, *, is_active: bool) -> ModelMapping:
        """Return the mapping after it was switched on or off; raise NotFoundError."""
        return await self._write(self._known(mapping_id).id, {"is_active": is_active})

    async def delete(self, mapping_id: str) -> None:
        """Remove the mapping; raise NotFoundError."""
        known = self._known(mapping_id)
        now = self._clock.now()
        try:
            await stored(
                self.books.write(
                    "mapping", lambda session: queries.delete_mapping(session, known.id, now)
                )
            )
        except RowNotFoundError:
            raise missing(mapping_id) from None
        await self._reload()

    async def _write(
        self, mapping_id: str, values: Mapping[str, Any], seen_at: datetime | None = None
    ) -> ModelMapping:
        now = self._clock.now()

        def change(session: Session) -> ModelMappingRow:
            if seen_at is not None:
                _check_newest(session, mapping_id, seen_at)
            return queries.save_mapping(session, mapping_id, values, now)

        row = await stored(self.books.write("mapping", change))
        await self._reload()
        return _to_mapping(row)

    async def _reload(self) -> None:
        async with self._reading:  # one after the other: an older answer never covers a newer one
            self._show(await stored(self._database.read(queries.all_mappings)))
        self.changed.emit(None)

    def _show(self, stored: list[ModelMappingRow]) -> None:
        self._by_id = {row.id: _to_mapping(row) for row in stored if row.scope_type in _SCOPES}
        self._resolver = self._build(self._by_id)

    def _models_changed(self, _nothing: None) -> None:
        self._resolver = self._build(self._by_id)
        self.changed.emit(None)

    def _seed(self) -> None:
        edit = MappingEdit(Scope.GLOBAL, "global", "Default", DEMO_MODEL, (DEMO_MODEL,))
        mapping = checked(edit)
        mapping_id, values = mapping.id, as_values(mapping)
        now = self._clock.now()

        def write(session: Any) -> None:
            queries.save_mapping(session, mapping_id, values, now)
            config_queries.write_app_settings(session, {_SEEDED: True}, now)

        self._database.write_now(write)


def _check_newest(session: Session, mapping_id: str, seen_at: datetime) -> None:
    """Raise EditedMeanwhileError unless the mapping is still as it was seen."""
    row = session.get(ModelMappingRow, mapping_id)
    if row is None or row.updated_at != seen_at:
        who, at = _last_change(session, mapping_id)
        raise EditedMeanwhileError(
            "{id} was changed meanwhile by somebody else; nothing was stored",
            id=mapping_id,
            who=who,
            at=at,
        )


def _last_change(session: Session, mapping_id: str) -> tuple[str, datetime | None]:
    wanted = audit_queries.AuditWanted(kinds=("mapping",), subject_id=mapping_id)
    entries = audit_queries.entries_page(session, wanted, 1)
    return (entries[0].actor, entries[0].at) if entries else ("", None)


def _to_mapping(row: ModelMappingRow) -> ModelMapping:
    return ModelMapping(
        id=row.id,
        scope_type=Scope(row.scope_type),
        scope_key=row.scope_key,
        name=row.name,
        default_model=row.default_model,
        candidates=tuple(row.candidates_json),
        is_active=row.is_active,
        source=row.source,
        metadata=row.metadata_json,
        updated_at=row.updated_at,
    )
