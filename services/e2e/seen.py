"""Seen: up to which launch of each target the operator has looked."""

from typing import Any

from db.engine import Database
from db.queries import config as queries
from services.foundation.clock import Clock

_SEEN = "e2e_seen"  # key in llm_app_settings: target id to the launch last looked at


class Seen:
    """Kept in memory and in the application settings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Start with nothing seen; load() reads it."""
        self._database = database
        self._clock = clock
        self._seen: dict[str, int] = {}

    def load(self) -> None:
        """Read what was stored."""
        stored = self._database.read_now(queries.read_app_settings).get(_SEEN)
        if isinstance(stored, dict):
            seen: dict[str, Any] = stored  # pyright: ignore[reportUnknownVariableType]
            self._seen = {key: value for key, value in seen.items() if isinstance(value, int)}

    def of(self, target_id: int) -> int:
        """Return the launch last looked at, 0 for none."""
        return self._seen.get(str(target_id), 0)

    async def note(self, target_id: int, launch_no: int) -> None:
        """Keep that everything up to that launch was looked at."""
        seen = {**self._seen, str(target_id): launch_no}
        now = self._clock.now()
        await self._database.write(
            lambda session: queries.write_app_settings(session, {_SEEN: seen}, now)
        )
        self._seen = seen
