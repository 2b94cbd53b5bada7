"""Pure: put the active prompts in front of a conversation (contract 6.1, 6.3)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway import rules
from services.gateway.types import IncomingMessage
from services.prompts.types import ActivePrompts
from services.settings.types import PromptMode
from services.suppliers.json_values import as_objects
from services.suppliers.types import Conversation

FALLBACK_SYSTEM = "You are GymBro's AI assistant."
_SYSTEM_ROLES = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Assembly:
    """What the model is asked, and how the routed event describes the prompt."""

    conversation: Conversation | None  # None in payload mode
    block: Mapping[str, Any]  # the `prompt` block of status routed

    @property
    def is_ours(self) -> bool:
        """Whether our prompts stand in front, not the client's own."""
        return self.block["mode"] == str(PromptMode.SERVER)


def assemble(message: IncomingMessage, mode: PromptMode, active: ActivePrompts) -> Assembly:
    """Return the conversation for the supplier with its prompt block."""
    if message.payload is not None:
        return Assembly(None, _block(PromptMode.PASSTHROUGH, None, ActivePrompts(), ()))
    if mode is PromptMode.PASSTHROUGH:
        return _passthrough(message)
    choice = rules.tool_choice(message)
    tools = tuple(active.tools) if choice is not None else ()
    system = active.system_text or FALLBACK_SYSTEM
    if tools and active.tools_text:
        system = f"{system}\n\n{active.tools_text}"
    said = [item for item in _said(message) if item.get("role") not in _SYSTEM_ROLES]
    conversation = _conversation(
        message, [{"role": "system", "content": system}, *said], tools, choice if tools else None
    )
    return Assembly(conversation, _block(mode, system, active, tools))


def _passthrough(message: IncomingMessage) -> Assembly:
    said = _said(message)
    wanted = rules.parameter(message, "system_prompt")
    if isinstance(wanted, str) and wanted.strip():
        said = [{"role": "system", "content": wanted}, *said]
    tools = tuple(as_objects(rules.parameter(message, "tools")))
    system = next(
        (
            content
            for item in said
            if item.get("role") in _SYSTEM_ROLES and isinstance(content := item.get("content"), str)
        ),
        None,
    )
    conversation = _conversation(message, said, tools, rules.tool_choice(message))
    return Assembly(conversation, _block(PromptMode.PASSTHROUGH, system, ActivePrompts(), tools))


def _said(message: IncomingMessage) -> list[Mapping[str, Any]]:
    """Return the messages of the body or of chat_request; the text is the last user message."""
    given = message.messages or rules.chat_request(message.metadata).get("messages")
    said = list(as_objects(given))
    if message.text.strip():
        own = {"role": "user", "content": message.text}
        if not said or dict(said[-1]) != own:
            said.append(own)
    return said


def _conversation(
    message: IncomingMessage,
    said: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    choice: Any,
) -> Conversation:
    return Conversation(
        messages=said,
        tools=tools,
        tool_choice=choice,
        temperature=rules.number(message, "temperature"),
        top_p=rules.number(message, "top_p"),
        max_tokens=rules.max_tokens(message),
    )


def _block(
    mode: PromptMode, system: str | None, active: ActivePrompts, tools: Sequence[Any]
) -> dict[str, Any]:
    with_tools = bool(tools) and bool(active.tools_id)
    return {
        "mode": str(mode),
        "system_prompt_id": active.system_id or None,
        "system_version_no": active.system_version_no or None,
        "tools_prompt_id": active.tools_id if with_tools else None,
        "tools_version_no": active.tools_version_no if with_tools else None,
        "tools_count": len(tools),
        "system_sha256": hashlib.sha256(system.encode("utf-8", "replace")).hexdigest()
        if system is not None
        else None,
    }
