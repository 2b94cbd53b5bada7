"""Pure: which state may follow which, and how values are fitted to their columns."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.executions.types import Ending, ExecutionState
from services.foundation.errors import ConsoleError, InputError
from services.foundation.messages import Message, say

OPEN = (ExecutionState.PENDING, ExecutionState.RUNNING)
INPUT_MAX = 5_000  # characters
OUTPUT_MAX = 65_536
ERROR_MAX = 2_000
PARAMS_MAX_BYTES = 1_000_000
_CUT = "…"
_HOLES = re.compile(r"\{[^{}]*\}")
_WORDS = re.compile(r"\w")


def may_follow(old: ExecutionState, new: ExecutionState) -> bool:
    """Whether a row in the old state may get the new one; final states are never left."""
    if old is ExecutionState.PENDING:
        return new is not ExecutionState.PENDING
    return old is ExecutionState.RUNNING and new.is_final


def sources_of(new: ExecutionState) -> tuple[ExecutionState, ...]:
    """Return the states a row may be in when it is given the new one."""
    return tuple(old for old in OPEN if may_follow(old, new))


def read_input(params: Mapping[str, Any]) -> str:
    """Return the text a run was given; raise InputError over 5000 characters."""
    text = str(params.get("test_input", ""))
    if len(text) > INPUT_MAX:
        raise InputError(
            "The input has {count} characters; at most {limit} are allowed",
            field="test_input",
            count=len(text),
            limit=INPUT_MAX,
        )
    return text


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as JSON keeps them in every database; raise InputError when it cannot."""
    try:
        text = json.dumps(dict(values), ensure_ascii=False, allow_nan=False, default=_unknown)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "The parameters cannot be kept as JSON: {reason}", field="params", reason=str(error)
        ) from error
    if len(text) > PARAMS_MAX_BYTES:
        raise InputError(
            "The parameters are too long: {count} characters, at most {limit} are allowed",
            field="params",
            count=len(text),
            limit=PARAMS_MAX_BYTES,
        )
    return _cleaned(json.loads(text))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {clean(str(k)): _cleaned(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value


def _unknown(value: Any) -> Any:
    if isinstance(value, set | frozenset | tuple):
        return sorted(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    raise TypeError(f"a value of the type {type(value).__name__}")


def cut(text: str, limit: int) -> str:
    """Return the text, its end replaced by … where it is over the limit."""
    return text if len(text) <= limit else text[: limit - 1] + _CUT


def clean(text: str) -> str:
    """Return the text as every database can keep it: NUL and lone surrogates escaped."""
    if "\x00" in text:
        text = text.replace("\x00", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode()


def said_of(error: Message) -> dict[str, Any]:
    """Return the sentence as its template and values, so that pages can translate it; or nothing."""
    params = {name: v if isinstance(v, int | float) else str(v) for name, v in error.params.items()}
    size = len(error.text) + sum(len(str(value)) for value in params.values())
    if size > ERROR_MAX or not _WORDS.search(_HOLES.sub("", error.text)):
        return {}
    return {"said": plain({"text": error.text, "params": params})}


def fitted(ending: Ending) -> Ending:
    """Return the ending as a row can keep it: its additions that are no JSON are left out."""
    try:
        plain(ending.meta)
    except InputError as error:
        return replace(ending, meta={"meta_error": str(error)})
    return ending


def failed(error: BaseException) -> Ending:
    """Return how work ended that raised; the text is never empty."""
    if isinstance(error, ConsoleError):
        return Ending(ExecutionState.FAILED, error_kind=type(error).__name__, error=error.message)
    name = type(error).__name__
    words = f"{name}: {error}" if str(error) else name
    return Ending(ExecutionState.FAILED, error_kind=name, error=say("{words}", words=words))
