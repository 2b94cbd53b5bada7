"""Pure: read what an operator or a program asks for; every refusal names its field."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from services.dialogs.types import (
    MESSAGE_MAX,
    SYSTEM_MAX,
    DialogRequest,
    Identity,
    PromptSource,
)
from services.foundation.errors import InputError
from services.foundation.inputs import plain_text, whole_number
from services.settings.types import OutputProtocol, ResultMode

NOT_JUDGED = "none"
PROTOCOLS = ("", str(OutputProtocol.THINKINGML), str(OutputProtocol.JSONSEQ), NOT_JUDGED)
TEMPERATURE_MAX = 2.0
MAX_TOKENS_MAX = 200_000
TIMEOUT_S = (5, 600)
MODEL_MAX = 300
_KNOWN = frozenset(field.name for field in fields(DialogRequest))
_ID_MAX = 2**31 - 1


def read_request(values: Mapping[str, Any]) -> DialogRequest:
    """Return the request, checked; raise InputError at the field that cannot be taken."""
    for name in values:
        if name not in _KNOWN:
            raise InputError("There is no parameter {name}", field=name[:60], name=name[:60])
    request = DialogRequest(
        model=plain_text(values.get("model", ""), "model", MODEL_MAX, needed=True),
        message=_message(values.get("message", "")),
        identity=_choice(values, "identity", Identity, Identity.ANONYMOUS),
        test_user_id=_number(values, "test_user_id", 1, _ID_MAX),
        token_key=plain_text(values.get("token_key") or "", "token", 60),
        target_id=_number(values, "target_id", 1, _ID_MAX),
        prompt=_choice(values, "prompt", PromptSource, PromptSource.SERVER),
        prompt_id=_number(values, "prompt_id", 1, _ID_MAX),
        prompt_version_no=_number(values, "prompt_version_no", 1, _ID_MAX),
        system_prompt=_system(values.get("system_prompt") or ""),
        result_mode=str(_choice(values, "result_mode", ResultMode, ResultMode.RAW_PASSTHROUGH)),
        protocol=_protocol(values.get("protocol") or ""),
        temperature=_temperature(values.get("temperature")),
        max_tokens=_number(values, "max_tokens", 1, MAX_TOKENS_MAX),
        uses_tools=values.get("uses_tools") is True,
        timeout_s=_number(values, "timeout_s", *TIMEOUT_S) or 120,
        after=plain_text(values.get("after") or "", "after", 40),
        holds_user=values.get("holds_user") is True,
    )
    return _whole(request)


def as_params(request: DialogRequest) -> dict[str, Any]:
    """Return the request as JSON keeps it; what is as usual is left out."""
    plain = DialogRequest(model="", message="")
    values = asdict(request)
    return {
        name: str(value) if isinstance(value, Identity | PromptSource) else value
        for name, value in values.items()
        if name in ("model", "message") or value != getattr(plain, name)
    }


def from_settings(values: Mapping[str, Any], message: str) -> DialogRequest:
    """Return the request of a kept turn, whatever an earlier version of the console wrote."""
    known = {name: value for name, value in values.items() if name in _KNOWN}
    try:
        return read_request({**known, "message": message or "–"})
    except InputError:
        model = str(known.get("model") or "–")[:MODEL_MAX]
        return DialogRequest(model=model, message=message)


def again(request: DialogRequest) -> DialogRequest:
    """Return the request that repeats a kept turn; a pasted token is not known any more."""
    return replace(request, token_key="", holds_user=False)


def _whole(request: DialogRequest) -> DialogRequest:
    """Drop what the chosen identity and prompt do not use; raise InputError for what they miss."""
    if request.identity is Identity.SAVED and request.test_user_id is None:
        raise InputError("Choose a saved user", field="test_user_id")
    if request.prompt is PromptSource.STORED and request.prompt_id is None:
        raise InputError("Choose a prompt", field="prompt_id")
    if request.prompt is PromptSource.OWN and not request.system_prompt.strip():
        raise InputError("Must not be empty", field="system_prompt")
    is_stored = request.prompt is PromptSource.STORED
    return replace(
        request,
        test_user_id=request.test_user_id if request.identity is Identity.SAVED else None,
        token_key=request.token_key if request.identity is Identity.TOKEN else "",
        prompt_id=request.prompt_id if is_stored else None,
        prompt_version_no=request.prompt_version_no if is_stored else None,
        system_prompt=request.system_prompt if request.prompt is PromptSource.OWN else "",
    )


def _message(value: Any) -> str:
    return plain_text(value, "message", MESSAGE_MAX, needed=True)


def _system(value: Any) -> str:
    return plain_text(value, "system_prompt", SYSTEM_MAX)


def _number(values: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = values.get(name)
    return None if value is None else whole_number(value, name, low, high)


def _choice(values: Mapping[str, Any], name: str, words: Any, usual: Any) -> Any:
    value = values.get(name)
    if value is None or value == "":
        return usual
    try:
        return words(str(value))
    except ValueError:
        names = ", ".join(str(word) for word in words)
        raise InputError("Choose one of {names}", field=name, names=names) from None


def _protocol(value: Any) -> str:
    if value not in PROTOCOLS:
        names = ", ".join(filter(None, PROTOCOLS))
        raise InputError("Choose one of {names}", field="protocol", names=names)
    return str(value)


def _temperature(value: Any) -> float | None:
    if value is None or value == "":
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= TEMPERATURE_MAX:
        raise InputError(
            "Must be a number from {low} to {high}",
            field="temperature",
            low=0,
            high=TEMPERATURE_MAX,
        )
    return float(value)
