"""Rows of the catalogue as they travel: endpoints, mapped models, mappings, prompts."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from services.mapping.types import Flaw, MappedModel, ModelMapping
from services.models.types import Endpoint
from services.prompts.types import Prompt, PromptVersion


def moment(value: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with +00:00, or None."""
    return None if value is None else value.astimezone(UTC).isoformat()


def endpoint_row(endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint without its key (contract 5.1, view=endpoints)."""
    return {
        "id": endpoint.id,
        "supabase_id": endpoint.supabase_id,
        "name": endpoint.name,
        "base_url": endpoint.base_url,
        "provider_protocol": endpoint.provider_protocol,
        "model": endpoint.model,
        "description": endpoint.description,
        "allow_local_addresses": endpoint.allows_local,
        "timeout": endpoint.timeout,
        "is_active": endpoint.is_active,
        "is_default": endpoint.is_default,
        "model_list": list(endpoint.model_list),
        "status": endpoint.status,
        "latency_ms": endpoint.latency_ms,
        "last_checked_at": moment(endpoint.last_checked_at),
        "last_error": endpoint.last_error,
        "sync_status": endpoint.sync_status,
        "last_synced_at": moment(endpoint.last_synced_at),
        "resolved_endpoints": dict(endpoint.resolved_endpoints),
        "created_at": moment(endpoint.created_at),
        "updated_at": moment(endpoint.updated_at),
        "api_key_masked": endpoint.api_key_masked,
        "has_api_key": endpoint.has_api_key,
    }


def registry_rows(
    endpoints: Iterable[Endpoint], flaw_of: Callable[[str], Flaw | None]
) -> list[dict[str, Any]]:
    """Return one row a model: who offers it, and why nobody is routed to it (null: it is routable)."""
    offers: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        for model in endpoint.offered:
            offers.setdefault(model, []).append(endpoint)
    return [
        {
            "model": model,
            "endpoints": [{"id": e.id, "name": e.name, "is_active": e.is_active} for e in found],
            "flaw": flaw_of(model),
        }
        for model, found in sorted(offers.items())
    ]


def mapped_row(model: MappedModel, *, is_debug: bool = False) -> dict[str, Any]:
    """Return a mapped key (contract 5.1, view=mapped)."""
    hint = {"endpoint_id": model.endpoint_id, "endpoint_name": model.endpoint_name}
    row: dict[str, Any] = {
        "name": model.name,
        "default_model": model.default_model,
        "candidates": list(model.candidates),
        "required_tier": model.required_tier,
        "provider": model.provider,
        "dialect": model.dialect,
        "capabilities": {
            "supports_tools": model.provider is not None,
            "supports_vision": False,
            "max_output_tokens": None,
        },
        "endpoint_hint": hint if model.endpoint_id is not None else None,
    }
    if is_debug:
        row |= {
            "mapping_id": model.mapping_id,
            "scope_type": str(model.scope_type),
            "scope_key": model.name,
            "updated_at": moment(model.updated_at),
            "blocked_candidates": list(model.blocked_candidates),
            "resolved_model": model.resolved_model,
            "endpoint_id": model.endpoint_id,
        }
    return row


def app_row(model: MappedModel, *, is_debug: bool = False) -> dict[str, Any]:
    """Return a mapped key as the app lists it (/llm/app/models)."""
    row: dict[str, Any] = {
        "name": model.name,
        "model": model.name,
        "default_model": model.default_model,
        "candidates": list(model.candidates),
        "required_tier": model.required_tier,
    }
    if is_debug:
        row |= {
            "mapping_id": model.mapping_id,
            "scope_type": str(model.scope_type),
            "resolved_model": model.resolved_model,
            "endpoint_id": model.endpoint_id,
        }
    return row


def mapping_row(mapping: ModelMapping) -> dict[str, Any]:
    """Return a mapping (contract 1.5, /llm/model-groups)."""
    return {
        "id": mapping.id,
        "scope_type": str(mapping.scope_type),
        "scope_key": mapping.scope_key,
        "name": mapping.name,
        "default_model": mapping.default_model,
        "candidates": list(mapping.candidates),
        "is_active": mapping.is_active,
        "updated_at": moment(mapping.updated_at),
        "source": mapping.source,
        "metadata": dict(mapping.metadata),
    }


def prompt_row(prompt: Prompt, version: PromptVersion | None = None) -> dict[str, Any]:
    """Return the head of a prompt, with the text of `version` where one is given."""
    shown = version or prompt
    return {
        "id": prompt.id,
        "supabase_id": prompt.supabase_id,
        "name": prompt.name,
        "prompt_type": str(prompt.prompt_type),
        "content": shown.content,
        "version": prompt.version,
        "version_no": shown.version_no,
        "newest_version_no": prompt.newest_no,
        "live_version_no": prompt.version_no if prompt.is_active else None,
        "live_since": moment(prompt.live_since),
        "category": prompt.category,
        "description": prompt.description,
        "tools_json": shown.tools_json,
        "is_active": prompt.is_active,
        "created_at": moment(prompt.created_at),
        "updated_at": moment(prompt.updated_at),
        "last_synced_at": moment(prompt.last_synced_at),
    }


def version_row(version: PromptVersion) -> dict[str, Any]:
    """Return one version of a prompt."""
    return {
        "prompt_id": version.prompt_id,
        "version_no": version.version_no,
        "prompt_type": version.prompt_type,
        "message": version.message,
        "parent_no": version.parent_no,
        "restored_from": version.restored_from,
        "sha256": version.sha256,
        "content": version.content,
        "tools_json": version.tools_json,
        "created_by": version.created_by,
        "created_at": moment(version.created_at),
    }
