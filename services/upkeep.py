"""Upkeep: what the console does for its own store once a day, or when an operator says so."""

from db.engine import Database
from services.backup.service import Backups
from services.backup.types import KIND as BACKUP
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.retention.service import Retention
from services.retention.types import KIND as RETENTION
from services.schedules.daily import Daily
from services.settings.service import Settings


class Upkeep:
    """Retention and backups, registered as kinds, and what starts them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings,
        executions: Executions,
    ) -> None:
        """Register both; nothing runs before start()."""
        self.retention = Retention(database, clock, settings, executions)
        self.backups = Backups(database, clock, settings)
        executions.register(self.retention.kind)
        executions.register(self.backups.kind)
        self._settings = settings
        self._dailies = (
            Daily(executions, clock, tasks, RETENTION),
            Daily(executions, clock, tasks, BACKUP, self._backs_up),
        )

    def _backs_up(self) -> bool:
        return self.backups.is_possible and self._settings.preferences.backup_daily

    async def start(self) -> None:
        """Begin to look for what is due."""
        for daily in self._dailies:
            await daily.start()

    async def stop(self) -> None:
        """Start nothing further."""
        for daily in self._dailies:
            await daily.stop()
