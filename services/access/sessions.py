"""Sessions: who is signed in now, in memory and on disk; idle and absolute ends, ended at once."""

import secrets as random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from db.tables.access import AccessSessionRow
from services.access import rules
from services.access.types import OpenSession, Role, Visitor
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.settings.service import Settings

PER_ACCOUNT = 30  # the oldest sign-in ends for the newest
SECRET_BYTES = 32


class SessionBook:
    """The live sessions; asking costs one look-up, no query."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        """Start with none."""
        self._clock = clock
        self._settings = settings
        self._open: dict[str, OpenSession] = {}
        self._seen: dict[str, datetime] = {}  # not yet on disk
        self.ended: Signal[frozenset[str]] = Signal("access.ended")

    def load(
        self, rows: Iterable[AccessSessionRow], name_of: Callable[[int], tuple[str, Role]]
    ) -> None:
        """Take what is stored."""
        for row in rows:
            name, role = name_of(row.account_id)
            self._open[row.id] = OpenSession(
                id=row.id,
                account_id=row.account_id,
                name=name,
                role=role,
                address=row.address,
                agent=row.agent,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                ends_at=row.created_at + self.longest,
            )

    def ids(self) -> frozenset[str]:
        """Return the sessions that are open in memory."""
        return frozenset(self._open)

    def take_over(
        self,
        rows: Iterable[AccessSessionRow],
        before: frozenset[str],
        name_of: Callable[[int], tuple[str, Role]],
    ) -> None:
        """Follow what another console stored; `before` was open here when the rows were read.

        What was opened or ended here meanwhile stays as it is.
        """
        stored = {row.id: row for row in rows}
        self.load(
            (row for key, row in stored.items() if key in self._open or key not in before), name_of
        )
        self.forget(before - set(stored))

    @property
    def longest(self) -> timedelta:
        """How long a sign-in lasts at most."""
        return timedelta(days=self._settings.preferences.session_days)

    @property
    def longest_idle(self) -> timedelta:
        """How long one lasts without anything being done."""
        return timedelta(hours=self._settings.preferences.session_idle_hours)

    def all(self) -> list[OpenSession]:
        """Return what is good now, the last used first."""
        now = self._clock.now()
        good = (self._now(one) for one in self._open.values() if self._is_good(one, now))
        return sorted(good, key=lambda one: one.last_seen_at, reverse=True)

    def visitor_of(self, secret: str) -> Visitor | None:
        """Return who holds that cookie, or None when it is good no longer; nothing is noted."""
        if not 20 <= len(secret) <= 100:
            return None
        return self.visitor(rules.digest(secret))

    def visitor(self, session_id: str) -> Visitor | None:
        """Return whose session that is, or None when it has ended."""
        one = self._open.get(session_id)
        if one is None or not self._is_good(one, self._clock.now()):
            return None
        return Visitor(one.name, one.role, one.account_id, one.id)

    def touch(self, session_id: str) -> None:
        """Note that something was done; kept on disk a little later."""
        if session_id in self._open:
            self._seen[session_id] = self._clock.now()

    def take_seen(self) -> dict[str, datetime]:
        """Return what must be kept on disk, and begin anew; memory holds it from here on."""
        taken, self._seen = self._seen, {}
        for key, at in taken.items():
            if (one := self._open.get(key)) is not None:
                self._open[key] = replace(one, last_seen_at=at)
        return taken

    def new_row(self, account_id: int, address: str, agent: str) -> tuple[str, AccessSessionRow]:
        """Return a fresh secret and the row that stores its digest."""
        secret, now = random.token_urlsafe(SECRET_BYTES), self._clock.now()
        row = AccessSessionRow(
            id=rules.digest(secret),
            account_id=account_id,
            address=address[:64],
            agent=agent[:300],
            created_at=now,
            last_seen_at=now,
        )
        return secret, row

    def add(self, row: AccessSessionRow, name: str, role: Role) -> Visitor:
        """Open a session that is on disk by now."""
        self.load([row], lambda _: (name, role))
        return Visitor(name, role, row.account_id, row.id)

    def too_many(self, account_id: int) -> list[str]:
        """Return the sessions that must end before another one opens, the oldest."""
        own = sorted(self.of_account(account_id), key=lambda key: self._open[key].created_at)
        return own[: max(0, len(own) - PER_ACCOUNT + 1)]

    def of_account(self, account_id: int, *, but: str = "") -> list[str]:
        """Return the account's sessions, one left out."""
        return [
            key for key, one in self._open.items() if one.account_id == account_id and key != but
        ]

    def over(self) -> list[OpenSession]:
        """Return the sessions whose time is over."""
        now = self._clock.now()
        return [one for one in self._open.values() if not self._is_good(one, now)]

    def forget(self, ids: Iterable[str]) -> None:
        """End the sessions in memory and tell whoever serves them."""
        gone = frozenset(key for key in ids if self._open.pop(key, None) is not None)
        for key in gone:
            self._seen.pop(key, None)
        if gone:
            self.ended.emit(gone)

    def change_role(self, account_id: int, role: Role) -> None:
        """Give the account's open sessions their new role."""
        for key in self.of_account(account_id):
            self._open[key] = replace(self._open[key], role=role)

    def _now(self, one: OpenSession) -> OpenSession:
        seen = self._seen.get(one.id, one.last_seen_at)
        return replace(one, last_seen_at=seen, ends_at=one.created_at + self.longest)

    def _is_good(self, one: OpenSession, now: datetime) -> bool:
        seen = self._seen.get(one.id, one.last_seen_at)
        return now < one.created_at + self.longest and now < seen + self.longest_idle
