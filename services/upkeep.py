"""Upkeep: what the console does for its own store by itself, or when an operator says so."""

from db.engine import Database
from services.backup.restores import Restores
from services.backup.service import Backups
from services.backup.types import KIND as BACKUP
from services.day_looks import Looks
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.retention.service import Retention
from services.retention.types import KIND as RETENTION
from services.schedules.daily import Daily
from services.settings.service import Settings
from services.stats.day_carrier import DayCarrier
from services.stats.days import Days
from services.sync.cloud import Cloud


class Upkeep:
    """Retention and backups, registered as kinds, what starts them, and the figures of each day."""

    def __init__(  # noqa: PLR0913, PLR0917  # composition
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings,
        executions: Executions,
        cloud: Cloud,
        looks: Looks,
    ) -> None:
        """Register both; nothing runs before start()."""
        self.retention = Retention(database, clock, settings, executions)
        self.backups = Backups(database, clock, settings)
        self.restores = Restores(database, settings.env, self.backups, executions)
        executions.register(self.retention.kind)
        executions.register(self.backups.kind)
        self.days = Days(database, clock, tasks, settings, cloud.outbox, looks.look)
        cloud.outbox.register(DayCarrier(cloud.supabase.remote))
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
        await self.days.start()

    async def stop(self) -> None:
        """Start nothing further."""
        await self.days.stop()
        for daily in self._dailies:
            await daily.stop()
