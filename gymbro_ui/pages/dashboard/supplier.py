"""Supplier step: test a supplier's address and key, store them, and map its models."""

from typing import TYPE_CHECKING

from components.dashboard.supplier_form import SupplierCalls, SupplierDraft
from components.primitives.field import Field
from components.words import tr, trn
from gymbro_ui.actions import act
from services.foundation.errors import InputError
from services.mapping.types import MappingEdit, Scope
from services.models.types import Endpoint, EndpointEdit
from services.suppliers.types import ProbeResult

if TYPE_CHECKING:
    from services.console import Console

PROBE_S = 10.0


def supplier_calls(console: "Console") -> SupplierCalls:
    """Return what the form calls."""

    async def probe(draft: SupplierDraft, fields: dict[str, Field]) -> ProbeResult | None:
        async def look() -> ProbeResult:
            _require(draft)
            return await console.suppliers.probe(
                base_url=draft.base_url,
                protocol=draft.protocol,
                api_key=draft.api_key,
                timeout_s=PROBE_S,
                allows_local=draft.allows_local,
            )

        return await act(look, fields=fields)

    async def save(draft: SupplierDraft, fields: dict[str, Field]) -> bool:
        async def keep() -> Endpoint:
            _require(draft)
            return await _store(console, draft)

        done = trn("{n} model mapped", "{n} models mapped", len(draft.models))
        return await act(keep, done=done, fields=fields) is not None

    return SupplierCalls(probe, save)


def _require(draft: SupplierDraft) -> None:
    if not draft.base_url.startswith(("http://", "https://")):
        raise InputError(
            "The address must begin with http:// or https://, not {value}",
            field="base_url",
            value=draft.base_url[:80] or tr("nothing"),
        )
    if not draft.api_key:
        raise InputError("Paste the API key", field="api_key")


async def _store(console: "Console", draft: SupplierDraft) -> Endpoint:
    """Store the endpoint first, then one mapping a model; a refused mapping leaves the endpoint."""
    if not draft.models:
        raise InputError("Choose at least one model", field="model")
    endpoint = await console.models.save(
        EndpointEdit(
            name=draft.name,
            base_url=draft.base_url,
            provider_protocol=draft.protocol,
            model=draft.models[0],
            model_list=tuple(dict.fromkeys((*draft.models, *draft.offered))),
            api_key=draft.api_key,
            is_active=True,
            allows_local=draft.allows_local,
        )
    )
    for model in draft.models:
        await console.mapping.save(
            MappingEdit(
                scope_type=Scope.MAPPING,
                scope_key=model,
                name=model,
                default_model=model,
                candidates=(model,),
            )
        )
    return endpoint
