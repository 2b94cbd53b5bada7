"""Obtaining: whether real tokens could be had, from launches and a sign-in of its own now and then."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from db.errors import DatabaseUnavailableError
from db.queries import config as config_queries
from services.accounts.types import UserType
from services.e2e.network import Network
from services.e2e.parts import E2eParts
from services.foundation.steady import Steady
from services.identities.types import SignIn
from services.targets.types import Target

_log = logging.getLogger(__name__)
_STORED = "jwt_obtainability"  # key in llm_app_settings
_LOOK_S = 300.0
_WIRE = {UserType.ANONYMOUS: "anonymous_ok", UserType.PERMANENT: "ordinary_ok"}


class Obtaining:
    """The newest outcome of getting a token of each user type for the present target."""

    def __init__(self, parts: E2eParts, network: Network) -> None:
        """Start without an outcome."""
        self._parts = parts
        self._network = network
        self._target_id = 0
        self._ok: dict[UserType, bool] = {}
        self._error = ""
        self._checked_at: datetime | None = None
        self.is_held: Callable[[], bool] = lambda: False  # another console looks by itself

    def load(self) -> None:
        """Read the last outcome, if it is of the present target."""
        stored = self._parts.database.read_now(config_queries.read_app_settings).get(_STORED)
        if not isinstance(stored, dict):
            return
        values: dict[str, Any] = stored  # pyright: ignore[reportUnknownVariableType]
        try:
            checked_at = datetime.fromisoformat(str(values.get("checked_at")))
        except ValueError:
            return
        if values.get("target_id") == self._parts.targets.current.id:
            self._target_id = self._parts.targets.current.id
            self._checked_at = checked_at
            self._error = str(values.get("error") or "")
            self._ok = {k: bool(values[w]) for k, w in _WIRE.items() if values.get(w) is not None}

    def body(self) -> dict[str, Any]:
        """Return what /stats/jwt-availability says of it; null where nothing is known."""
        is_known = self._target_id == self._parts.targets.current.id
        ok = self._ok if is_known else {}
        at = self._checked_at if is_known else None
        return {
            **{word: ok.get(kind) for kind, word in _WIRE.items()},
            "checked_at": at.isoformat() if at else None,
            "error": (self._error or None) if is_known else None,
        }

    async def note(self, target: Target, outcomes: Mapping[UserType, SignIn | None]) -> None:
        """Keep what sign-ins showed."""
        known = {kind: signed for kind, signed in outcomes.items() if signed is not None}
        if not known or target.id != self._parts.targets.current.id:
            return
        if self._target_id != target.id:
            self._ok = {}
        self._target_id, self._checked_at = target.id, self._parts.clock.now()
        self._ok |= {kind: signed.token is not None for kind, signed in known.items()}
        self._error = next((signed.error for signed in known.values() if signed.error), "")
        value = {**self.body(), "target_id": target.id}
        now = self._checked_at
        try:
            await self._parts.database.write(
                lambda session: config_queries.write_app_settings(session, {_STORED: value}, now)
            )
        except DatabaseUnavailableError as error:
            _log.warning("the outcome of sign-ins was not kept: %s", error)

    async def run(self) -> None:
        """Sign in for its own sake whenever no launch did so for the interval of the settings."""
        steady = Steady(_log, "the sign-in for its own sake")
        while True:
            await self._parts.clock.sleep(_LOOK_S)
            await steady.turn(self._look)

    async def _look(self) -> None:
        if not self.is_held() and self._is_due() and not self._network.look():
            await self.probe()

    def _is_due(self) -> bool:
        if self._target_id != self._parts.targets.current.id or self._checked_at is None:
            return self._parts.settings.preferences.e2e_enabled
        hours = self._parts.settings.preferences.jwt_probe_interval_hours
        return self._parts.clock.now() - self._checked_at >= timedelta(hours=hours)

    async def probe(self) -> None:
        """Sign in once as each user type and leave nobody behind."""
        parts, target = self._parts, self._parts.targets.current
        method = parts.settings.preferences.e2e_anon_method
        outcomes: dict[UserType, SignIn | None] = {}
        try:
            for kind in UserType:
                outcomes[kind] = await parts.identities.sign_in(target, kind, anon_method=method)
            await self.note(target, outcomes)
        finally:
            for signed in outcomes.values():
                if signed is not None:
                    await asyncio.shield(parts.identities.release(target, signed))
