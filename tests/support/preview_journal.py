"""Preview parts: a journal where results wait, one that is empty, one that was written back."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.foundation.signals import Signal
from services.journal.types import JournalView, Put, ReplayReport

FOLDER = "/data/storage/ai_runtime/journal"


class FakeJournal:
    """Replays from memory; `bare` has nothing in it."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self.changed: Signal[int] = Signal("journal.changed")
        self._now = now
        empty = JournalView(FOLDER, reserve_bytes=4 << 20)
        waiting = replace(
            empty,
            waiting=1_204,
            records=7,
            in_reserve=380,
            reason="full: database or disk is full",
            since=now - timedelta(minutes=12),
            reserve_used_bytes=320_000,
            put_aside=(
                Put(
                    "0000000031-ai_prompt_tests-500-jrn_01k9x2.json",
                    "its checksum does not fit: it was changed or cut",
                    48_120,
                ),
            ),
        )
        self.view = empty if bare else waiting

    @property
    def waiting(self) -> int:
        return self.view.waiting

    async def replay(self) -> ReplayReport:
        rows, records = self.view.waiting, self.view.records
        report = ReplayReport(self._now, records, rows)
        self.view = replace(
            self.view, waiting=0, records=0, in_reserve=0, reason="", since=None, last=report
        )
        self.changed.emit(0)
        return report
