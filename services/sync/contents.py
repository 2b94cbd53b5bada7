"""One spelling for both sides: rows of this console and of Supabase as comparable contents."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.models.rules import KEY_MAX, MODEL_MAX, NAME_MAX, TIMEOUT_MAX_S, normal_base_url
from services.sync.types import Content, RemoteRow

CARRIER_NAME = "__model_mapping__"  # the ai_prompt row that carries mappings without a table
PROMPT_MAPPING = "__model_mapping"  # the key in a prompt's tools_json
PROMPT_SCOPE = "prompt"
_SCOPES = ("user", "premium_user", "prompt", "module", "mapping", "global")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TEXT_MAX = 200_000


def clean(value: Any) -> Any:
    """Return the value without what PostgreSQL can never store (NUL, half a surrogate pair)."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        known = cast("Mapping[str, Any]", value)
        return {str(clean(name)): clean(item) for name, item in known.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in cast("list[Any]", value)]
    return value


# -- models


def model_content(values: Mapping[str, Any]) -> Content:
    """Return what both sides hold of an endpoint; the rest of it is ours alone."""
    models = list(values.get("model_list") or [])
    return clean(
        {
            "name": values["name"],
            "model": values.get("model") or (models[0] if models else ""),
            "base_url": values.get("base_url") or "",
            "description": values.get("description") or "",
            "timeout": values.get("timeout") or 60,
            "is_active": bool(values.get("is_active")),
            "is_default": bool(values.get("is_default")),
        }
    )


def remote_model(row: Mapping[str, Any]) -> RemoteRow:
    """Return an ai_model row; its key is left out."""
    problem = _problem(row, (("name", str), ("model", str)))
    content: dict[str, Any] = {}
    if problem is None:
        timeout = row.get("timeout")
        whole = timeout if isinstance(timeout, int) and timeout > 0 else 60
        content = {
            "name": str(row["name"]).strip()[:NAME_MAX],
            "model": str(row["model"]).strip()[:MODEL_MAX],
            "base_url": str(row.get("base_url") or "").strip(),
            "description": str(row.get("description") or ""),
            "timeout": min(whole, TIMEOUT_MAX_S),
            "is_active": row.get("is_active") is not False,
            "is_default": row.get("is_default") is True,
        }
        problem = _address(content)
    return RemoteRow(_key(row), _title(row), clean(content), problem)


def model_columns(content: Content) -> dict[str, Any]:
    """Return the columns of ai_model."""
    return dict(content)


# -- prompts


def prompt_content(values: Mapping[str, Any]) -> Content:
    """Return what both sides hold of a prompt's head."""
    return clean(
        {
            "name": values["name"],
            "content": values.get("content") or "",
            "version": values.get("version") or "",
            "description": values.get("description") or "",
            "tools": plain_tools(values.get("tools_json")),
            "is_active": bool(values.get("is_active")),
        }
    )


def remote_prompt(row: Mapping[str, Any]) -> RemoteRow:
    """Return an ai_prompt row; the mapping it may carry is read by prompt_mapping()."""
    problem = _problem(row, (("name", str),))
    text, tools = row.get("system_prompt"), row.get("tools_json")
    if problem is None and not isinstance(text, str | None):
        problem = say("{column} must be a text", column="system_prompt")
    if problem is None and not text and not plain_tools(parsed(tools)):
        problem = say("It has neither a text nor tools")
    if problem is None and isinstance(text, str) and len(text) > _TEXT_MAX:
        problem = say("Its text is longer than {n} characters", n=_TEXT_MAX)
    content: Content = {}
    if problem is None:
        content = {
            "name": str(row["name"]).strip()[:NAME_MAX],
            "content": text or "",
            "version": str(row.get("version") or "")[:50],
            "description": str(row.get("description") or "")[:5_000],
            "tools": plain_tools(parsed(tools)),
            "is_active": row.get("is_active") is True,
        }
    return RemoteRow(_key(row), _title(row), clean(content), problem)


