"""Families, payload keys, precedence of parameters, conversation ids, prompt assembly."""

import uuid

import pytest

from services.gateway import rules
from services.gateway.prompt import FALLBACK_SYSTEM, assemble
from services.gateway.types import IncomingMessage
from services.prompts.types import ActivePrompts
from services.settings.types import PromptMode, ResultMode

ACTIVE = ActivePrompts(5, 2, "SYSTEM", 6, 3, "TOOLS", ({"type": "function"},))


@pytest.mark.parametrize(
    ("key", "family"),
    [
        ("gpt-4o", "gpt"),
        ("mapping:OpenAI-x", "gpt"),
        ("GROK-2", "xai"),
        ("xai-y", "xai"),
        ("claude-3", "claude"),
        ("anthropic/claude", "claude"),
        ("global:gemini-pro", "gemini"),
        ("deepseek-r1", "deepseek"),
        ("global", "other"),
        ("my-gpt", "other"),
        ("", "other"),
        (":", "other"),
    ],
)
def test_a_key_belongs_to_one_family(key: str, family: str) -> None:
    assert rules.family_of(key) == family
    assert family in rules.QUOTA_DEFAULTS


def test_gemini_payload_keys_exist_in_both_spellings() -> None:
    keys = rules.PAYLOAD_KEYS["gemini.generate_content"]
    assert {
        "systemInstruction",
        "system_instruction",
        "generationConfig",
        "generation_config",
    } <= keys
    assert len(rules.PAYLOAD_KEYS) == 4


def test_parameters_come_from_the_body_then_chat_request_then_metadata() -> None:
    metadata = {
        "temperature": 0.1,
        "top_p": 0.2,
        "max_tokens": 7,
        "chat_request": {"temperature": 0.3, "max_tokens": 8},
    }
    message = IncomingMessage(text="x", temperature=0.5, metadata=metadata)
    assert rules.number(message, "temperature") == 0.5
    assert rules.number(message, "top_p") == 0.2
    assert rules.max_tokens(message) == 8
    assert rules.max_tokens(IncomingMessage(text="x")) == 1024
    odd = IncomingMessage(text="x", metadata={"temperature": "hot", "max_tokens": True})
    assert rules.number(odd, "temperature") is None
    assert rules.max_tokens(odd) == 1024


@pytest.mark.parametrize(
    ("legacy", "wanted"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("odd", None),
        ({"name": "f"}, {"type": "function", "function": {"name": "f"}}),
        ({}, None),
        (7, None),
    ],
)
def test_the_legacy_function_call_is_a_tool_choice(legacy: object, wanted: object) -> None:
    message = IncomingMessage(text="x", metadata={"function_call": legacy})
    assert rules.tool_choice(message) == wanted


def test_the_result_mode_of_the_body_wins() -> None:
    default = ResultMode.RAW_PASSTHROUGH
    assert rules.result_mode(IncomingMessage(), default) is default
    assert rules.result_mode(IncomingMessage(metadata={"resultMode": "auto"}), default) == "auto"
    assert rules.result_mode(IncomingMessage(metadata={"result_mode": "odd"}), default) is default
    both = IncomingMessage(result_mode="xml_plaintext", metadata={"result_mode": "auto"})
    assert rules.result_mode(both, default) == "xml_plaintext"


def test_conversation_ids_are_uuids() -> None:
    known = str(uuid.uuid4())
    assert rules.conversation_id(f"urn:uuid:{known.upper()}") == known
    assert uuid.UUID(rules.conversation_id("x")).version == 4
    assert rules.same_uuid(known.replace("-", ""), known)
    assert not rules.same_uuid("x", known)


def test_server_mode_puts_the_active_prompt_first_and_drops_the_clients_own() -> None:
    message = IncomingMessage(
        text="q",
        messages=[{"role": "system", "content": "own"}, {"role": "assistant", "content": "a"}],
        system_prompt="own",
    )
    found = assemble(message, PromptMode.SERVER, ACTIVE)
    assert found.conversation is not None
    assert [(m["role"], m["content"]) for m in found.conversation.messages] == [
        ("system", "SYSTEM"),
        ("assistant", "a"),
        ("user", "q"),
    ]
    assert found.conversation.tools == ()
    assert found.block["tools_prompt_id"] is None


def test_the_tools_prompt_follows_only_when_a_schema_is_sent() -> None:
    chosen = IncomingMessage(text="q", tool_choice="auto")
    found = assemble(chosen, PromptMode.SERVER, ACTIVE)
    assert found.conversation is not None
    assert found.conversation.messages[0]["content"] == "SYSTEM\n\nTOOLS"
    assert found.conversation.tool_choice == "auto"
    assert (found.block["tools_prompt_id"], found.block["tools_count"]) == (6, 1)
    bare = assemble(chosen, PromptMode.SERVER, ActivePrompts(tools_id=6, tools_text="TOOLS"))
    assert bare.conversation is not None
    assert bare.conversation.messages[0]["content"] == FALLBACK_SYSTEM
    assert bare.conversation.tool_choice is None


def test_the_same_text_is_not_said_twice() -> None:
    message = IncomingMessage(text="q", messages=[{"role": "user", "content": "q"}])
    found = assemble(message, PromptMode.PASSTHROUGH, ACTIVE)
    assert found.conversation is not None
    assert len(found.conversation.messages) == 1
    assert found.block["system_sha256"] is None
