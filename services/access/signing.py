"""Signing: in and out of the pages, and one's own password; every try leaves its trace."""

import logging

from sqlmodel import Session

from db.queries import access as queries
from services.access import rules
from services.access.accounts import AccountBook
from services.access.ledger import Ledger
from services.access.sessions import SessionBook
from services.access.tries import Tries
from services.access.types import (
    AccessEvent,
    Account,
    EntryRefusedError,
    SignedIn,
    Visitor,
    actor_name,
)
from services.accounts.passwords import Passwords
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.foundation.signals import Signal

_log = logging.getLogger(__name__)
AT_ONCE = 20  # passwords being looked at; more are asked to come again
REFUSALS_KEPT = 60  # entries in the audit log in an hour; the log file has them all
SIGN_IN = "sign-in"  # who the audit log names when nobody was recognised


class Signing:
    """What visitors do for themselves."""

    def __init__(
        self, clock: Clock, ledger: Ledger, accounts: AccountBook, sessions: SessionBook
    ) -> None:
        """Keep the books."""
        self._clock = clock
        self._ledger = ledger
        self._accounts = accounts
        self._sessions = sessions
        self.passwords = Passwords()
        self._tries = Tries(clock.monotonic)
        self._looking = 0
        self._refusals: list[float] = []
        self.refused = 0  # since the start
        self.changed: Signal[None] = Signal("access.changed")

    async def sign_in(
        self, name: str, password: str, *, address: str, agent: str = "", old_secret: str = ""
    ) -> SignedIn:
        """Return the fresh session; raise EntryRefusedError, which never says which part is wrong.

        A session the browser held before ends: its cookie was known before the password was.
        """
        name = name.strip().lower()[:40]
        try:
            self._tries.begin(name, address)
        except EntryRefusedError:
            await self._note_refusal(name, address, "delayed")
            raise
        account = await self._recognised(name, password[: rules.PASSWORD_MAX + 1])
        if account is None:
            await self._note_refusal(name, address, "wrong")
            raise EntryRefusedError("Name or password is wrong")
        self._tries.succeed(name, address)
        ended = self._sessions.too_many(account.id)
        if old_secret:
            ended.append(rules.digest(old_secret))
        secret, row = self._sessions.new_row(account.id, address, agent)
        now = self._clock.now()

        def change(session: Session) -> None:
            queries.end_sessions(session, ended)
            session.add(row)
            queries.find_account(session, account.id).last_sign_in_at = now

        facts = {"event": AccessEvent.SIGNED_IN, "address": address}
        await self._ledger.write(change, account.name, facts, who=actor_name(account.name))
        self._sessions.forget(ended)
        visitor = self._sessions.add(row, account.name, account.role)
        self._accounts.note_sign_in(account.id, now)
        self.changed.emit(None)
        return SignedIn(visitor, secret, self._sessions.longest)

    async def sign_out(self, secret: str) -> None:
        """End the session of that cookie; an unknown one does nothing."""
        visitor = self._sessions.visitor_of(secret)
        if visitor is not None:
            await self.end_own(visitor)

    async def end_own(self, visitor: Visitor) -> None:
        """End the session the visitor came with."""
        await self.end([visitor.session_id], visitor.name, AccessEvent.SIGNED_OUT, visitor.actor)

    async def sign_out_everywhere(self, visitor: Visitor, *, but_here: bool = False) -> int:
        """End the visitor's own sessions and return how many."""
        but = visitor.session_id if but_here else ""
        ids = self._sessions.of_account(visitor.account_id, but=but)
        await self.end(ids, visitor.name, AccessEvent.SIGNED_OUT, visitor.actor)
        return len(ids)

    async def change_own_password(self, visitor: Visitor, old: str, new: str) -> Account:
        """Change the visitor's own password; other sessions end. Raise InputError or EntryRefusedError."""
        account = self._accounts.get(visitor.account_id)
        self._tries.begin(account.name, visitor.session_id)
        if await self._recognised(account.name, old) is None:
            raise InputError("This is not your present password", field="old")
        self._tries.succeed(account.name, visitor.session_id)
        keep = visitor.session_id
        return await self.set_password(account, new, keep=keep, who=visitor.actor)

    async def end(self, ids: list[str], subject: str, event: AccessEvent, who: str) -> None:
        """End sessions, in the log as that event."""
        if not ids:
            return
        facts = {"event": event, "sessions": len(ids)}
        await self._ledger.write(
            lambda session: queries.end_sessions(session, ids), subject, facts, who=who
        )
        self._sessions.forget(ids)
        self.changed.emit(None)

    async def set_password(
        self, account: Account, password: str, *, keep: str = "", who: str = ""
    ) -> Account:
        """Return the account with its new password; its sessions end, but for the kept one."""
        hashed = await self.passwords.hash(rules.read_password(password, account.name))
        now, ended = self._clock.now(), self._sessions.of_account(account.id, but=keep)

        def change(session: Session) -> None:
            row = queries.find_account(session, account.id)
            row.password_hash, row.password_changed_at = hashed, now
            queries.end_sessions(session, ended)

        facts = {"event": AccessEvent.PASSWORD_CHANGED}
        await self._ledger.write(change, account.name, facts, who=who)
        self._sessions.forget(ended)
        changed = self._accounts.change_password(account.id, now)
        self._accounts.put(changed, hashed)
        self.changed.emit(None)
        return changed

    async def _recognised(self, name: str, password: str) -> Account | None:
        """Return the account the password belongs to; takes as long for a name that is not there."""
        if self._looking >= AT_ONCE:
            raise EntryRefusedError("Too many sign-ins at once. Try again", wait_s=2)
        self._looking += 1
        try:
            hashed = self._accounts.hash_of(name)
            is_right = await self.passwords.is_right(
                password.encode("utf-8", "replace").decode(), hashed
            )
        finally:
            self._looking -= 1
        # Its password may have been changed while the old one was being looked at.
        return (
            self._accounts.find(name)
            if is_right and hashed == self._accounts.hash_of(name)
            else None
        )

    async def _note_refusal(self, name: str, address: str, why: str) -> None:
        """Keep a failed try in the audit log, at most so many an hour; all are in the log file."""
        self.refused += 1
        _log.warning("a sign-in of %r from %s was refused: %s", name, address, why)
        now = self._clock.monotonic()
        self._refusals = [at for at in self._refusals if at > now - 3600]
        if len(self._refusals) >= REFUSALS_KEPT:
            return
        self._refusals.append(now)
        facts = {"event": AccessEvent.REFUSED, "address": address, "why": why}
        await self._ledger.write(lambda _: None, name, facts, who=SIGN_IN)
