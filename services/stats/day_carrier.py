"""DayCarrier: writes rows of dashboard_stats to Supabase and deletes old ones; safe to repeat."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from db.queries import dashboard_days as queries
from db.tables.numbers import DashboardStatsRow
from services.outbox.types import Entry, Op, Outcome
from services.supabase.client import Remote

KIND = "dashboard_stats"  # of pushes, and the table here and there
_KEY = "stat_date"


class DayCarrier:
    """A day is its date: pushed twice it is still one row."""

    kind = KIND

    def __init__(self, remote: Callable[[], Remote]) -> None:
        """`remote` gives the project's client."""
        self._remote = remote

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Return one outcome an entry; raise RemoteError when the server or a row refuses."""
        remote = self._remote()
        rows = [dict(entry.payload) for entry in entries if entry.op is Op.SAVE]
        if rows:
            await remote.upsert(KIND, rows, on_conflict=_KEY)
        for entry in entries:
            if entry.op is Op.DELETE:
                await remote.delete_below(KIND, _KEY, str(entry.payload["before"]))
        return [_outcome(entry) for entry in entries]


def remote_row(row: DashboardStatsRow) -> dict[str, Any]:
    """Return the day as Supabase's table has it."""
    return {
        _KEY: row.stat_date.isoformat(),
        "daily_active_users": row.daily_active_users,
        "ai_request_count": row.ai_request_count,
        "token_usage": row.token_usage,
        "api_connectivity_rate": round(row.api_connectivity_rate, 2),
        "jwt_availability_rate": round(row.jwt_availability_rate, 2),
        "updated_at": row.updated_at.isoformat(),
    }


def _outcome(entry: Entry) -> Outcome:
    if entry.op is Op.DELETE:
        return Outcome(entry)
    figures_of = datetime.fromisoformat(str(entry.payload["updated_at"]))
    return Outcome(entry, partial(_settle, figures_of=figures_of))


def _settle(session: Session, key: str, *, figures_of: datetime) -> None:
    queries.note_pushed(session, date.fromisoformat(key), figures_of)
