"""Pure: what a test sends: the agent's settings, and a pinned prompt as a whole payload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.agents.types import Agent
from services.suppliers.anthropic_shape import anthropic_body
from services.suppliers.requests import openai_body
from services.suppliers.types import Conversation, Dialect

MAX_TOKENS = 1024  # what the gateway takes where nobody says


@dataclass(frozen=True, slots=True)
class PinnedPrompt:
    """One version of a prompt with the tools that belong to it."""

    prompt_id: int
    version_no: int
    content: str
    is_structured: bool  # whether its replies are judged as ThinkingML or JSONSeq
    tools: Sequence[Mapping[str, Any]] = ()
    tools_text: str = ""


def tool_choice(agent: Agent, prompt: PinnedPrompt | None) -> str | None:
    """Return what the message asks of tools; a payload says it inside."""
    return "auto" if agent.uses_tools and prompt is None else None


def parameters(
    agent: Agent, text: str, prompt: PinnedPrompt | None, dialect: object
) -> dict[str, Any]:
    """Return the further fields of the message (contract 2.1, 2.3).

    The gateway writes the active prompts itself and drops any other; a chosen version therefore
    travels in payload mode, in the dialect of the model's endpoint.
    """
    if prompt is not None:
        return _payload(agent, text, prompt, dialect)
    given = {"temperature": agent.temperature, "max_tokens": agent.max_tokens}
    return {name: value for name, value in given.items() if value is not None}


def _payload(agent: Agent, text: str, prompt: PinnedPrompt, dialect: object) -> dict[str, Any]:
    tools = prompt.tools if agent.uses_tools else ()
    system = prompt.content
    if tools and prompt.tools_text:
        system = f"{system}\n\n{prompt.tools_text}"
    asked = Conversation(
        messages=({"role": "system", "content": system}, {"role": "user", "content": text}),
        tools=tools,
        tool_choice="auto" if tools else None,
        temperature=agent.temperature,
        max_tokens=agent.max_tokens or MAX_TOKENS,
    )
    return payload_fields(asked, agent.model_key, dialect)


def payload_fields(asked: Conversation, model: str, dialect: object) -> dict[str, Any]:
    """Return the fields of payload mode in the dialect that the model list names for the model."""
    if dialect == Dialect.ANTHROPIC:
        body, _ = anthropic_body(asked, model)
        return {"dialect": str(Dialect.ANTHROPIC), "payload": body}
    return {"dialect": str(Dialect.OPENAI_CHAT), "payload": openai_body(asked, model)}
