"""Access: sign in and out of the pages, keep accounts and tokens, say who must sign in."""

import asyncio
import logging

from sqlmodel import Session

from db.engine import Database
from db.queries import access as queries
from services.access import rules
from services.access.accounts import AccountBook
from services.access.admin import AccessAdmin
from services.access.api_tokens import TokenBook
from services.access.ledger import Ledger
from services.access.sessions import SessionBook
from services.access.signing import Signing
from services.access.types import (
    FIRST_ACCOUNT,
    AccessEvent,
    Account,
    ApiToken,
    Approach,
    Connection,
    Exposure,
    OpenSession,
    Role,
    Visitor,
    actor_name,
)
from services.accounts.passwords import hash_password, is_password
from services.accounts.types import Caller
from services.accounts.verifier import Verifier
from services.audit.books import record
from services.audit.types import AuditKind
from services.foundation.actor import Actor, ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.foundation.tasks import Tasks
from services.settings.proxies import networks
from services.settings.service import Settings

_log = logging.getLogger(__name__)
SWEEP_S = 15.0
_HERE = Visitor()


class Access:
    """The console's own door."""

    def __init__(self, database: Database, clock: Clock, tasks: Tasks, settings: Settings) -> None:
        """Keep the parts; load() reads what is stored. Raises InputError for TRUSTED_PROXIES."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._env = settings.env
        self._trusted = networks(self._env.rate_limits.trusted_proxies)
        self._accounts = AccountBook()
        self._tokens = TokenBook(clock)
        self.sessions = SessionBook(clock, settings)
        ledger = Ledger(database, clock)
        self.books = ledger.books
        self.signing = Signing(clock, ledger, self._accounts, self.sessions)
        self.admin = AccessAdmin(
            clock, ledger, self._accounts, self.sessions, self._tokens, self.signing
        )
        self.changed: Signal[None] = self.signing.changed
        self._task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Read accounts, sessions and tokens; set the password the environment names."""
        if self._env.console_password:
            self._set_from_environment(self._env.console_password)
        self._accounts.load(self._database.read_now(queries.all_accounts))
        known = {one.id: (one.name, one.role) for one in self._accounts.all()}
        rows = self._database.read_now(queries.all_sessions)
        self.sessions.load((row for row in rows if row.account_id in known), known.__getitem__)
        self._tokens.load(self._database.read_now(queries.all_tokens))

    async def reload(self) -> None:
        """Take what another console changed: accounts, sessions and tokens."""
        before = self.sessions.ids()
        accounts = await stored(self._database.read(queries.all_accounts))
        rows = await stored(self._database.read(queries.all_sessions))
        tokens = await stored(self._database.read(queries.all_tokens))
        self._accounts.load(accounts)
        self._tokens.load(tokens)
        known = {one.id: (one.name, one.role) for one in self._accounts.all()}
        found = [row for row in rows if row.account_id in known]
        self.sessions.take_over(found, before, known.__getitem__)
        self.changed.emit(None)

    def guard(self, verifier: Verifier) -> None:
        """Let the verifier take API tokens, and the store refuse whoever only reads."""
        verifier.api_tokens = self.caller_of_token
        self._database.admit = ensure_may_change

    async def start(self) -> None:
        """Begin to end what is over."""
        self._task = self._tasks.start(self._sweep_forever(), "access sweep")

    async def stop(self) -> None:
        """Keep when sessions and tokens were last used."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
            await self.sweep()

    # -- who may come in

    @property
    def has_operator(self) -> bool:
        """Whether anybody could sign in and act."""
        return self._accounts.has(Role.OPERATOR)

    @property
    def exposure(self) -> Exposure:
        """From where the console can be reached, and what it asks for there."""
        env = self._env
        return Exposure(
            host=env.host,
            port=env.port,
            public_url=env.public_url,
            trusted_proxies=env.rate_limits.trusted_proxies,
            is_open_to_others=not rules.is_loopback_host(env.host),
            is_behind_proxy=self._is_behind_proxy,
            has_password=self.has_operator,
            asks_here=self._asks_here,
        )

    def approach_of(self, call: Connection) -> Approach:
        """Return how a call came here."""
        return rules.approach_of(call, self._trusted, self._env.public_url)

    def visitor_of(self, approach: Approach, secret: str) -> Visitor | None:
        """Return who looks at the page: the cookie's holder, or this machine; None: sign in first."""
        found = self.sessions.visitor_of(secret) if secret else None
        if found is not None:
            return found
        return _HERE if approach.is_local and not self._asks_here else None

    def is_good(self, visitor: Visitor) -> bool:
        """Return whether the visitor is still let in."""
        if visitor.session_id:
            return self.sessions.visitor(visitor.session_id) is not None
        return not self._asks_here

    def safe_path(self, text: str) -> str:
        """Return where to go after signing in; never away from here."""
        return rules.safe_path(text)

    def caller_of_token(self, secret: str) -> Caller | None:
        """Return who calls with an API token, or None."""
        return self._tokens.caller_of(secret)

    @property
    def _is_behind_proxy(self) -> bool:
        env = self._env
        return bool(env.rate_limits.trusted_proxies) or not rules.is_loopback_url(env.public_url)

    @property
    def _asks_here(self) -> bool:
        """A proxy may speak from this machine: once one is named, this machine signs in as well."""
        wanted = self._settings.preferences.login_on_loopback and self.has_operator
        return wanted or self._is_behind_proxy

    # -- what there is

    def accounts(self) -> list[Account]:
        """Return every account, by name."""
        return self._accounts.all()

    def open_sessions(self) -> list[OpenSession]:
        """Return the sessions that are good now, the last used first."""
        return self.sessions.all()

    def tokens(self) -> list[ApiToken]:
        """Return every token, newest first."""
        return self._tokens.all()

    # -- keeping up

    async def sweep(self) -> None:
        """End the sessions whose time is over and keep when the others were last used."""
        over = self.sessions.over()
        for one in over:
            await self.signing.end([one.id], one.name, AccessEvent.EXPIRED, actor_name(one.name))
        seen, used = self.sessions.take_seen(), self._tokens.take_used()
        if seen or used:
            await stored(
                self._database.write(lambda session: queries.note_seen(session, seen, used))
            )

    async def _sweep_forever(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001  # boundary: a refusing store must not end the sweeps
                _log.exception("sessions could not be swept")

    def _set_from_environment(self, password: str) -> None:
        """Make the first account, or give it this password and end its sessions."""
        try:
            rules.read_password(password, FIRST_ACCOUNT)
        except InputError as error:
            raise InputError(
                "GYMBRO_PASSWORD cannot be used: {reason}",
                field="GYMBRO_PASSWORD",
                reason=str(error),
            ) from None
        found = self._database.read_now(
            lambda session: queries.find_account_by_name(session, FIRST_ACCOUNT)
        )
        if found is not None and is_password(password, found.password_hash):
            return
        hashed, now = hash_password(password), self._clock.now()
        made = self._accounts.new_row(FIRST_ACCOUNT, Role.OPERATOR, hashed, now)

        def change(session: Session) -> None:
            row = queries.find_account_by_name(session, FIRST_ACCOUNT)
            if row is None:
                session.add(made)
            else:
                row.password_hash, row.password_changed_at = hashed, now
                open_ids = [s.id for s in queries.all_sessions(session) if s.account_id == row.id]
                queries.end_sessions(session, open_ids)
            facts = {"event": str(AccessEvent.PASSWORD_CHANGED), "from": "GYMBRO_PASSWORD"}
            record(session, AuditKind.ACCESS, FIRST_ACCOUNT, Actor("console"), now, after=facts)

        self._database.write_now(change)
