"""Mappings: which models serve a business key, and what a request would get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.models.types import Endpoint


class Scope(StrEnum):
    """Where a mapping applies; `tenant` is read as mapping."""

    USER = "user"
    PREMIUM_USER = "premium_user"
    PROMPT = "prompt"
    MODULE = "module"
    MAPPING = "mapping"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class ModelMapping:
    """One row of llm_model_mappings."""

    id: str  # scope:key
    scope_type: Scope
    scope_key: str
    name: str
    default_model: str
    candidates: tuple[str, ...] = ()
    is_active: bool = True
    source: str = "local"
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MappingEdit:
    """What an operator or a client wants to store under scope and key."""

    scope_type: Scope
    scope_key: str
    name: str = ""
    default_model: str = ""
    candidates: tuple[str, ...] = ()
    is_active: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What of a request can steer its model; empty fields are skipped."""

    user_id: str = ""
    is_premium: bool = False
    prompt_id: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a request for a key gets now, and why."""

    key: str
    model: str
    endpoint: Endpoint
    mapping_id: str
    provider: str  # openai, claude, xai, gemini or demo
    dialect: str  # openai.chat_completions or anthropic.messages
    steps: tuple[str, ...] = ()  # why, one English sentence a step


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a key gets its model, or why it gets none."""

    resolution: Resolution | None
    steps: tuple[str, ...]  # one English sentence a step


@dataclass(frozen=True, slots=True)
class MappedModel:
    """One key a client may ask for (contract 5.1, view=mapped)."""

    name: str
    default_model: str  # first routable choice
    candidates: tuple[str, ...]  # routable ones only
    mapping_id: str
    scope_type: Scope
    is_active: bool = True
    required_tier: str | None = None
    provider: str | None = None
    dialect: str | None = None
    endpoint_id: int | None = None
    endpoint_name: str | None = None
    resolved_model: str | None = None
    blocked_candidates: tuple[str, ...] = ()
    is_demo: bool = False
    updated_at: datetime | None = None
