"""Pure: what an operator or a client wants to store, checked, as a mapping and as column values."""

from typing import Any

from services.foundation.errors import InputError
from services.mapping.types import MappingEdit, ModelMapping
from services.models.rules import MODEL_MAX, model_names, plain_text

KEY_MAX = 270


def checked(edit: MappingEdit) -> ModelMapping:
    """Return the mapping the edit would store; raise InputError naming the field."""
    key = plain_text(edit.scope_key, "scope_key", KEY_MAX)
    if not key:
        raise InputError("A key is needed", field="scope_key")
    default = plain_text(edit.default_model, "default_model", MODEL_MAX)
    candidates = model_names(edit.candidates, "candidates")
    if not default and not candidates:
        raise InputError("A model is needed", field="default_model")
    return ModelMapping(
        id=f"{edit.scope_type}:{key}",
        scope_type=edit.scope_type,
        scope_key=key,
        name=plain_text(edit.name, "name", MODEL_MAX) or key,
        default_model=default or candidates[0],
        candidates=candidates,
        is_active=edit.is_active,
        metadata=dict(edit.metadata),
    )


def as_values(mapping: ModelMapping) -> dict[str, Any]:
    """Return the column values; the source is not among them, so that it stays."""
    return {
        "scope_type": str(mapping.scope_type),
        "scope_key": mapping.scope_key,
        "name": mapping.name,
        "default_model": mapping.default_model,
        "candidates_json": list(mapping.candidates),
        "is_active": mapping.is_active,
        "metadata_json": dict(mapping.metadata),
    }
