"""What a test sends: settings beside the text, a pinned prompt as a whole payload."""

from services.agents import message
from services.agents.message import PinnedPrompt
from services.agents.types import Agent

TOOL = {"type": "function", "function": {"name": "gymbro.plan", "parameters": {"type": "object"}}}
PINNED = PinnedPrompt(3, 2, "Be short.", is_structured=True, tools=(TOOL,), tools_text="Use tools.")


def test_the_active_prompts_are_left_to_the_gateway() -> None:
    agent = Agent(1, "A", "gpt-x", temperature=0.5, uses_tools=True)
    assert message.parameters(agent, "Hi", None, None) == {"temperature": 0.5}
    assert message.tool_choice(agent, None) == "auto"
    assert message.parameters(Agent(1, "A", "gpt-x"), "Hi", None, None) == {}


def test_a_pinned_prompt_travels_in_the_dialect_of_the_endpoint() -> None:
    agent = Agent(1, "A", "gpt-x", max_tokens=99, temperature=0.0)
    sent = message.parameters(agent, "Hi", PINNED, "openai.chat_completions")
    assert sent["dialect"] == "openai.chat_completions"
    assert sent["payload"] == {
        "model": "gpt-x",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Hi"},
        ],
        "stream": True,
        "temperature": 0.0,
        "max_tokens": 99,
    }
    claude = message.parameters(agent, "Hi", PINNED, "anthropic.messages")
    assert claude["dialect"] == "anthropic.messages"
    assert claude["payload"]["system"] == "Be short."
    assert claude["payload"]["max_tokens"] == 99


def test_tools_go_along_only_when_the_agent_uses_them() -> None:
    agent = Agent(1, "A", "gpt-x", uses_tools=True)
    sent = message.parameters(agent, "Hi", PINNED, None)["payload"]
    assert sent["messages"][0]["content"] == "Be short.\n\nUse tools."
    assert (sent["tools"], sent["tool_choice"]) == ([TOOL], "auto")
    assert message.tool_choice(agent, PINNED) is None  # a payload says it inside
