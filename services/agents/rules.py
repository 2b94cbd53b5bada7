"""Pure: what an agent may hold, and the words of a finished test."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, cast

from services.accounts.types import UserType
from services.agents.types import TEST_INPUT_MAX, Agent, AgentEdit
from services.foundation.errors import InputError
from services.foundation.inputs import free_name, plain_text, whole_number

NAME_MAX = 80
DESCRIPTION_MAX = 500
MODEL_KEY_MAX = 300
TEMPERATURE_MAX = 2.0
MAX_TOKENS_MAX = 200_000
TIMEOUT_S = (5, 600)


def checked_values(edit: AgentEdit, taken: Collection[str]) -> dict[str, Any]:
    """Return the column values; `taken` are the other agents' names; raise InputError at a field."""
    values = {
        **asdict(edit),
        "name": free_name(edit.name, taken, NAME_MAX),
        "model_key": plain_text(edit.model_key, "model_key", MODEL_KEY_MAX, needed=True),
        "description": plain_text(edit.description, "description", DESCRIPTION_MAX),
        "temperature": _temperature(edit.temperature),
        "timeout_s": whole_number(edit.timeout_s, "timeout_s", *TIMEOUT_S),
    }
    if edit.max_tokens is not None:
        values["max_tokens"] = whole_number(edit.max_tokens, "max_tokens", 1, MAX_TOKENS_MAX)
    if edit.prompt_id is None:
        values["prompt_version_no"] = None
    del values["id"]
    return values


def as_edit(agent: Agent, **changes: Any) -> AgentEdit:
    """Return the edit that stores the agent as it is, with changes."""
    values = asdict(agent)
    for name in ("created_at", "updated_at"):
        del values[name]
    return AgentEdit(**{**values, **changes})


def read_test(text: Any, user_type: Any) -> tuple[str, UserType]:
    """Return what a test sends and as whom; raise InputError at `test_input` or `user_type`."""
    if not isinstance(text, str) or not text.strip():
        raise InputError("Must not be empty", field="test_input")
    if len(text) > TEST_INPUT_MAX:
        raise InputError(
            "The input has {count} characters; at most {limit} are allowed",
            field="test_input",
            count=len(text),
            limit=TEST_INPUT_MAX,
        )
    try:
        return text, UserType(str(user_type))
    except ValueError:
        raise InputError("Choose anonymous or registered", field="user_type") from None


def facts_of(source: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Return the named texts of foreign data, cut to 200 characters; what is no text is left out."""
    found = {name: source.get(name) for name in names}
    return {name: value[:200] for name, value in found.items() if isinstance(value, str)}


def prompt_of(block: object) -> dict[str, int]:
    """Return id and version_no from the prompt block of a routed event; what is no number is out."""
    fields: Mapping[str, object] = cast("Any", block) if isinstance(block, Mapping) else {}
    found = {"id": fields.get("system_prompt_id"), "version_no": fields.get("system_version_no")}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def _temperature(value: float | None) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not math.isfinite(value) or not 0 <= value <= TEMPERATURE_MAX:
        raise InputError(
            "Must be a number from {low} to {high}",
            field="temperature",
            low=0,
            high=TEMPERATURE_MAX,
        )
    return float(value)
