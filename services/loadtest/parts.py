"""Everything the load tests stand on, as one record."""

from dataclasses import dataclass

from db.engine import Database
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.gateway.service import Gateway
from services.identities.service import Identities
from services.journal.types import NO_JOURNAL, Keeper
from services.mapping.service import Mappings
from services.settings.service import Settings
from services.targets.service import Targets


@dataclass(frozen=True, slots=True)
class OwnServer:
    """Our own gateway, for the limits of a run against it."""

    gateway: Gateway
    mapping: Mappings


@dataclass(frozen=True, slots=True)
class LoadParts:
    """What the composition root hands to LoadTests."""

    database: Database
    clock: Clock
    settings: Settings
    targets: Targets
    identities: Identities
    executions: Executions
    own: OwnServer | None = None
    journal: Keeper = NO_JOURNAL
