"""Guide: keeps what was skipped, for every browser of this console."""

from dataclasses import replace
from typing import Any, cast

from db.engine import Database
from db.queries import config as config_queries
from services.foundation.actor import ensure_may_change
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.guide.types import GuideState, Step

_STATE = "console_guide"  # key in llm_app_settings


class Guide:
    """One state for the console, not one a browser: who puts it away is not asked again elsewhere."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read what is kept."""
        self._database = database
        self._clock = clock
        self.state = _state(database.read_now(config_queries.read_app_settings).get(_STATE))
        self.changed: Signal[GuideState] = Signal("guide.changed")

    async def skip(self, step: Step) -> None:
        """Do not offer this step; raise StoreError."""
        await self._keep(replace(self.state, skipped=self.state.skipped | {step}))

    async def take_up(self, step: Step) -> None:
        """Offer it again."""
        await self._keep(replace(self.state, skipped=self.state.skipped - {step}))

    async def put_away(self) -> None:
        """Remind nobody any more; its page stays."""
        await self._keep(replace(self.state, is_away=True))

    async def bring_back(self) -> None:
        """Remind again until it is done."""
        await self._keep(replace(self.state, is_away=False))

    async def _keep(self, state: GuideState) -> None:
        ensure_may_change()
        value = {"skipped": sorted(state.skipped), "is_away": state.is_away}
        now = self._clock.now()
        await stored(
            self._database.write(
                lambda session: config_queries.write_app_settings(session, {_STATE: value}, now)
            )
        )
        self.state = state
        self.changed.emit(state)


def _state(value: Any) -> GuideState:
    """Return what was kept; steps of another version are left out."""
    if not isinstance(value, dict):
        return GuideState()
    known = cast("dict[str, Any]", value)
    words = cast("list[Any]", known.get("skipped") or [])
    steps = frozenset(Step(word) for word in words if word in list(Step))
    return GuideState(steps, known.get("is_away") is True)
