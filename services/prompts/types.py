"""Prompts: what the gateway puts in front of a conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class PromptType(StrEnum):
    """One prompt of each type may be active."""

    SYSTEM = "system"
    TOOLS = "tools"
    SYSTEM_JSONSEQ = "system_jsonseq_v1"
    TOOLS_JSONSEQ = "tools_jsonseq_v1"
    AGENT_SYSTEM = "agent_system"
    AGENT_TOOLS = "agent_tools"


@dataclass(frozen=True, slots=True)
class Prompt:
    """The head of a prompt: its newest version."""

    id: int
    name: str
    prompt_type: PromptType
    content: str
    version_no: int
    is_active: bool
    tools: Sequence[Mapping[str, Any]] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActivePrompts:
    """The active prompts of one output protocol; 0 and empty where none is active."""

    system_id: int = 0
    system_version_no: int = 0
    system_text: str = ""
    tools_id: int = 0
    tools_version_no: int = 0
    tools_text: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
