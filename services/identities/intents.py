"""Intents: a row for each user before it is made, so that a crash leaves nobody behind."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.engine import Database
from db.queries import identities as queries
from db.tables.identities import TestUserRow
from services.foundation.clock import Clock
from services.foundation.ids import new_id
from services.targets.types import Target

SWEPT_AT_ONCE = 200
_IN_USE_S = 3 * 3600.0  # longer than any launch: who forgot to release is swept then
KEPT = "kept"  # state of an account that the next sign-in uses again


@dataclass(frozen=True, slots=True)
class Intent:
    """One user that is about to be made, exists, or has to be deleted."""

    id: int
    label: str  # travels in the user's metadata, to find it again
    email: str  # empty: anonymous
    user_id: str  # empty: not known
    auth_url: str
    created_at: datetime
    state: str  # intended, created or kept (for the next sign-in)


class Intents:
    """Rows of kind e2e in llm_test_users."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Start with no user in use."""
        self._database = database
        self._clock = clock
        self._in_use: dict[int, float] = {}  # row to when it may be swept all the same
        self.boot_id = ""  # of this start, where several consoles share the store

    async def add(self, target: Target, email: str) -> Intent:
        """Return the intent once it is on disk; from then on it is in use."""
        label, now = new_id("e2e"), self._clock.now()
        meta = {"state": "intended", "target_id": target.id, "auth_url": target.auth_url}
        meta |= {"boot": self.boot_id} if self.boot_id else {}
        row_id = await self._database.write(
            lambda session: queries.add_intent(session, label, email or None, meta, now)
        )
        self._use(row_id)
        return Intent(row_id, label, email, "", target.auth_url, now, "intended")

    async def note(self, intent: Intent, user_id: str, state: str = "created") -> None:
        """Keep the id of the user that was made."""
        now = self._clock.now()
        await self._database.write(
            lambda session: queries.note_user(session, intent.id, user_id, state, now)
        )

    async def find(self, user_id: str) -> Intent | None:
        """Return the intent of a user."""
        row = await self._database.read(lambda session: queries.find_user(session, user_id))
        return None if row is None else _intent(row)

    async def forget(self, intent: Intent) -> None:
        """Drop the row: the user is gone, or meant to stay."""
        await self._database.write(lambda session: queries.delete_row(session, intent.id))
        self.leave(intent)

    async def kept(self, auth_url: str) -> Intent | None:
        """Return a user kept from an earlier sign-up at that service, now in use; None without."""
        for intent in await self._rows():
            if intent.state == KEPT and intent.auth_url == auth_url:
                self._use(intent.id)
                await self._own(intent)
                return intent
        return None

    async def left_over(self) -> list[Intent]:
        """Return what nobody uses now, oldest first, bounded; kept ones are among them."""
        return (await self._rows())[:SWEPT_AT_ONCE]

    def leave(self, intent: Intent) -> None:
        """Hand the row to the sweeper."""
        self._in_use.pop(intent.id, None)

    @asynccontextmanager
    async def intended(self, target: Target, email: str) -> AsyncGenerator[Intent]:
        """Add an intent; when the block fails or is cancelled, the sweeper looks after it."""
        intent = await self.add(target, email)
        try:
            yield intent
        except BaseException:
            self.leave(intent)
            raise

    async def _rows(self) -> list[Intent]:
        limit = 10 * SWEPT_AT_ONCE
        boot_id, used_since = self.boot_id, self._clock.now() - timedelta(seconds=_IN_USE_S)
        rows = await self._database.read(
            lambda session: queries.read_intents(session, limit, boot_id, used_since)
        )
        now = self._clock.monotonic()
        return [_intent(row) for row in rows if self._in_use.get(row.id or 0, 0.0) <= now]

    async def _own(self, intent: Intent) -> None:
        """Say that the user is this console's now, so that no other one deletes it."""
        if boot_id := self.boot_id:
            await self._database.write(lambda s: queries.own_intent(s, intent.id, boot_id))

    def _use(self, row_id: int) -> None:
        self._in_use[row_id] = self._clock.monotonic() + _IN_USE_S


def _intent(row: TestUserRow) -> Intent:
    meta: dict[str, Any] = row.meta_json or {}
    return Intent(
        id=row.id or 0,
        label=row.label or "",
        email=row.email or "",
        user_id=row.supabase_user_id or "",
        auth_url=str(meta.get("auth_url", "")),
        created_at=row.created_at,
        state=str(meta.get("state", "")),
    )
