"""Mappings: the stored mappings and the resolver over them, both in memory."""

from collections.abc import Mapping
from typing import Any

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import mappings as queries
from db.tables.mappings import ModelMappingRow
from services.foundation.clock import Clock
from services.foundation.errors import InputError, NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.mapping.resolver import Resolver
from services.mapping.types import (
    Explanation,
    MappedModel,
    MappingEdit,
    ModelMapping,
    RequestContext,
    Resolution,
    Scope,
)
from services.models.rules import MODEL_MAX, model_names, plain_text
from services.models.seeds import DEMO_MODEL
from services.models.service import Models
from services.settings.service import Settings

KEY_MAX = 270
_SEEDED = "seeded_global_mapping"
_SCOPES = frozenset(map(str, Scope))  # rows of any other scope, as an import may bring, rest
_NOBODY = RequestContext()


class Mappings:
    """Keys to models; lists, routing, statistics and E2E all ask the same resolver."""

    def __init__(
        self, database: Database, clock: Clock, models: Models, settings: Settings
    ) -> None:
        """Start empty; load() reads what is stored."""
        self._database = database
        self._clock = clock
        self._models = models
        self._settings = settings
        self._by_id: dict[str, ModelMapping] = {}
        self._resolver = Resolver({}, ())
        self.changed: Signal[None] = Signal("mapping.changed")
        models.changed.subscribe(self._models_changed)

    def load(self) -> None:
        """Write `global:global` once in the life of the store, then read every mapping."""
        if not self._database.read_now(config_queries.read_app_settings).get(_SEEDED):
            self._seed()
        self._show(self._database.read_now(queries.all_mappings))

    def all(self) -> tuple[ModelMapping, ...]:
        """Return every mapping, also inactive ones, by id."""
        return tuple(self._by_id.values())

    def get(self, mapping_id: str) -> ModelMapping | None:
        """Return the mapping, or None; `tenant:x` is read as `mapping:x`."""
        return self._by_id.get(_normal_id(mapping_id))

    def mapped(self, include_inactive: bool = False) -> tuple[MappedModel, ...]:  # noqa: FBT001, FBT002  # the name is part of the shared API
        """Return one row a key that a client may ask for; with include_inactive the others too."""
        return self._resolver.mapped(include_inactive=include_inactive)

    def resolve(self, key: str, context: RequestContext = _NOBODY) -> Resolution | None:
        """Return what a request for the key gets now, or None: it must be refused."""
        return self._resolver.explain(key, context).resolution

    def explain(self, key: str, context: RequestContext = _NOBODY) -> Explanation:
        """Return every step from the key to its model, also when it gets none."""
        return self._resolver.explain(key, context)

    async def save(self, edit: MappingEdit) -> ModelMapping:
        """Return the stored mapping; raise InputError naming the field."""
        mapping_id, values = _to_values(edit)
        return await self._write(mapping_id, values)

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
                self._database.write(lambda session: queries.delete_mapping(session, known.id, now))
            )
        except RowNotFoundError:
            raise _missing(mapping_id) from None
        await self._reload()

    def _known(self, mapping_id: str) -> ModelMapping:
        known = self.get(mapping_id)
        if known is None:
            raise _missing(mapping_id)
        return known

    async def _write(self, mapping_id: str, values: Mapping[str, Any]) -> ModelMapping:
        now = self._clock.now()
        row = await stored(
            self._database.write(
                lambda session: queries.save_mapping(session, mapping_id, values, now)
            )
        )
        await self._reload()
        return _to_mapping(row)

    async def _reload(self) -> None:
        self._show(await stored(self._database.read(queries.all_mappings)))
        self.changed.emit(None)

    def _show(self, stored: list[ModelMappingRow]) -> None:
        self._by_id = {row.id: _to_mapping(row) for row in stored if row.scope_type in _SCOPES}
        self._build()

    def _build(self) -> None:
        self._resolver = Resolver(
            self._by_id,
            self._models.endpoints,
            self._models.blocked,
            self._models.allows_test_endpoints,
        )

    def _models_changed(self, _nothing: None) -> None:
        self._build()
        self.changed.emit(None)

    def _seed(self) -> None:
        edit = MappingEdit(Scope.GLOBAL, "global", "Default", DEMO_MODEL, (DEMO_MODEL,))
        mapping_id, values = _to_values(edit)
        now = self._clock.now()

        def write(session: Any) -> None:
            queries.save_mapping(session, mapping_id, values, now)
            config_queries.write_app_settings(session, {_SEEDED: True}, now)

        self._database.write_now(write)


def _to_values(edit: MappingEdit) -> tuple[str, dict[str, Any]]:
    key = plain_text(edit.scope_key, "scope_key", KEY_MAX)
    if not key:
        raise InputError("A key is needed", field="scope_key")
    default = plain_text(edit.default_model, "default_model", MODEL_MAX)
    candidates = model_names(edit.candidates, "candidates")
    if not default and not candidates:
        raise InputError("A model is needed", field="default_model")
    values = {
        "scope_type": str(edit.scope_type),
        "scope_key": key,
        "name": plain_text(edit.name, "name", MODEL_MAX) or key,
        "default_model": default or candidates[0],
        "candidates_json": list(candidates),
        "is_active": edit.is_active,
        "metadata_json": dict(edit.metadata),
    }
    return f"{edit.scope_type}:{key}", values


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


def _normal_id(mapping_id: str) -> str:
    return f"mapping:{mapping_id[7:]}" if mapping_id.startswith("tenant:") else mapping_id


def _missing(mapping_id: str) -> NotFoundError:
    return NotFoundError("There is no mapping {id}", id=mapping_id)
