"""Undo: bring back the state before an entry of the log, through the service that owns it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from services.audit.service import Audit
from services.audit.types import AuditAction, AuditEntry, AuditKind
from services.foundation.errors import ConflictError, NotFoundError
from services.mapping.types import MappingEdit, Scope
from services.models.types import EndpointEdit
from services.settings.service import Settings
from services.sync.parts import Catalogue
from services.targets.service import Targets
from services.targets.types import TargetEdit
from services.undo.rules import differing, is_reversible

Values = Mapping[str, Any]
_MODEL = (
    "name",
    "base_url",
    "provider_protocol",
    "model",
    "description",
    "timeout",
    "is_active",
    "allows_local",
)
_TARGET = ("name", "api_base", "auth_url", "colour", "is_production", "user_email")


class Undo:
    """What an undo does is a change like any other: checked, audited, sent to Supabase first."""

    def __init__(
        self,
        audit: Audit,
        catalogue: Catalogue,
        settings: Settings,
        targets: Targets,
    ) -> None:
        """Keep the services that own what can be brought back."""
        self._audit = audit
        self._models = catalogue.models
        self._mapping = catalogue.mapping
        self._prompts = catalogue.prompts
        self._settings = settings
        self._targets = targets
        self._ways: Mapping[str, Callable[[AuditEntry], Awaitable[object]]] = {
            AuditKind.MODEL: self._model,
            AuditKind.BLOCKED: self._blocked,
            AuditKind.MAPPING: self._map,
            AuditKind.PROMPT: self._prompt,
            AuditKind.SETTINGS: self._preferences,
            AuditKind.GATEWAY: self._gateway,
            AuditKind.TARGET: self._target,
        }

    @staticmethod
    def can_undo(entry: AuditEntry) -> bool:
        """Return whether the entry can be taken back, as far as the entry itself says."""
        return is_reversible(entry)

    async def undo(self, entry_id: int) -> AuditEntry:
        """Return the entry, marked as taken back.

        Raise ConflictError when it cannot be, or when the thing was changed again since.
        """
        entry = await self._audit.get(entry_id)
        if not is_reversible(entry):
            raise ConflictError("This change cannot be taken back")
        await self._ways[entry.kind](entry)
        return await self._audit.mark_undone(entry_id)

    async def _model(self, entry: AuditEntry) -> None:
        before = entry.before
        if before is None:
            await self._models.delete(int(entry.subject_id))
            return
        known: dict[str, Any] = {n: before[n] for n in (*_MODEL, "is_default") if n in before}
        if "model_list" in before:
            known["model_list"] = tuple(before["model_list"] or ())
        endpoint_id = None
        if entry.action != AuditAction.DELETED:
            endpoint_id = int(entry.subject_id)
            _check(entry, _there(entry, self._models.endpoint(endpoint_id)))
        await self._models.save(EndpointEdit(id=endpoint_id, **known))

    async def _blocked(self, entry: AuditEntry) -> None:
        _check(entry, {"models": sorted(self._models.blocked)})
        await self._models.set_blocked((entry.before or {}).get("models", ()))

    async def _map(self, entry: AuditEntry) -> None:
        before, present = entry.before, self._mapping.get(entry.subject_id)
        if before is None:
            await self._mapping.delete(entry.subject_id)
            return
        now: dict[str, Any] = {}
        if present is not None:
            now = asdict(present) | {
                "candidates_json": list(present.candidates),
                "metadata_json": dict(present.metadata),
            }
            _check(entry, now)
        values = {**now, **before}
        scope, _, key = entry.subject_id.partition(":")
        await self._mapping.save(
            MappingEdit(
                scope_type=Scope(scope),
                scope_key=key,
                name=values.get("name", ""),
                default_model=values.get("default_model", ""),
                candidates=tuple(values.get("candidates_json") or ()),
                is_active=bool(values.get("is_active", True)),
                metadata=values.get("metadata_json") or {},
            )
        )

    async def _prompt(self, entry: AuditEntry) -> None:
        prompt_id, before = int(entry.subject_id), entry.before
        if before is None:
            await self._prompts.delete(prompt_id)
            return
        head = self._prompts.get(prompt_id)
        _check(entry, _there(entry, head))
        if head is None:
            return
        if before.get("is_active") is False:
            await self._prompts.deactivate(prompt_id)
        elif before.get("is_active") is True:
            await self._prompts.activate(prompt_id, before.get("version_no", head.version_no))
        elif "version_no" in before:
            await self._prompts.roll_back(prompt_id, int(before["version_no"]))
        if "name" in before or "description" in before:
            await self._prompts.describe(
                prompt_id,
                name=before.get("name", head.name),
                description=before.get("description", head.description),
            )

    async def _preferences(self, entry: AuditEntry) -> None:
        _check(entry, asdict(self._settings.preferences))
        await self._settings.change(dict(entry.before or {}))

    async def _gateway(self, entry: AuditEntry) -> None:
        _check(entry, asdict(self._settings.app))
        await self._settings.change_app(dict(entry.before or {}))

    async def _target(self, entry: AuditEntry) -> None:
        before = dict(entry.before or {})
        target_id = None
        if entry.action != AuditAction.DELETED:
            target_id = int(entry.subject_id)
            now = asdict(self._targets.get(target_id))
            _check(entry, now)
            before = {**{name: now[name] for name in _TARGET}, **before}
        known: dict[str, Any] = {name: before[name] for name in _TARGET if name in before}
        await self._targets.save(TargetEdit(id=target_id, **known))


def _there(entry: AuditEntry, found: Any) -> Values:
    if found is None:
        raise NotFoundError("{subject} does not exist any more", subject=entry.subject)
    return asdict(found)


def _check(entry: AuditEntry, now: Values) -> None:
    """Raise ConflictError when the undo would also take back something newer."""
    newer = differing(entry, now)
    if newer:
        raise ConflictError(
            "{subject} was changed again since ({fields}); take that back first",
            subject=entry.subject,
            fields=", ".join(newer),
        )
