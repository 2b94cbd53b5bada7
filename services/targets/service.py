"""Targets: the services under test, our own gateway always among them."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from sqlmodel import Session

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import targets as queries
from db.tables.targets import TargetRow
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.errors import InputError, NotFoundError
from services.foundation.messages import say
from services.foundation.signals import Signal
from services.secrets.service import Secrets
from services.settings.types import Env
from services.targets import rules
from services.targets.own import OwnAddress, named_addresses, own_address
from services.targets.types import SELF_ID, Target, TargetEdit

_log = logging.getLogger(__name__)
_CURRENT = "console_current_target"  # key in llm_app_settings
_SELF_NAME = say("This console").text  # a page shows it translated while nobody renamed it
_SECRETS = ("anon_key", "service_key", "user_password")


class OwnKeys(Protocol):
    """The keys of the embedded sign-in."""

    anon_key: str
    service_key: str


class Targets:
    """The services under test and which of them is looked at."""

    def __init__(
        self, database: Database, clock: Clock, secrets: Secrets, env: Env, accounts: OwnKeys
    ) -> None:
        """Start with nothing read; load() fills it."""
        self._database = database
        self.books = Books(database, clock)
        self._clock = clock
        self._secrets = secrets
        self._env = env
        self._accounts = accounts
        self._own: OwnAddress = own_address(env)
        self._rows: dict[int, TargetRow] = {}
        self._current_id = SELF_ID
        self.changed: Signal[Target] = Signal("targets.changed")

    def load(self) -> None:
        """Read the targets, make our own and the one the environment names; raise InputError."""
        now = self._clock.now()
        self._show(*self._database.read_now(_stored))
        if SELF_ID not in self._rows:
            row = TargetRow(
                id=SELF_ID,
                name=_SELF_NAME,
                api_base=self._own.api_base,
                auth_url=self._own.auth_url,
                created_at=now,
                updated_at=now,
            )
            self._put(self._database.write_now(lambda session: queries.save_target(session, row)))
        self._load_from_env()

    async def reload(self) -> None:
        """Read the targets again after another console changed them."""
        self._show(*await self._database.read(_stored))
        self.changed.emit(self.current)

    def _show(self, rows: Sequence[TargetRow], chosen: object) -> None:
        self._rows = {row.id: row for row in rows}
        self._current_id = chosen if isinstance(chosen, int) and chosen in self._rows else SELF_ID

    def _load_from_env(self) -> None:
        """Make the target E2E_API_BASE names, once; its keys follow the environment each start."""
        named = self._env.e2e
        if not named.api_base:
            return
        api_base, auth_url = named_addresses(named)
        if api_base == self._own.api_base:
            return
        others = [row for row in self._rows.values() if row.id != SELF_ID]
        row = next((row for row in others if row.api_base == api_base), None)
        if row is None:
            if self._database.read_now(lambda s: queries.has_target_of(s, api_base, SELF_ID)):
                return  # an operator deleted it
            now = self._clock.now()
            made = TargetRow(
                id=0,
                name=self._free_name(rules.host_of(api_base)),
                api_base=api_base,
                auth_url=auth_url,
                user_email=named.user_email,
                created_at=now,
                updated_at=now,
            )
            row = self._database.write_now(lambda session: queries.save_target(session, made))
            self._put(row)
            self._current_id = row.id
            settings = {_CURRENT: row.id}
            self._database.write_now(
                lambda session: config_queries.write_app_settings(session, settings, now)
            )
        if row.auth_url == auth_url:  # never a key for another address than it was given for
            values = (named.anon_key, named.service_key, named.user_password)
            self._keep_secrets(row.id, {k: v for k, v in zip(_SECRETS, values, strict=True) if v})

    @property
    def current(self) -> Target:
        """The target that is looked at and tested now."""
        return self._target(self._rows[self._current_id])

    def all(self) -> tuple[Target, ...]:
        """Return every target, our own first."""
        return tuple(self._target(self._rows[key]) for key in sorted(self._rows))

    def get(self, target_id: int) -> Target:
        """Return the target; raise NotFoundError."""
        row = self._rows.get(target_id)
        if row is None:
            raise _missing(target_id)
        return self._target(row)

    def drafted(self, edit: TargetEdit) -> Target:
        """Return the target the edit would make, not stored; raise InputError or NotFoundError."""
        return rules.drafted(edit, None if edit.id is None else self.get(edit.id))

    async def save(self, edit: TargetEdit) -> Target:
        """Return the target as stored; raise InputError naming the field, or NotFoundError."""
        old = None if edit.id is None else self._rows.get(edit.id)
        if edit.id is not None and old is None:
            raise _missing(edit.id)
        wanted = self._checked(edit, old)
        keys = self._checked_secrets(wanted, old)
        now = self._clock.now()
        row = TargetRow(
            id=old.id if old is not None else 0,
            name=wanted.name,
            api_base=wanted.api_base,
            auth_url=wanted.auth_url,
            colour=wanted.colour,
            is_production=wanted.is_production,
            user_email=wanted.user_email,
            created_at=now if old is None else old.created_at,
            updated_at=now,
        )
        if old is not None and rules.is_moved(old.api_base, old.auth_url, wanted):
            # Before the address: a key must never be able to follow to another host.
            await asyncio.to_thread(self._forget_secrets, old.id)
        stored = await self.books.write(
            "target", lambda session: queries.save_target(session, row), notes=rules.key_notes(keys)
        )
        await asyncio.to_thread(self._keep_secrets, stored.id, keys)
        self._put(stored)
        self.changed.emit(self.current)
        return self._target(stored)

    async def select(self, target_id: int) -> Target:
        """Return the target, looked at from now on; raise NotFoundError."""
        target = self.get(target_id)
        settings, now = {_CURRENT: target_id}, self._clock.now()
        await self._database.write(
            lambda session: config_queries.write_app_settings(session, settings, now)
        )
        self._current_id = target_id
        self.changed.emit(self.current)
        return replace(target, is_current=True)

    async def delete(self, target_id: int) -> None:
        """Delete the target and its keys; its history stays; raise InputError or NotFoundError."""
        if target_id == SELF_ID:
            raise InputError("This console's own gateway cannot be deleted")
        now = self._clock.now()
        try:
            await self.books.write("target", lambda s: queries.delete_target(s, target_id, now))
        except RowNotFoundError:
            raise _missing(target_id) from None
        await asyncio.to_thread(self._forget_secrets, target_id)
        self._rows.pop(target_id, None)
        if self._current_id == target_id:
            await self.select(SELF_ID)
        else:
            self.changed.emit(self.current)

    # --- inside -----------------------------------------------------------------------------

    def _checked(self, edit: TargetEdit, old: TargetRow | None) -> TargetEdit:
        is_self = old is not None and old.id == SELF_ID
        wanted = replace(
            edit,
            name=rules.read_name(edit.name),
            api_base=self._own.api_base if is_self else rules.read_api_base(edit.api_base),
            auth_url=self._own.auth_url if is_self else rules.read_auth_url(edit.auth_url),
            colour=rules.read_colour(edit.colour),
            user_email=rules.read_email(edit.user_email),
        )
        if is_self and wanted.user_password is None and self._is_env_account(wanted.user_email):
            wanted = replace(wanted, user_email="")  # stays the environment's
        for row in self._rows.values():
            is_other = old is None or row.id != old.id
            if is_other and row.name.casefold() == wanted.name.casefold():
                raise InputError("Another service is called {name}", field="name", name=row.name)
        return wanted

    def _is_env_account(self, email: str) -> bool:
        return email == self._env.e2e.user_email and not self._secret(SELF_ID, "user_password")

    def _checked_secrets(self, edit: TargetEdit, old: TargetRow | None) -> dict[str, str]:
        """Return the secrets to store, empty ones to delete; those not given stay as they are."""
        given: dict[str, str] = {}
        is_self = old is not None and old.id == SELF_ID
        if edit.anon_key is not None and not is_self:
            given["anon_key"] = rules.read_key(edit.anon_key, "anon_key")
        if edit.service_key is not None and not is_self:
            given["service_key"] = rules.read_key(edit.service_key, "service_key")
        if edit.user_password is not None:
            given["user_password"] = edit.user_password
        is_moved = old is not None and rules.is_moved(old.api_base, old.auth_url, edit)
        kept = "" if old is None or is_moved else self._secret(old.id, "user_password")
        if edit.user_email and not given.get("user_password", kept):
            raise InputError("Enter the password of this account", field="user_password")
        return given

    def _target(self, row: TargetRow) -> Target:
        is_self = row.id == SELF_ID
        target = Target(
            id=row.id,
            name=row.name,
            api_base=row.api_base,
            auth_url=row.auth_url,
            colour=row.colour,
            is_production=row.is_production,
            is_self=is_self,
            is_current=row.id == self._current_id,
            anon_key=self._secret(row.id, "anon_key"),
            service_key=self._secret(row.id, "service_key"),
            user_email=row.user_email,
            user_password=self._secret(row.id, "user_password"),
            email_domain=self._env.e2e.email_domain,
        )
        return self._own_target(target) if is_self else target

    def _own_target(self, target: Target) -> Target:
        own, named = self._own, self._env.e2e
        is_embedded = own.is_embedded
        has_account = bool(target.user_email) or bool(named.api_base)
        return replace(
            target,
            api_base=own.api_base,
            auth_url=own.auth_url,
            anon_key=self._accounts.anon_key if is_embedded else named.anon_key,
            service_key=self._accounts.service_key if is_embedded else named.service_key,
            user_email=target.user_email if has_account else named.user_email,
            user_password=target.user_password if has_account else named.user_password,
        )

    def _free_name(self, wanted: str) -> str:
        taken = {row.name.casefold() for row in self._rows.values()}
        names = [wanted, *(f"{wanted[: rules.MAX_NAME - 5]} {n}" for n in range(2, 1000))]
        return next(name for name in names if name.casefold() not in taken)

    def _put(self, row: TargetRow) -> None:
        self._rows[row.id] = row

    def _secret(self, target_id: int, name: str) -> str:
        return self._secrets.get(f"target/{target_id}/{name}") or ""

    def _keep_secrets(self, target_id: int, values: dict[str, str]) -> None:
        for name, value in values.items():
            if self._secret(target_id, name) != value:
                self._secrets.put(f"target/{target_id}/{name}", value)

    def _forget_secrets(self, target_id: int) -> None:
        self._keep_secrets(target_id, dict.fromkeys(_SECRETS, ""))


def _stored(session: Session) -> tuple[Sequence[TargetRow], object]:
    chosen = config_queries.read_app_settings(session).get(_CURRENT)
    return queries.read_targets(session), chosen


def _missing(target_id: int) -> NotFoundError:
    return NotFoundError("The service under test {id} does not exist", id=target_id)
