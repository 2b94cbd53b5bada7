"""Targets and Identities over a FakeUpstream."""

from dataclasses import dataclass, field
from typing import Any

from services.targets.types import Target
from tests.support.upstream import FakeUpstream


def a_target(upstream: FakeUpstream, **changes: Any) -> Target:
    """The fake server with both of its keys."""
    fields: dict[str, Any] = {
        "id": 1,
        "name": "fake",
        "api_base": upstream.api_base,
        "auth_url": upstream.auth_url,
        "anon_key": upstream.auth.anon_key,
        "service_key": upstream.auth.service_key,
        **changes,
    }
    return Target(**fields)


@dataclass
class SomeTargets:
    """The targets a sweeper may look at."""

    targets: list[Target] = field(default_factory=list[Target])

    def all(self) -> tuple[Target, ...]:
        return tuple(self.targets)
