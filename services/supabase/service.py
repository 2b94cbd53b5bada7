"""Supabase: which project is the authority, its keys, whether it answers, and the client for it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.queries import config as config_queries
from services.audit.books import record
from services.audit.types import AuditKind
from services.foundation.actor import current_actor, ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError
from services.foundation.messages import Message
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.secrets.service import Secrets
from services.settings.types import SupabaseEnv
from services.supabase import rules
from services.supabase.client import Remote
from services.supabase.types import (
    ConnectionReport,
    Link,
    RemoteError,
    SupabaseEdit,
    SupabaseView,
    TableState,
)

_log = logging.getLogger(__name__)
URL, PUSH_KEYS = "supabase_url", "supabase_pushes_api_keys"  # keys in llm_app_settings
PROJECT = "supabase_project"  # the address whose rows we are linked with
ANON_KEY, SERVICE_KEY = "supabase/anon_key", "supabase/service_key"  # names in the secret store
TABLES = (("ai_model", False), ("ai_prompt", False))
OPTIONAL = ("model_mappings", "dashboard_stats")
_SQL = Path(__file__).with_name("optional_tables.sql")


class Supabase:
    """What the page sets wins over the environment; the service key is used here alone."""

    def __init__(
        self, database: Database, clock: Clock, secrets: Secrets, env: SupabaseEnv
    ) -> None:
        """Start unconnected; load() reads what is set."""
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._env = env
        self._url = ""  # as set on the page
        self._remote: Remote | None = None
        self.view = SupabaseView()
        self.changed: Signal[SupabaseView] = Signal("supabase.changed")
        self.reconfigured: Signal[None] = Signal("supabase.reconfigured")
        self.open_remote: Callable[[str, str], Remote] = Remote
        self.moving: Callable[[Session], None] = lambda _: None  # forgets what another project knew

    def load(self) -> None:
        """Read the address; no connection is made."""
        stored_values = self._database.read_now(config_queries.read_app_settings)
        self._url = str(stored_values.get(URL) or "")
        is_other = bool(self._address) and stored_values.get(PROJECT) != self._address
        if is_other and self._database.read_only is None:
            self._database.write_now(lambda session: self._claim(session, self._address))
        self._show(pushes=bool(stored_values.get(PUSH_KEYS)))

    async def reload(self) -> None:
        """Take what another console set; what it found out about the project is looked at again."""
        values = await stored(self._database.read(config_queries.read_app_settings))
        url, pushes = str(values.get(URL) or ""), bool(values.get(PUSH_KEYS))
        old = (self._url, self._service_key, self.view.pushes_api_keys)
        await asyncio.to_thread(self._secrets.reload)
        if old == (url, self._service_key, pushes):
            return
        self._url = url
        await self._forget_remote()
        self._show(pushes=pushes)
        self.changed.emit(self.view)

    @property
    def is_configured(self) -> bool:
        """Whether there is an authority to write to first."""
        return self.view.is_configured

    @property
    def optional_sql(self) -> str:
        """The statements that make the optional tables."""
        return _SQL.read_text(encoding="utf-8")

    def remote(self) -> Remote:
        """Return the project's tables; raise ConflictError when none is set."""
        url, key = self._address, self._service_key
        if not url or not key:
            raise ConflictError("Supabase is not set up: enter its address and service key first")
        if self._remote is None:
            self._remote = self.open_remote(url, key)
        return self._remote

    async def save(self, edit: SupabaseEdit) -> SupabaseView:
        """Return what is set now; another address forgets the keys that were typed for the old one."""
        anon = None if edit.anon_key is None else rules.read_key(edit.anon_key, "anon_key")
        service = (
            None if edit.service_key is None else rules.read_key(edit.service_key, "service_key")
        )
        values: dict[str, Any] = {}
        if edit.url is not None:
            values[URL] = rules.read_url(edit.url)
        if edit.pushes_api_keys is not None:
            values[PUSH_KEYS] = edit.pushes_api_keys
        if values.get(URL, self._url) != self._url:  # before the new address is in use
            anon, service = anon or "", service or ""
        await asyncio.to_thread(self._keep, anon, service)
        states = (("anon_key_state", anon), ("service_key_state", service))
        notes = {name: "set" if key else "removed" for name, key in states if key is not None}
        if values or notes:
            now = self._clock.now()

            who, before = current_actor(), {name: self._shown(name) for name in values}

            def change(session: Session) -> None:
                config_queries.write_app_settings(session, values, now)
                record(
                    session,
                    AuditKind.SUPABASE,
                    "supabase",
                    who,
                    now,
                    before=before,
                    after={**values, **notes},
                )
                self._claim(session, str(values.get(URL, self._url)) or self._env.url)

            await stored(self._database.write(change))
        self._url = str(values.get(URL, self._url))
        await self._forget_remote()
        self._show(pushes=bool(values.get(PUSH_KEYS, self.view.pushes_api_keys)))
        self.changed.emit(self.view)
        self.reconfigured.emit(None)
        return self.view

    async def test(self) -> ConnectionReport:
        """Return what the project shows of its tables; never raises for the network."""
        ensure_may_change()  # it calls with the project's keys
        remote = self.remote()
        await remote.prepare()
        begun = self._clock.monotonic()
        tables = [
            await self._look(remote, name, is_optional=optional)
            for name, optional in (*TABLES, *((name, True) for name in OPTIONAL))
        ]
        took_ms = round((self._clock.monotonic() - begun) * 1000 / len(tables))
        first = tables[0]
        is_good = all(table.is_there or table.is_optional for table in tables)
        if first.fault is None:
            self.note_answer(took_ms)
        return ConnectionReport(is_good, took_ms, tuple(tables))

    async def ping(self) -> bool:
        """Return whether a HEAD of one row was answered, up to three tries; keep how it looked."""
        await self.remote().prepare()
        for attempt in range(3):
            if attempt:
                await self._clock.sleep(float(attempt))
            begun = self._clock.monotonic()
            try:
                await self.remote().touch("ai_model")
            except RemoteError as error:
                self.note_failure(error)
                if not error.fault.is_passing:
                    break
            else:
                self.note_answer(round((self._clock.monotonic() - begun) * 1000))
                return True
        return False

    def note_answer(self, latency_ms: int | None = None) -> None:
        """Keep that the project answered."""
        was = self.view.link
        self.view = replace(
            self.view,
            link=Link.ONLINE,
            detail="",
            detail_params={},
            fault=None,
            latency_ms=self.view.latency_ms if latency_ms is None else latency_ms,
            checked_at=self._clock.now(),
        )
        if was is not Link.ONLINE or latency_ms is not None:
            self.changed.emit(self.view)

    def note_failure(self, error: RemoteError) -> None:
        """Keep why the project could not be used."""
        if self.view.link is not Link.OFFLINE:
            _log.warning("Supabase: %s", error)
        self.view = replace(
            self.view,
            link=Link.OFFLINE,
            detail=error.message.text,
            detail_params=dict(error.message.params),
            fault=error.fault,
            latency_ms=None,
            checked_at=self._clock.now(),
        )
        self.changed.emit(self.view)

    @property
    def detail(self) -> Message:
        """Why it is not online, as a sentence for people."""
        return Message(self.view.detail, self.view.detail_params)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._forget_remote()

    def _shown(self, name: str) -> object:
        return self._url if name == URL else self.view.pushes_api_keys

    def _claim(self, session: Session, address: str) -> None:
        """Keep which project the links belong to; those of another one are forgotten."""
        known = config_queries.read_app_settings(session).get(PROJECT)
        if not address or known == address:
            return
        if known:
            self.moving(session)
        config_queries.write_app_settings(session, {PROJECT: address}, self._clock.now())

    @property
    def _address(self) -> str:
        return self._url or self._env.url

    @property
    def _service_key(self) -> str:
        kept = self._secrets.get(SERVICE_KEY) or ""
        return kept or (self._env.service_key if self._address == self._env.url else "")

    @property
    def _anon_key(self) -> str:
        kept = self._secrets.get(ANON_KEY) or ""
        return kept or (self._env.anon_key if self._address == self._env.url else "")

    def _show(self, *, pushes: bool) -> None:
        key, kept = self._service_key, self._secrets.get(SERVICE_KEY)
        self.view = SupabaseView(
            url=self._address,
            source="page" if self._url else "environment" if self._env.url else "",
            anon_key_masked=masked(self._anon_key),
            service_key_masked=masked(key),
            service_key_source="page" if kept else "environment" if key else "",
            pushes_api_keys=pushes,
            link=Link.UNKNOWN if self._address and key else Link.DISABLED,
            keepalive_minutes=self._env.keepalive_minutes,
        )

    def _keep(self, anon: str | None, service: str | None) -> None:
        for name, value in ((ANON_KEY, anon), (SERVICE_KEY, service)):
            if value is not None:
                self._secrets.put(name, value)

    async def _forget_remote(self) -> None:
        remote, self._remote = self._remote, None
        if remote is not None:
            await remote.close()

    async def _look(self, remote: Remote, name: str, *, is_optional: bool) -> TableState:
        try:
            rows = await remote.count(name)
        except RemoteError as error:
            if error.fault.is_passing or (error.fault.needs_operator and not is_optional):
                self.note_failure(error)
            return TableState(
                name,
                is_there=False,
                is_optional=is_optional,
                fault=error.fault,
                text=error.message.text,
                params=dict(error.message.params),
            )
        return TableState(name, is_there=True, is_optional=is_optional, rows=rows)


def masked(key: str) -> str:
    """Return the key's last four characters behind dots; an empty one stays empty."""
    return f"••••••••{key[-4:]}" if len(key) > 12 else "•" * 8 if key else ""
