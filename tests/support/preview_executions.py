"""Preview executions: a believable past of several kinds, and runs that can be watched and ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.executions.types import (
    CancelReport,
    Ending,
    Execution,
    ExecutionEvent,
    ExecutionFilter,
    ExecutionKind,
    ExecutionPage,
    ExecutionState,
    OpenCounts,
    OutputChunk,
    Trigger,
)
from services.foundation.errors import NotFoundError
from services.foundation.signals import Signal

_S = ExecutionState
_PAST: tuple[tuple[str, ExecutionState, Trigger, str, str], ...] = (
    ("e2e", _S.SUCCEEDED, Trigger.SCHEDULE, "", ""),
    ("agent_test", _S.SUCCEEDED, Trigger.MANUAL, "减脂教练 Coach", ""),
    ("probe", _S.FAILED, Trigger.SCHEDULE, "DeepSeek", "HTTP 503 Service Unavailable"),
    ("e2e", _S.SUCCEEDED, Trigger.SCHEDULE, "", ""),
    ("workflow", _S.TIMED_OUT, Trigger.API, "sync → probe → E2E", "The run passed its time limit"),
    ("load_test", _S.CANCELLED, Trigger.MANUAL, "200 × gpt-4o", "It was cancelled"),
    ("e2e", _S.INTERRUPTED, Trigger.SCHEDULE, "", "The console ended while this was running"),
    ("backup", _S.SUCCEEDED, Trigger.SCHEDULE, "", ""),
    ("agent_test", _S.SUCCEEDED, Trigger.COMMAND, "翻译 Translator", ""),
)


async def _done(*_: Any) -> Ending:
    return Ending(_S.SUCCEEDED)


KINDS = {
    name: ExecutionKind(name, label, icon, _done, home=home)
    for name, label, icon, home in (
        ("e2e", "End-to-end run", "science", "/e2e"),
        ("agent_test", "Agent test", "smart_toy", ""),
        ("workflow", "Workflow", "account_tree", ""),
        ("load_test", "Load test", "speed", ""),
        ("probe", "Probe", "network_check", ""),
        ("backup", "Backup", "backup", ""),
    )
}


class FakeExecutions:
    """What the pages ask of executions, answered from a list."""

    def __init__(self, now: datetime, *, running: bool, bare: bool = False) -> None:
        self.changed: Signal[Execution] = Signal("executions.changed")
        self.noted: Signal[ExecutionEvent] = Signal("executions.noted")
        self.output: Signal[OutputChunk] = Signal("executions.output")
        self.kinds = KINDS
        self._now = now
        self._all = [] if bare else self._past(60)
        self._running: list[Execution] = []
        if running:
            one = self._one(102, "e2e", _S.RUNNING, done=14, total=40)
            failed = self._one(101, "e2e", _S.FAILED, done=40, total=40, error="HTTP 503")
            failed = replace(failed, finished_at=now, error_kind="provider")
            self._running = [one]
            self._all = [one, failed, *self._all]

    def _one(self, number: int, kind: str, state: ExecutionState, **values: Any) -> Execution:
        made = self._now - timedelta(hours=3 * (102 - number), seconds=95)
        plain: dict[str, Any] = {"created_at": made, "started_at": made, "seq": number, **values}
        trigger = plain.pop("trigger", Trigger.MANUAL)
        label = KINDS[kind].label
        return Execution(number, f"exe_{number}", kind, label, state, trigger, **plain)

    def _past(self, count: int) -> list[Execution]:
        found: list[Execution] = []
        for n in range(count):
            kind, state, trigger, subject, error = _PAST[n % len(_PAST)]
            one = self._one(100 - n, kind, state, trigger=trigger, subject=subject, error=error)
            done = 40 if kind == "e2e" else 0
            end = one.started_at + timedelta(seconds=7 + 13 * (n % 9)) if one.started_at else None
            meta = {"judged": 40, "good": 40 - n % 4} if kind == "e2e" else {}
            found.append(replace(one, done=done, total=done, finished_at=end, meta=meta))
        return found

    def running(self) -> tuple[Execution, ...]:
        return tuple(self._running)

    def counts(self) -> OpenCounts:
        return OpenCounts(len(self._running), 0, 20)

    async def newest(self, limit: int = 50) -> list[Execution]:
        return self._all[:limit]

    async def page(
        self, wanted: ExecutionFilter | None = None, *, before: int | None = None, limit: int = 50
    ) -> ExecutionPage:
        wanted = wanted or ExecutionFilter()
        found = [
            one
            for one in self._all
            if (before is None or one.id < before)
            and (not wanted.kinds or one.execution_type in wanted.kinds)
            and (not wanted.states or one.status in wanted.states)
            and wanted.text.lower() in f"{one.label} {one.subject} {one.error}".lower()
        ]
        rows = tuple(found[:limit])
        return ExecutionPage(rows, rows[-1].id if len(found) > limit else None)

    async def get(self, execution_id: str) -> Execution:
        for one in self._all:
            if execution_id in (one.execution_id, str(one.id)):
                return one
        raise NotFoundError("There is no execution {id}", id=execution_id)

    async def events(
        self, execution_id: str, *, since: int = 0, limit: int = 500
    ) -> list[ExecutionEvent]:
        one = await self.get(execution_id)
        at = one.created_at or self._now
        found = [
            ExecutionEvent(one.id, 1, at, "created", {"by": "operator"}),
            ExecutionEvent(one.id, 2, at, "started"),
        ]
        if one.finished_at is not None:
            data = {"status": str(one.status)}
            found.append(ExecutionEvent(one.id, 3, one.finished_at, "ended", data))
        return [event for event in found if event.seq > since][:limit]

    async def children(self, execution_id: str) -> list[Execution]:
        await self.get(execution_id)
        return []

    async def changed_since(self, seq: int, limit: int = 1000) -> list[Execution]:
        return [one for one in reversed(self._all) if one.seq > seq][:limit]

    async def read_output(self, execution_id: str, *, offset: int = 0, limit: int = 65_536) -> str:
        return (await self.get(execution_id)).output[offset : offset + limit]

    async def cancel(self, execution_id: str) -> Execution:
        for one in self._running:
            if one.execution_id == execution_id:
                self._running = []
                ended = replace(one, status=_S.CANCELLED, finished_at=self._now, seq=one.seq + 1000)
                self._all = [ended if x.id == ended.id else x for x in self._all]
                self.changed.emit(ended)
                return ended
        raise NotFoundError("There is no execution {id}", id=execution_id)

    async def cancel_many(self, execution_ids: Sequence[str]) -> CancelReport:
        return CancelReport(tuple([await self.cancel(key) for key in execution_ids]))

    async def run_again(self, execution_id: str) -> Execution:
        old = await self.get(execution_id)
        number = self._all[0].id + 1
        made = {"created_at": self._now, "started_at": self._now, "finished_at": None}
        one = replace(old, id=number, execution_id=f"exe_{number}", status=_S.RUNNING, **made)
        one = replace(one, seq=number, done=0, again_of=old.id, error="")
        self._running.append(one)
        self._all = [one, *self._all]
        self.changed.emit(one)
        return one
