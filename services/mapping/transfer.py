"""Pure: mappings as JSON out and in: rows as /llm/model-groups gives them, also the original's."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from services.foundation.errors import InputError
from services.foundation.messages import Message
from services.mapping.types import (
    Changed,
    ImportPlan,
    MappingEdit,
    ModelMapping,
    Scope,
    Skipped,
)

ROWS_MAX = 5_000
BYTES_MAX = 4_000_000
_SCOPES = {**{str(scope): scope for scope in Scope}, "tenant": Scope.MAPPING}
_LISTS = (
    "data",
    "mappings",
    "model_groups",
    "items",
)  # where a client's or our file keeps the rows


def as_row(mapping: ModelMapping) -> dict[str, Any]:
    """Return a mapping as it travels (contract 1.5, /llm/model-groups)."""
    at = mapping.updated_at
    return {
        "id": mapping.id,
        "scope_type": str(mapping.scope_type),
        "scope_key": mapping.scope_key,
        "name": mapping.name,
        "default_model": mapping.default_model,
        "candidates": list(mapping.candidates),
        "is_active": mapping.is_active,
        "updated_at": None if at is None else at.astimezone(UTC).isoformat(),
        "source": mapping.source,
        "metadata": dict(mapping.metadata),
    }


def export_text(mappings: Iterable[ModelMapping], now: datetime) -> str:
    """Return the file of an export; read_rows() reads it back."""
    rows = [as_row(mapping) for mapping in mappings]
    body = {"exported_at": now.astimezone(UTC).isoformat(), "total": len(rows), "data": rows}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def read_rows(content: bytes) -> list[Any]:
    """Return the rows of a file, not yet looked at; raise InputError when it holds none."""
    if len(content) > BYTES_MAX:
        raise InputError("The file is over {count} MB", field="file", count=BYTES_MAX // 1_000_000)
    try:
        value: Any = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError("This is not JSON: {reason}", field="file", reason=str(error)) from None
    if isinstance(value, dict):
        body = cast("dict[str, Any]", value)
        value = next((body[name] for name in _LISTS if isinstance(body.get(name), list)), None)
    if not isinstance(value, list):
        raise InputError("The file holds no list of mappings", field="file")
    rows = cast("list[Any]", value)
    if len(rows) > ROWS_MAX:
        raise InputError("At most {count} mappings", field="file", count=ROWS_MAX)
    return rows


def to_edit(row: Any) -> MappingEdit:
    """Return what a row would store; raise InputError with the reason why it cannot be."""
    if not isinstance(row, dict):
        raise InputError("It is no mapping")
    fields = cast("dict[str, Any]", row)
    scope_word, _, id_key = str(fields.get("id") or "").partition(":")
    word = _text(fields, "scope_type") or scope_word
    scope = _SCOPES.get(word)
    if scope is None:
        raise InputError("There is no scope {scope}", scope=word[:40])
    return MappingEdit(
        scope_type=scope,
        scope_key=_text(fields, "scope_key") or id_key,
        name=_text(fields, "name"),
        default_model=_text(fields, "default_model"),
        candidates=_names(fields),
        is_active=_flag(fields),
        metadata=_metadata(fields),
    )


def plan(present: Mapping[str, ModelMapping], read: Iterable[MappingEdit | Skipped]) -> ImportPlan:
    """Return what importing would add, change, leave and skip; of two rows of one id the last wins."""
    added: dict[str, MappingEdit] = {}
    changed: dict[str, Changed] = {}
    skipped: list[Skipped] = []
    same: set[str] = set()
    for one in read:
        if isinstance(one, Skipped):
            skipped.append(one)
            continue
        mapping_id = f"{one.scope_type}:{one.scope_key}"
        for former in (added, changed):
            former.pop(mapping_id, None)
        same.discard(mapping_id)
        known = present.get(mapping_id)
        if known is None:
            added[mapping_id] = one
        elif known.as_edit() == one:
            same.add(mapping_id)
        else:
            changed[mapping_id] = Changed(known, one)
    return ImportPlan(tuple(added.values()), tuple(changed.values()), len(same), tuple(skipped))


def skipped(row: Any, reason: Message) -> Skipped:
    """Return a row that is left out under the best name it has."""
    fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    name = fields.get("id") or fields.get("scope_key") or fields.get("name") or "?"
    return Skipped(str(name)[:120], reason)


def replaced(mapping: ModelMapping, old: str, new: str) -> MappingEdit | None:
    """Return the edit in which a model is another one (empty: is left out); None without the model.

    Raise InputError when nothing would be left.
    """
    names = (mapping.default_model, *mapping.candidates)
    if old not in names:
        return None
    default = _swap(mapping.default_model, old, new)
    candidates = tuple(
        dict.fromkeys(
            name for name in (_swap(model, old, new) for model in mapping.candidates) if name
        )
    )
    default = default or next(iter(candidates), "")
    if not default:
        raise InputError(
            "{id} would have no model left: choose a replacement",
            field="new",
            id=mapping.id,
        )
    return MappingEdit(
        mapping.scope_type,
        mapping.scope_key,
        mapping.name,
        default,
        candidates,
        mapping.is_active,
        mapping.metadata,
    )


def _swap(model: str, old: str, new: str) -> str:
    return new if model == old else model


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError("{column} is no text", column=name)
    return value


def _names(fields: Mapping[str, Any]) -> tuple[str, ...]:
    value: Any = fields.get("candidates", fields.get("candidates_json"))
    value = _unpacked(value, "candidates")
    if value is None:
        return ()
    names: tuple[Any, ...] = tuple(cast("list[Any]", value)) if isinstance(value, list) else (None,)
    if any(not isinstance(name, str) for name in names):
        raise InputError("{column} is no list of models", column="candidates")
    return names


def _metadata(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    value = _unpacked(fields.get("metadata", fields.get("metadata_json")), "metadata")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError("{column} is no object", column="metadata")
    return cast("dict[str, Any]", value)


def _unpacked(value: Any, field: str) -> Any:
    """Return the value; the original's database keeps lists and objects as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value) if value.strip() else None
    except orjson.JSONDecodeError:
        raise InputError("{column} is no JSON", column=field) from None


def _flag(fields: Mapping[str, Any]) -> bool:
    value = fields.get("is_active", True)
    if value in (0, 1):  # also True and False; databases write numbers
        return bool(value)
    raise InputError("{column} is neither on nor off", column="is_active")
