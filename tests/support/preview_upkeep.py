"""Preview parts: a clean-up that ran and copies that were made."""

from datetime import datetime, timedelta
from typing import Any

from services.backup.types import RestorePreview, StoredBackup, TableCount
from services.executions.types import ExecutionState
from services.retention.types import RetentionResult
from tests.support.preview_journal import FakeJournal
from tests.support.preview_numbers import FakeDays, FakeObtaining, FakeStats


class FakeRetention:
    """The newest run, from memory."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        deleted = {"e2e": 1_204, "executions": 36, "messages": 18_240, "audit": 0, "stats": 310}
        self.result = RetentionResult(
            "exe_retention1", ExecutionState.SUCCEEDED, now - timedelta(hours=5), deleted,
            freed_bytes=48_300_000, unpushed=2,
        )  # fmt: skip
        self.bare = bare

    async def last(self) -> RetentionResult | None:
        return None if self.bare else self.result


class FakeBackups:
    """Copies of the last days, one of which nobody checked."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self.is_possible = True
        self.copies = () if bare else tuple(self._one(now, days) for days in range(4))

    def _one(self, now: datetime, days: int) -> StoredBackup:
        at = now - timedelta(days=days, hours=2)
        name = f"backup-{at:%Y%m%dT%H%M%SZ}.db" if days < 3 else "before-the-move.db"
        size, rows = 212_400_000 - days * 3_100_000, 1_048_210 - days * 9_000
        return StoredBackup(name, f"/data/backups/{name}", size, at, days < 3, rows * (days < 3), 1)

    async def list(self) -> tuple[StoredBackup, ...]:
        return self.copies


class FakeRestores:
    """What a copy would change; a restart is only noted."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.is_asked = False

    async def preview(self, name: str) -> RestorePreview:
        tables = (
            TableCount("ai_prompt_tests", 120_400, 96_110),
            TableCount("e2e_mapped_model_results", 20_480, 19_600),
            TableCount("executions", 812, 790),
            TableCount("new_table", 4, None),
        )
        return RestorePreview(name, self._now - timedelta(hours=2), 1, 1_048_210, tables, 31, 2)

    async def ask(self, _name: str) -> None:
        self.is_asked = True


class FakeUpkeep:
    """Both, and the figures of each day."""

    def __init__(self, now: datetime, *, bare: bool = False) -> None:
        self.retention = FakeRetention(now, bare=bare)
        self.backups = FakeBackups(now, bare=bare)
        self.restores = FakeRestores(now)
        self.days = FakeDays(now, bare=bare)


def upkeep_parts(now: datetime, *, bare: bool = False) -> dict[str, Any]:
    """Both, the journal, and the figures."""
    return {
        "upkeep": FakeUpkeep(now, bare=bare),
        "journal": FakeJournal(now, bare=bare),
        "stats": FakeStats(bare=bare),
    }


def obtaining(now: datetime, *, bare: bool) -> FakeObtaining:
    """What sign-ins showed."""
    return FakeObtaining(now, bare=bare)
