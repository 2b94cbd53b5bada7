"""Everything the end-to-end runs stand on, as one record."""

from dataclasses import dataclass

from db.engine import Database
from services.chat.client import ChatClient
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.identities.service import Identities
from services.journal.types import NO_JOURNAL, Keeper
from services.mapping.service import Mappings
from services.models.service import Models
from services.prompts.service import Prompts
from services.settings.service import Settings
from services.suppliers.service import Suppliers
from services.targets.service import Targets


@dataclass(frozen=True, slots=True)
class E2eParts:
    """What the composition root hands to E2e."""

    database: Database
    clock: Clock
    tasks: Tasks
    settings: Settings
    targets: Targets
    identities: Identities
    chat: ChatClient
    mapping: Mappings
    executions: Executions
    suppliers: Suppliers
    models: Models
    prompts: Prompts
    journal: Keeper = NO_JOURNAL
