"""Preview data of the sync and the audit log: a project with differences, a log with entries."""

import types
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.audit.types import AuditEntry, AuditFilter, AuditPage
from services.foundation.errors import ConflictError
from services.foundation.messages import say
from services.foundation.signals import Signal
from services.outbox.types import Entry, Op, OutboxState, OutboxView
from services.supabase.types import ConnectionReport, Link, SupabaseEdit, SupabaseView, TableState
from services.sync.types import Choice, SyncAction, SyncItem, SyncKind, SyncPlan
from services.undo.rules import is_reversible
from tests.support import preview_data as data

MODEL = {"name": "acme", "model": "acme-1", "base_url": "https://acme.example.com"}
SQL = "create table if not exists public.model_mappings (id text primary key);"


def _item(action: SyncAction, title: str, **more: Any) -> SyncItem:
    here: Any = None if action in (SyncAction.PULL_ADD, SyncAction.PUSH_DELETE) else MODEL
    there: Any = None if action in (SyncAction.PULL_DELETE, SyncAction.PUSH_ADD) else MODEL
    if action in (SyncAction.CONFLICT, SyncAction.PULL_CHANGE):
        there = {**MODEL, "name": "acme (app)"}
    kind = more.pop("kind", SyncKind.MODEL)
    key = f"{kind}|{title}|{title}"
    return SyncItem(key, kind, action, title, title, title, here, there, MODEL, **more)


ITEMS = (
    _item(SyncAction.CONFLICT, "both"),
    _item(SyncAction.PULL_DELETE, "gone", breaks=("mapping:gpt", "mapping:claude")),
    _item(SyncAction.PULL_ADD, "new there"),
    _item(SyncAction.PULL_CHANGE, "changed there"),
    _item(SyncAction.PUSH_ADD, "new here", kind=SyncKind.PROMPT),
    _item(SyncAction.PUSH_DELETE, "mapping:old", kind=SyncKind.MAPPING),
    _item(SyncAction.INVALID, "<b>bad</b>", note=say("{column} is empty", column="model")),
)


class FakeProject:
    """A project that is set up and answers."""

    def __init__(self, *, is_set_up: bool) -> None:
        self.view = SupabaseView()
        if is_set_up:
            self.view = SupabaseView(
                url="https://abcd.supabase.co",
                source="page",
                service_key_masked="••••••••wxyz",
                link=Link.ONLINE,
                latency_ms=41,
                checked_at=data.NOW,
            )
        self.optional_sql = SQL
        self.saved: list[SupabaseEdit] = []
        self.changed: Signal[SupabaseView] = Signal("supabase.changed")

    async def save(self, edit: SupabaseEdit) -> SupabaseView:
        self.saved.append(edit)
        self.view = replace(self.view, url=edit.url or "")
        self.changed.emit(self.view)
        return self.view

    async def test(self) -> ConnectionReport:
        tables = (
            TableState("ai_model", is_there=True, is_optional=False, rows=12),
            TableState("model_mappings", is_there=False, is_optional=True, text="Absent"),
        )
        return ConnectionReport(is_good=True, latency_ms=41, tables=tables)


class FakeOutbox:
    """A conflict and a refused row."""

    def __init__(self, *, is_empty: bool) -> None:
        at = data.NOW - timedelta(minutes=4)
        why = say("{table} does not take this row: {detail}", table="ai_model", detail="23514")
        self.rows = [
            Entry("model", "1", Op.SAVE, {}, 1, 1, title="both", state=OutboxState.CONFLICT,
                  reason=say("Changed on both sides since the last sync: choose"), created_at=at),
            Entry("prompt", "2", Op.DELETE, {}, 2, 1, title="bad", state=OutboxState.DEAD,
                  attempts=3, reason=why, created_at=at),
        ]  # fmt: skip
        if is_empty:
            self.rows = []
        self.changed: Signal[OutboxView] = Signal("outbox.changed")
        self.resumed = 0
        self.is_held = False  # as after a copy was put back

    @property
    def view(self) -> OutboxView:
        states = [row.state for row in self.rows]
        return OutboxView(
            conflicts=states.count(OutboxState.CONFLICT),
            dead=states.count(OutboxState.DEAD),
            is_held=self.is_held,
        )

    async def let_go(self) -> None:
        self.is_held = False
        self.changed.emit(self.view)

    async def entries(self, limit: int = 500) -> list[Entry]:
        return self.rows[:limit]

    def resume(self) -> None:
        self.resumed += 1

    async def retry(self, entry_id: int) -> None:
        await self.discard(entry_id)

    async def discard(self, entry_id: int) -> None:
        self.rows = [row for row in self.rows if row.id != entry_id]
        self.changed.emit(self.view)


class FakeSync:
    """One preview, its choices kept."""

    def __init__(self, *, is_set_up: bool) -> None:
        self.is_configured = is_set_up
        self.items = ITEMS
        self.chosen: dict[str, Choice] = {}

    async def preview(self) -> SyncPlan:
        if not self.is_configured:
            raise ConflictError("Supabase is not set up: enter its address and service key first")
        return SyncPlan("plan_1", data.NOW, tuple(SyncKind), self.items, same=40, remote_count=46)

    def choose(self, plan_id: str, choices: dict[str, Choice]) -> None:
        assert plan_id == "plan_1"
        self.chosen = dict(choices)

    async def last_synced_at(self) -> Any:
        return data.NOW - timedelta(hours=2)


class FakeAudit:
    """Three entries, one of them taken back."""

    def __init__(self) -> None:
        at = data.NOW - timedelta(minutes=7)
        self.recorded: Signal[str] = Signal("audit.recorded")
        self.asked: list[AuditFilter] = []
        self.rows = [
            AuditEntry(3, at, "operator", "req-1", "model", "4", "<img src=x>", "changed",
                       {"description": "a"}, {"description": "b"}),
            AuditEntry(2, at, "console", "", "prompt", "7", "coach", "changed",
                       {"version_no": 1}, {"version_no": 2}),
            AuditEntry(1, at, "console", "", "sync", "sync", "sync", "done", None, {"pushed": 3}),
        ]  # fmt: skip

    async def page(
        self, wanted: AuditFilter, *, limit: int, before: int | None = None
    ) -> AuditPage:
        self.asked.append(wanted)
        found = [row for row in self.rows if not wanted.kinds or row.kind in wanted.kinds]
        return AuditPage(tuple(found[:limit]))

    async def actors(self) -> list[str]:
        return ["console", "operator"]


class FakeUndo:
    """Marks what was asked to be taken back."""

    def __init__(self, audit: FakeAudit) -> None:
        self._audit = audit

    @staticmethod
    def can_undo(entry: AuditEntry) -> bool:
        return is_reversible(entry)

    async def undo(self, entry_id: int) -> AuditEntry:
        rows = self._audit.rows
        at = next(index for index, row in enumerate(rows) if row.id == entry_id)
        rows[at] = replace(rows[at], undone_by="console", undone_at=data.NOW)
        self._audit.recorded.emit("model")
        return rows[at]


def cloud_parts(*, bare: bool = False) -> dict[str, Any]:
    """Return the parts of a preview console; bare has no project and nothing waiting."""
    audit = FakeAudit()
    cloud = types.SimpleNamespace(
        supabase=FakeProject(is_set_up=not bare),
        outbox=FakeOutbox(is_empty=bare),
        sync=FakeSync(is_set_up=not bare),
    )
    return {"cloud": cloud, "audit": audit, "undo": FakeUndo(audit)}
