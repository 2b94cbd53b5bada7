"""Endpoints: suppliers' addresses with the models they offer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DEMO_PROTOCOL = "demo"
_TEST_NAME = re.compile(r"test(?:$|[\s_\-.:/])", re.IGNORECASE)


def is_test_name(name: str) -> bool:
    """Return whether an endpoint's name is `test` or begins with that word."""
    return _TEST_NAME.match(name.strip()) is not None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One supplier endpoint as stored, its key left out (contract 5.1, view=endpoints)."""

    id: int
    name: str
    base_url: str
    provider_protocol: str  # openai, claude or demo
    model: str  # its default model
    model_list: tuple[str, ...] = ()
    is_active: bool = True
    is_default: bool = False
    status: str = "unknown"  # unknown, online, offline, checking
    timeout: int = 60  # seconds
    description: str = ""
    latency_ms: int | None = None
    last_checked_at: datetime | None = None
    last_error: str | None = None
    has_api_key: bool = False
    api_key_masked: str = ""
    supabase_id: int | None = None
    sync_status: str = "unsynced"
    last_synced_at: datetime | None = None
    resolved_endpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_demo(self) -> bool:
        """Whether it is the built-in demo supplier."""
        return self.provider_protocol == DEMO_PROTOCOL

    @property
    def is_test_named(self) -> bool:
        """Whether its name says that it is for tests only (contract 5.2, step 4)."""
        return is_test_name(self.name)

    @property
    def offered(self) -> tuple[str, ...]:
        """Every model name it offers, its default first, without doubles."""
        return tuple(dict.fromkeys(name for name in (self.model, *self.model_list) if name))


@dataclass(frozen=True, slots=True)
class EndpointEdit:
    """What an operator or a client wants to store; None means unchanged (or the default, if new)."""

    id: int | None = None
    name: str | None = None
    base_url: str | None = None
    provider_protocol: str | None = None
    model: str | None = None
    model_list: tuple[str, ...] | None = None
    api_key: str | None = field(default=None, repr=False)  # "" deletes the stored key
    is_active: bool | None = None
    is_default: bool | None = None
    timeout: int | None = None
    description: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
