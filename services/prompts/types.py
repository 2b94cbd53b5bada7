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
    version: str = ""  # the operator's free text
    category: str = ""
    description: str = ""
    tools_json: Any = None  # as stored: a list, {"tools": [...]}, or what an import brought
    supabase_id: int | None = None
    created_at: datetime | None = None
    last_synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One immutable version of a prompt."""

    prompt_id: int
    version_no: int
    content: str
    tools_json: Any
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromptEdit:
    """What an operator or a client wants to store; None means unchanged (or empty, if new)."""

    id: int | None = None
    name: str | None = None
    prompt_type: PromptType | None = None  # only for a new one: a type never changes
    content: str | None = None
    tools_json: Any = None
    version: str | None = None
    category: str | None = None
    description: str | None = None
    edited_by: str = ""


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
