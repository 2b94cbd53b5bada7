"""Pure: what a message must be (contract 2.2, 2.3), its parameters, and the quota families."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from services.gateway.types import GatewayError, IncomingMessage
from services.settings.types import ResultMode
from services.suppliers.types import Dialect

MAX_TOKENS_DEFAULT = 1024
QUOTA_DEFAULTS: Mapping[str, int | None] = {
    "deepseek": None,
    "xai": 50,
    "gpt": 20,
    "claude": 20,
    "gemini": 20,
    "other": 20,
}
_FAMILY_STARTS = (
    ("deepseek", "deepseek"),
    ("xai", "xai"),
    ("grok", "xai"),
    ("gpt", "gpt"),
    ("openai", "gpt"),
    ("claude", "claude"),
    ("anthropic", "claude"),
    ("gemini", "gemini"),
)
_CHAT_KEYS = """model messages modalities audio temperature top_p max_tokens max_completion_tokens n
 stop presence_penalty frequency_penalty logit_bias logprobs top_logprobs response_format seed stream
 stream_options tools tool_choice parallel_tool_calls user service_tier metadata store
 reasoning_effort"""
_RESPONSES_KEYS = """model input instructions modalities audio temperature top_p max_output_tokens
 truncation seed stream stream_options tools tool_choice metadata user store reasoning text include"""
_ANTHROPIC_KEYS = """model messages system max_tokens stream temperature top_p top_k stop_sequences
 tools tool_choice metadata thinking"""
_GEMINI_KEYS = """contents systemInstruction system_instruction tools toolConfig tool_config
 generationConfig generation_config safetySettings safety_settings cachedContent cached_content
 labels"""
PAYLOAD_KEYS: Mapping[str, frozenset[str]] = {
    Dialect.OPENAI_CHAT: frozenset(_CHAT_KEYS.split()),
    Dialect.OPENAI_RESPONSES: frozenset(_RESPONSES_KEYS.split()),
    Dialect.ANTHROPIC: frozenset(_ANTHROPIC_KEYS.split()),
    Dialect.GEMINI: frozenset(_GEMINI_KEYS.split()),
}


def family_of(key: str) -> str:
    """Return the quota family of a key; every unknown key belongs to `other`."""
    name = key.partition(":")[2] or key
    name = name.strip().lower()
    return next((family for start, family in _FAMILY_STARTS if name.startswith(start)), "other")


def chat_request(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the OpenAI-shaped body inside the metadata, or an empty one."""
    for name in ("chat_request", "openai"):
        value: object = metadata.get(name)
        if isinstance(value, Mapping):
            return cast("Mapping[str, Any]", value)
    return {}


def model_key(message: IncomingMessage) -> str:
    """Return the key that is asked for; raise GatewayError model_conflict or model_required."""
    named = [message.model]
    named += [
        value
        for value in (message.metadata.get("model"), chat_request(message.metadata).get("model"))
        if isinstance(value, str)
    ]
    keys = list(dict.fromkeys(name.strip() for name in named if name.strip()))
    if len(keys) > 1:
        raise GatewayError(422, "model_conflict")
    if not keys:
        raise GatewayError(422, "model_required")
    return keys[0]


def check_payload(message: IncomingMessage) -> None:
    """Raise GatewayError when payload mode is used wrongly (contract 2.2, step 7)."""
    if message.payload is None:
        if message.dialect is not None:
            raise GatewayError(422, "payload_required")
        return
    if message.dialect is None:
        raise GatewayError(422, "dialect_required")
    unknown = sorted(set(message.payload) - PAYLOAD_KEYS[message.dialect])
    if unknown:
        fields = [name[:100] for name in unknown[:20]]
        raise GatewayError(422, "payload_fields_not_allowed", extra={"fields": fields})
    others = (
        message.text.strip() or None,
        message.messages,
        message.system_prompt,
        message.tools,
        message.tool_choice,
        message.temperature,
        message.top_p,
        message.max_tokens,
    )
    if any(value is not None for value in others):
        raise GatewayError(422, "payload_mode_conflict")


def conversation_id(value: str) -> str:
    """Return the UUID in lower case with dashes; anything else becomes a new one."""
    try:
        return str(uuid.UUID(value.strip()))
    except ValueError:
        return str(uuid.uuid4())


def same_uuid(given: str, known: str) -> bool:
    """Return whether two spellings name the same UUID."""
    try:
        return str(uuid.UUID(given.strip())) == known
    except ValueError:
        return False


def result_mode(message: IncomingMessage, default: ResultMode) -> ResultMode:
    """Return the mode of the body, else of its metadata, else the setting."""
    wanted = (
        message.result_mode,
        message.metadata.get("result_mode"),
        message.metadata.get("resultMode"),
    )
    known = {str(mode): mode for mode in ResultMode}
    return next(
        (known[value] for value in wanted if isinstance(value, str) and value in known), default
    )


def parameter(message: IncomingMessage, name: str) -> Any:
    """Return a value by precedence: the body, then metadata.chat_request, then metadata."""
    value = getattr(message, name)
    if value is None:
        value = chat_request(message.metadata).get(name)
    return message.metadata.get(name) if value is None else value


def number(message: IncomingMessage, name: str) -> float | None:
    """Return a numeric parameter by precedence; what is no number counts as absent."""
    value = parameter(message, name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def max_tokens(message: IncomingMessage) -> int:
    """Return the wanted length of the reply in tokens; 1024 when nothing is said."""
    value = parameter(message, "max_tokens")
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole else MAX_TOKENS_DEFAULT


def tool_choice(message: IncomingMessage) -> Any:
    """Return the tool choice in OpenAI's form, or None; the legacy function_call counts too."""
    value = parameter(message, "tool_choice")
    if value is not None:
        return value
    legacy: object = message.metadata.get("function_call")
    if legacy is None:
        legacy = chat_request(message.metadata).get("function_call")
    if isinstance(legacy, Mapping):
        name: object = cast("Mapping[str, Any]", legacy).get("name")
        return {"type": "function", "function": {"name": name}} if isinstance(name, str) else None
    return legacy if legacy in ("auto", "none", "required") else None


def saves_history(message: IncomingMessage) -> bool:
    """Return whether the conversation log keeps this message; yes unless false is said."""
    return message.metadata.get("save_history", True) is not False


def module_of(message: IncomingMessage) -> str:
    """Return the module the request names, for mappings of that scope."""
    value = message.metadata.get("module")
    return value if isinstance(value, str) else ""
