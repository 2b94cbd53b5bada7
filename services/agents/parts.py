"""Everything the agents stand on, as one record."""

from dataclasses import dataclass

from db.engine import Database
from services.chat.client import ChatClient
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.identities.service import Identities
from services.prompts.service import Prompts
from services.settings.service import Settings
from services.targets.service import Targets


@dataclass(frozen=True, slots=True)
class AgentParts:
    """What the composition root hands to Agents."""

    database: Database
    clock: Clock
    settings: Settings
    targets: Targets
    identities: Identities
    chat: ChatClient
    prompts: Prompts
    executions: Executions
