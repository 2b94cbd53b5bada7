"""Admin: what an operator does with accounts, other people's sessions and tokens."""

from typing import Any

from sqlmodel import Session

from db.queries import access as queries
from services.access import rules
from services.access.accounts import AccountBook, to_account
from services.access.api_tokens import TokenBook
from services.access.ledger import Ledger
from services.access.sessions import SessionBook
from services.access.signing import Signing
from services.access.types import AccessEvent, Account, ApiToken, NewToken, Role, TokenKind
from services.foundation.actor import current_actor, ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, InputError

TOKENS_MOST = 200  # accepted at once
ACCOUNTS_MOST = 100


class AccessAdmin:
    """Every act asks first whether who acts may change anything; raises NotAllowedError."""

    def __init__(  # the books of one feature
        self,
        clock: Clock,
        ledger: Ledger,
        accounts: AccountBook,
        sessions: SessionBook,
        tokens: TokenBook,
        signing: Signing,
    ) -> None:
        """Keep the books."""
        self._clock = clock
        self._ledger = ledger
        self._accounts = accounts
        self._sessions = sessions
        self._tokens = tokens
        self._signing = signing
        self.changed = signing.changed

    async def add_account(self, name: str, role: Role, password: str) -> Account:
        """Return the new account; raise InputError or ConflictError."""
        ensure_may_change()
        name = rules.read_name(name)
        if len(self._accounts.all()) >= ACCOUNTS_MOST:
            raise ConflictError("There are {n} accounts: delete some first", n=ACCOUNTS_MOST)
        if self._accounts.find(name) is not None:
            raise ConflictError("There is an account {name} already", name=name)
        if role is not Role.OPERATOR and not self._accounts.has(Role.OPERATOR):
            raise InputError("The first account is an operator", field="role")
        hashed = await self._signing.passwords.hash(rules.read_password(password, name))
        row = self._accounts.new_row(name, role, hashed, self._clock.now())
        facts = {"event": AccessEvent.ACCOUNT_MADE, "role": role}
        await self._ledger.write(lambda session: session.add(row), name, facts)
        account = to_account(row)
        self._accounts.put(account, hashed)
        self.changed.emit(None)
        return account

    async def put_account(self, name: str, role: Role | None, password: str) -> bool:
        """Give the account that password and role, or make it; return whether it was made."""
        found = self._accounts.find(rules.read_name(name))
        if found is None:
            await self.add_account(name, role or Role.OPERATOR, password)
            return True
        if role is not None:
            await self.set_role(found.id, role)
        await self.set_password(found.id, password)
        return False

    async def set_password(self, account_id: int, password: str) -> Account:
        """Give an account another password and end its sessions, for an operator."""
        ensure_may_change()
        return await self._signing.set_password(self._accounts.get(account_id), password)

    async def set_role(self, account_id: int, role: Role) -> Account:
        """Give an account another role, at once also on its open pages; raise ConflictError."""
        ensure_may_change()
        account = self._accounts.get(account_id)
        if account.role is role:
            return account
        self._refuse_last_operator(account)

        def change(session: Session) -> None:
            queries.find_account(session, account_id).role = str(role)

        facts = {"event": AccessEvent.ROLE_CHANGED, "role": role}
        await self._ledger.write(change, account.name, facts, before={"role": account.role})
        changed = self._accounts.change_role(account_id, role)
        # Pages were drawn for the old role, and their timers run with it: they must be loaded anew.
        await self._signing.end(
            self._sessions.of_account(account_id),
            account.name,
            AccessEvent.ENDED,
            current_actor().name,
        )
        self.changed.emit(None)
        return changed

    async def delete_account(self, account_id: int) -> None:
        """Delete an account and end its sessions; raise ConflictError for the last operator."""
        ensure_may_change()
        account = self._accounts.get(account_id)
        self._refuse_last_operator(account)
        facts = {"event": AccessEvent.ACCOUNT_DELETED}
        await self._ledger.write(
            lambda session: queries.delete_account(session, account_id), account.name, facts
        )
        self._accounts.forget(account_id)
        self._sessions.forget(self._sessions.of_account(account_id))
        self.changed.emit(None)

    async def end_session(self, session_id: str) -> None:
        """End one session, for an operator."""
        ensure_may_change()
        visitor = self._sessions.visitor(session_id)
        if visitor is not None:
            await self._signing.end(
                [session_id], visitor.name, AccessEvent.ENDED, current_actor().name
            )

    async def make_token(self, name: str, kind: TokenKind, days: int | None) -> NewToken:
        """Return the token with its secret, which cannot be had again; raise InputError."""
        ensure_may_change()
        name = rules.read_title(name)
        if days is not None and not 1 <= days <= 3650:
            raise InputError("From 1 to {n} days", field="days", n=3650)
        if self._tokens.live_count() >= TOKENS_MOST:
            raise ConflictError("There are {n} tokens: revoke some first", n=TOKENS_MOST)
        secret, row = self._tokens.new_row(name, kind, days, current_actor().name)
        expires = row.expires_at.isoformat() if row.expires_at else None
        facts = {"event": AccessEvent.TOKEN_MADE, "kind": kind, "expires_at": expires}
        await self._ledger.write(lambda session: session.add(row), f"{name} ({row.prefix}…)", facts)
        made = self._tokens.put(row)
        self.changed.emit(None)
        return NewToken(made, secret)

    async def revoke_token(self, token_id: int) -> ApiToken:
        """Refuse the token from now on; raise NotFoundError."""
        ensure_may_change()
        token = self._tokens.get(token_id)
        if token.revoked_at is not None:
            return token
        now = self._clock.now()

        def change(session: Session) -> Any:
            row = queries.find_token(session, token_id)
            row.revoked_at = now
            return row

        facts = {"event": AccessEvent.TOKEN_REVOKED}
        row = await self._ledger.write(change, f"{token.name} ({token.prefix}…)", facts)
        revoked = self._tokens.put(row)
        self.changed.emit(None)
        return revoked

    def _refuse_last_operator(self, account: Account) -> None:
        operators = [one for one in self._accounts.all() if one.role is Role.OPERATOR]
        if operators == [account]:
            raise ConflictError(
                "{name} is the only operator: make another one first", name=account.name
            )
