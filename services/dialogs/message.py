"""Pure: the further fields of a message: history, a chosen prompt as a whole payload, parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.agents.message import MAX_TOKENS, payload_fields
from services.dialogs.types import DialogRequest, PromptSource
from services.suppliers.types import Conversation

Said = Sequence[tuple[str, str]]  # what was asked and answered before, oldest first


@dataclass(frozen=True, slots=True)
class SystemPart:
    """The system message of a payload, with the tools that belong to it."""

    text: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    tools_text: str = ""


def needs_payload(request: DialogRequest) -> bool:
    """Return whether it must travel whole: a gateway in server mode drops any other system text."""
    return request.prompt is not PromptSource.SERVER


def tool_choice(request: DialogRequest) -> str | None:
    """Return what the message asks of tools; a payload says it inside."""
    return "auto" if request.uses_tools and not needs_payload(request) else None


def parameters(
    request: DialogRequest, said: Said, system: SystemPart, dialect: object
) -> dict[str, Any]:
    """Return the further fields of the message (contract 2.1, 2.3)."""
    messages = _messages(said)
    if needs_payload(request):
        own = {"role": "user", "content": request.message}
        return _payload(request, [*messages, own], system, dialect)
    found: dict[str, Any] = {"messages": messages} if messages else {}
    given = {"temperature": request.temperature, "max_tokens": request.max_tokens}
    return found | {name: value for name, value in given.items() if value is not None}


def _messages(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for asked, answered in said:
        found.append({"role": "user", "content": asked})
        found.append({"role": "assistant", "content": answered})
    return found


def _payload(
    request: DialogRequest, messages: list[dict[str, Any]], system: SystemPart, dialect: object
) -> dict[str, Any]:
    tools = system.tools if request.uses_tools else ()
    text = system.text
    if tools and system.tools_text:
        text = f"{text}\n\n{system.tools_text}".strip()
    if text:
        messages = [{"role": "system", "content": text}, *messages]
    asked = Conversation(
        messages=messages,
        tools=tools,
        tool_choice="auto" if tools else None,
        temperature=request.temperature,
        max_tokens=request.max_tokens or MAX_TOKENS,
    )
    return payload_fields(asked, request.model, dialect)
