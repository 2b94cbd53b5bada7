"""The body of POST /messages: types, unknown keys, text or messages (contract 2.1, step 3)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from services.gateway.types import IncomingMessage

_CHAT_KEYS = ("chat_request", "openai")
Dialects = Literal[
    "openai.chat_completions",
    "openai.responses",
    "anthropic.messages",
    "gemini.generate_content",
]


class InvalidBodyError(Exception):
    """The body is not what the contract says; `errors` are in pydantic's form, loc from `body` on."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        """Keep the errors."""
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


class MessageBody(BaseModel):
    """POST /api/v1/messages."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    text: Annotated[str, Field(min_length=1)] | None = None
    model: Annotated[str, Field(max_length=300)] | None = None
    conversation_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    skip_prompt: bool = False
    messages: list[dict[str, Any]] | None = None
    system_prompt: str | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    dialect: Dialects | None = None
    payload: dict[str, Any] | None = None
    result_mode: Literal["xml_plaintext", "raw_passthrough", "auto"] | None = None

    @model_validator(mode="after")
    def check_whole(self) -> "MessageBody":
        """Ask for something to say, and for one system message at most."""
        has_text = bool(self.text and self.text.strip())
        if not (has_text or self.messages or self.payload is not None or self._nested_messages()):
            raise ValueError("text_or_messages_required")
        if (
            self.skip_prompt
            and (self.system_prompt or "").strip()
            and any(item.get("role") == "system" for item in self.messages or ())
        ):
            raise ValueError("system_prompt_conflict_with_messages_system")
        return self

    def _nested_messages(self) -> bool:
        for name in _CHAT_KEYS:
            nested = self.metadata.get(name)
            if isinstance(nested, Mapping):
                return bool(nested.get("messages"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # the client's own
        return False


_ADAPTER = TypeAdapter(MessageBody)


def read_message(value: Any) -> IncomingMessage:
    """Return the message of a parsed body, None for an empty one; raise InvalidBodyError."""
    if value is None:
        missing = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
        raise InvalidBodyError([missing])
    try:
        body = _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise InvalidBodyError(_from_body(error)) from None
    return IncomingMessage(
        text=body.text or "",
        model=body.model or "",
        conversation_id=body.conversation_id or "",
        metadata=_normal_metadata(body.metadata),
        messages=body.messages,
        system_prompt=body.system_prompt,
        tools=body.tools,
        tool_choice=body.tool_choice,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_tokens,
        dialect=body.dialect,
        payload=body.payload,
        result_mode=body.result_mode,
        skip_prompt=body.skip_prompt,
    )


def _from_body(error: ValidationError) -> list[dict[str, Any]]:
    return [
        {**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)[:100]
    ]


def _normal_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Rewrite the retired agent marks to `messages`."""
    if metadata.get("prompt_scope") == "agent":
        metadata = {**metadata, "prompt_scope": "messages"}
    if metadata.get("source") == "agent_run":
        metadata = {**metadata, "source": "messages"}
    return metadata
