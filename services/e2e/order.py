"""What a launch works with, and what it shall do."""

from dataclasses import dataclass

from services.chat.client import ChatClient
from services.e2e.legs import Legs
from services.e2e.store import E2eStore
from services.e2e.types import LaunchRequest
from services.foundation.clock import Clock
from services.identities.service import Identities
from services.prompts.service import Prompts
from services.settings.service import Settings
from services.settings.types import E2eEnv, Preferences
from services.targets.types import Target


@dataclass(frozen=True, slots=True)
class Tools:
    """What a launch works with."""

    clock: Clock
    store: E2eStore
    identities: Identities
    chat: ChatClient
    legs: Legs
    settings: Settings
    prompts: Prompts


@dataclass(frozen=True, slots=True)
class Order:
    """What a launch shall do, fixed when it starts."""

    request: LaunchRequest
    target: Target
    preferences: Preferences
    env: E2eEnv
    known_models: tuple[str, ...]  # asked in the name of a list that could not be had
