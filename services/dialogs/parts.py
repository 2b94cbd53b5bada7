"""Everything single conversations stand on, as one record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.engine import Database
from services.chat.client import ChatClient
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.identities.service import Identities
from services.prompts.service import Prompts
from services.settings.service import Settings
from services.targets.service import Targets


@dataclass(frozen=True, slots=True)
class DialogParts:
    """What the composition root hands to Dialogs."""

    database: Database
    clock: Clock
    tasks: Tasks
    settings: Settings
    targets: Targets
    identities: Identities
    chat: ChatClient
    prompts: Prompts
    executions: Executions
    own_models: Callable[[], Sequence[str]]  # keys our own gateway maps
