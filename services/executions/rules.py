"""Pure: which state may follow which, and how endings are cut to their columns."""

from collections.abc import Mapping
from typing import Any

from services.executions.types import Ending, ExecutionState
from services.foundation.errors import ConsoleError, InputError
from services.foundation.messages import say

OPEN = (ExecutionState.PENDING, ExecutionState.RUNNING)
INPUT_MAX = 5_000  # characters
OUTPUT_MAX = 65_536
ERROR_MAX = 2_000
_CUT = "…"


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


def cut(text: str, limit: int) -> str:
    """Return the text, its end replaced by … where it is over the limit."""
    return text if len(text) <= limit else text[: limit - 1] + _CUT


def clean(text: str) -> str:
    """Return the text as every database can keep it: NUL and lone surrogates escaped."""
    if "\x00" in text:
        text = text.replace("\x00", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode()


def failed(error: BaseException) -> Ending:
    """Return how work ended that raised; the text is never empty."""
    if isinstance(error, ConsoleError):
        return Ending(ExecutionState.FAILED, error_kind=type(error).__name__, error=error.message)
    name = type(error).__name__
    words = f"{name}: {error}" if str(error) else name
    return Ending(ExecutionState.FAILED, error_kind=name, error=say("{words}", words=words))
