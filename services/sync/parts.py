"""What a sync stands on."""

from dataclasses import dataclass
from pathlib import Path

from db.engine import Database
from services.audit.books import Books
from services.foundation.clock import Clock
from services.mapping.service import Mappings
from services.models.service import Models
from services.outbox.service import Outbox
from services.prompts.service import Prompts
from services.secrets.service import Secrets
from services.supabase.service import Supabase


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is kept on both sides."""

    models: Models
    mapping: Mappings
    prompts: Prompts


@dataclass(frozen=True, slots=True)
class SyncParts:
    """The services a sync reads and writes through."""

    database: Database
    clock: Clock
    secrets: Secrets
    supabase: Supabase
    outbox: Outbox
    books: Books
    models: Models
    mapping: Mappings
    prompts: Prompts
    folder: Path  # for the backups before each sync