def prompt_columns(content: Content, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the columns of ai_prompt; a mapping the remote row carries stays in it."""
    before = None if row is None else row.get("tools_json")
    tools = with_mapping(content["tools"], mapping_in(parsed(before)))
    return {
        "name": content["name"],
        "version": content["version"] or "1",
        "system_prompt": content["content"],
        "tools_json": written(tools, like=before),
        "description": content["description"],
        "is_active": content["is_active"],
    }


def plain_tools(value: Any) -> Any:
    """Return the tools without the mapping, a list wherever a list says it all; None for none."""
    if isinstance(value, Mapping):
        known = dict(cast("Mapping[str, Any]", value))
        known.pop(PROMPT_MAPPING, None)
        value = known.get("tools") if set(known) == {"tools"} else known
    return value or None


def mapping_in(tools_json: Any) -> Content | None:
    """Return the mapping a prompt's tools carry, or None."""
    if not isinstance(tools_json, Mapping):
        return None
    found: object = cast("Mapping[str, Any]", tools_json).get(PROMPT_MAPPING)
    return cast("Content", found) if isinstance(found, Mapping) else None


def with_mapping(tools: Any, mapping: Content | None) -> Any:
    """Return tools_json with the mapping beside the tools."""
    if mapping is None:
        return tools
    known: dict[str, Any] = {}
    if isinstance(tools, Mapping):
        known = dict(cast("Mapping[str, Any]", tools))
    elif tools:
        known = {"tools": tools}
    return {**known, PROMPT_MAPPING: dict(mapping)}


def parsed(value: Any) -> Any:
    """Return the JSON of a text column; a text that is none stays a text, JSON columns as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        return value


def written(value: Any, *, like: Any = None) -> Any:
    """Return the value as the column takes it: a text, unless it was seen to be a JSON column."""
    if value is None or isinstance(like, dict | list):
        return value
    return json.dumps(value, ensure_ascii=False)


# -- mappings


def mapping_content(values: Mapping[str, Any]) -> Content:
    """Return what both sides hold of a mapping; a prompt's key is its own on each side."""
    scope = str(values["scope_type"])
    return clean(
        {
            "scope_type": scope,
            "scope_key": "" if scope == PROMPT_SCOPE else values["scope_key"],
            "name": values.get("name") or "",
            "default_model": values.get("default_model") or "",
            "candidates": list(values.get("candidates_json") or []),
            "is_active": bool(values.get("is_active")),
            "metadata": dict(values.get("metadata_json") or {}),
        }
    )


def remote_mapping(row: Mapping[str, Any], owner: str = "") -> RemoteRow:
    """Return a mapping of the table, of the carrier row, or of a prompt (`owner` is its id)."""
    scope = PROMPT_SCOPE if owner else str(row.get("scope_type") or "").replace("tenant", "mapping")
    key = "" if owner else str(row.get("scope_key") or "").strip()
    candidates, metadata = parsed(row.get("candidates")), parsed(row.get("metadata"))
    problem = _mapping_problem(row, scope, key, candidates, metadata)
    if problem is None and scope == PROMPT_SCOPE and not owner:
        problem = say("A prompt's mapping is read from the prompt itself")
    names = [str(name) for name in cast("list[Any]", candidates or [])] if problem is None else []
    content: Content = {
        "scope_type": scope,
        "scope_key": key,
        "name": str(row.get("name") or key),
        "default_model": str(row.get("default_model") or next(iter(names), "")),
        "candidates": names,
        "is_active": row.get("is_active") is not False,
        "metadata": dict(cast("dict[str, Any]", metadata or {})) if problem is None else {},
    }
    remote_key = f"{PROMPT_SCOPE}:{owner}" if owner else str(row.get("id") or f"{scope}:{key}")
    return RemoteRow(remote_key, remote_key, clean(content), problem, owner)


def mapping_columns(key: str, content: Content) -> dict[str, Any]:
    """Return the columns of model_mappings."""
    return {"id": key, "source": "console", **content}


def mapping_payload(content: Content) -> Content:
    """Return what travels in a prompt's tools_json."""
    return {n: v for n, v in content.items() if n not in ("scope_type", "scope_key")}


def _mapping_problem(
    row: Mapping[str, Any], scope: str, key: str, candidates: Any, metadata: Any
) -> Message | None:
    checks = (
        (scope not in _SCOPES, say("{value} is no scope", value=scope or "''")),
        (scope != PROMPT_SCOPE and not key, say("{column} is empty", column="scope_key")),
        (
            not isinstance(candidates, list | None),
            say("{column} must be a list", column="candidates"),
        ),
        (
            not isinstance(metadata, dict | None),
            say("{column} must be an object", column="metadata"),
        ),
        (not row.get("default_model") and not candidates, say("It names no model")),
    )
    return next((message for is_wrong, message in checks if is_wrong), None)


# -- shared


def is_key(value: str) -> bool:
    """Return whether a supplier's key can travel in a header."""
    return 0 < len(value) <= KEY_MAX and all(" " < ch <= "~" for ch in value)


def local_stamp(at: datetime) -> str:
    """Return a time as an insert carries it and a replay looks for it."""
    return at.isoformat(timespec="microseconds")


def _problem(row: Mapping[str, Any], needed: tuple[tuple[str, type], ...]) -> Message | None:
    if not isinstance(row.get("id"), int | str) or isinstance(row.get("id"), bool):
        return say("It has no id")
    for column, kind in needed:
        if column not in row:
            return say("The column {column} is missing", column=column)
        value = row[column]
        if not isinstance(value, kind):
            return say("{column} must be a text", column=column)
        if not str(value).strip():
            return say("{column} is empty", column=column)
    return None


def _address(content: dict[str, Any]) -> Message | None:
    if not content["base_url"]:
        return say("{column} is empty", column="base_url")
    try:
        content["base_url"] = normal_base_url(content["base_url"])
    except InputError as error:
        return error.message
    return None


def _key(row: Mapping[str, Any]) -> str:
    return str(row.get("id", ""))


def _title(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or f"#{row.get('id', '?')}")[:NAME_MAX]
