"""Load, change and announce what an operator may change while the console runs."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from db.engine import Database
from db.queries import config as queries
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.settings import portable, rules
from services.settings.types import AnonMethod, AppSettings, Env, FilePlan, Preferences

_log = logging.getLogger(__name__)


class Settings:
    """The present settings in memory; every change is on disk before it is announced."""

    def __init__(self, database: Database, clock: Clock, env: Env, machine_zone: str) -> None:
        """Start with the defaults of this machine and environment; load() reads what is stored."""
        self._database = database
        self.books = Books(database, clock)
        self._clock = clock
        self.env = env
        self.preferences = _defaults(env, machine_zone)
        self.app = AppSettings()
        self.updated_at: datetime | None = None
        self.problems: list[str] = []  # stored values that are not usable, one sentence each
        self.changed: Signal[Preferences] = Signal("settings.changed")
        self.app_changed: Signal[AppSettings] = Signal("settings.app_changed")

    def load(self) -> None:
        """Read both sets from the database; a bad stored value is reported, not silently replaced."""
        row = self._database.read_now(queries.read_config)
        values = self._database.read_now(queries.read_app_settings)
        bad: list[str] = []
        if row is not None:
            self.updated_at = row.updated_at
            self.preferences, bad = rules.read_preferences(self.preferences, row.config_json)
        self.app, bad_app = rules.read_app_settings(self.app, values)
        self.problems = [*bad, *bad_app]
        for problem in self.problems:
            _log.warning("a stored setting is not usable: %s", problem)
        if row is None:  # the machine's zone is decided once, at the first start
            now = self._clock.now()
            first = _plain(self.preferences)
            self._database.write_now(lambda session: queries.merge_config(session, first, now))
            self.updated_at = now

    async def reload(self) -> None:
        """Read both sets again after somebody else wrote them (an import), and announce them."""
        row = await stored(self._database.read(queries.read_config))
        values = await stored(self._database.read(queries.read_app_settings))
        if row is not None:
            self.updated_at = row.updated_at
            self.preferences, _ = rules.read_preferences(self.preferences, row.config_json)
        self.app, _ = rules.read_app_settings(self.app, values)
        self.changed.emit(self.preferences)
        self.app_changed.emit(self.app)

    async def change(self, patch: Mapping[str, Any]) -> Preferences:
        """Return the preferences after the patch; raise InputError naming the field."""
        self.preferences = await self._save(patch)
        self.changed.emit(self.preferences)
        return self.preferences

    async def _save(self, patch: Mapping[str, Any]) -> Preferences:
        wanted = rules.change_preferences(self.preferences, patch)
        values = {name: value for name, value in _plain(wanted).items() if name in patch}
        now = self._clock.now()
        await self.books.write(
            "settings", lambda session: queries.merge_config(session, values, now)
        )
        self.updated_at = now
        self.problems = [p for p in self.problems if p.split(":", 1)[0] not in values]
        # Only the patched keys: another change may have landed while this one was being saved.
        return replace(self.preferences, **{name: getattr(wanted, name) for name in values})

    async def change_app(self, patch: Mapping[str, Any]) -> AppSettings:
        """Return the gateway's settings after the patch; raise InputError naming the field."""
        wanted = rules.change_app_settings(self.app, patch)
        values = {name: str(v) if isinstance(v, str) else v for name, v in asdict(wanted).items()}
        chosen = {name: values[name] for name in patch}
        now = self._clock.now()
        await self.books.write(
            "gateway", lambda session: queries.write_app_settings(session, chosen, now)
        )
        self.app = replace(self.app, **{name: getattr(wanted, name) for name in patch})
        self.app_changed.emit(self.app)
        return self.app

    def as_file(self) -> bytes:
        """Return the settings as the content of a file, without any key."""
        return portable.written(self.preferences, self.app, self._clock.now())

    def read_file(self, content: bytes) -> FilePlan:
        """Return what such a file would change; raise InputError."""
        return portable.read(content, self.preferences, self.app)

    async def apply(self, plan: FilePlan, *, back: bool = False) -> None:
        """Take over what the plan changes, or with `back` take it back; raise InputError."""
        console, gateway = plan.patch("console", back=back), plan.patch("gateway", back=back)
        if console:
            await self.change(console)
        if gateway:
            await self.change_app(gateway)


def _plain(preferences: Preferences) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, str) else value
        for name, value in asdict(preferences).items()
    }


def _defaults(env: Env, machine_zone: str) -> Preferences:
    base = Preferences(e2e_timezone=machine_zone, endpoint_probe_enabled=env.monitor_probe)
    if env.e2e.prompt_text:
        base = rules.change_preferences(base, {"e2e_prompt_text": env.e2e.prompt_text})
    if env.e2e.result_mode:
        base = rules.change_preferences(base, {"e2e_result_mode": env.e2e.result_mode})
    if env.e2e.stream_timeout_s is not None:
        base = rules.change_preferences(base, {"e2e_model_timeout_s": env.e2e.stream_timeout_s})
    if env.e2e.anon_method:
        base = replace(base, e2e_anon_method=AnonMethod(env.e2e.anon_method))
    return base
