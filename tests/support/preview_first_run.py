"""Preview of the first run: a guide kept in memory, and demo data that is there when it is asked for."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from services.demo.types import DemoData
from services.foundation.errors import InputError
from services.foundation.signals import Signal
from services.guide.types import GuideState, Step
from services.stats.types import DayFigures


class FakeGuide:
    """What was skipped, in memory."""

    def __init__(self) -> None:
        self.state = GuideState()
        self.changed: Signal[GuideState] = Signal("guide.changed")

    async def skip(self, step: Step) -> None:
        self._keep(replace(self.state, skipped=self.state.skipped | {step}))

    async def take_up(self, step: Step) -> None:
        self._keep(replace(self.state, skipped=self.state.skipped - {step}))

    async def put_away(self) -> None:
        self._keep(replace(self.state, is_away=True))

    async def bring_back(self) -> None:
        self._keep(replace(self.state, is_away=False))

    def _keep(self, state: GuideState) -> None:
        self.state = state
        self.changed.emit(state)


class FakeDemo:
    """Demo data that comes and goes at once; its health is the console's own."""

    def __init__(self, e2e: Any, now: datetime) -> None:
        self._e2e = e2e
        self._now = now
        self.data: DemoData | None = None
        self.changed: Signal[DemoData | None] = Signal("demo.changed")

    async def fill(self, days: int = 30) -> Any:
        if not days:
            raise InputError("Must be a whole number from {low} to {high}", low=1, high=90)
        self._keep(DemoData(days, 7, self._now, True, {"executions": 316, "e2e_launches": 119}))
        return SimpleNamespace(execution_id="exe_1")

    async def remove(self) -> Any:
        self._keep(None)
        return SimpleNamespace(execution_id="exe_2")

    def _keep(self, data: DemoData | None) -> None:
        self.data = data
        self.changed.emit(data)

    async def health(self) -> Any:
        return self._e2e.health()

    async def days(self, _zone: str) -> list[DayFigures]:
        return []

    def connectivity(self) -> dict[str, Any]:
        return {
            "is_running": True,
            "healthy_endpoints": 3,
            "total_endpoints": 4,
            "last_check": self._now.isoformat(),
        }

    def availability(self) -> dict[str, Any]:
        return {
            "jwks_probe": {"configured": True, "jwks_url": "", "error": None, "state": "live"},
            "verification": {"total_requests": 9, "successful_requests": 9},
            "obtainability": {
                "anonymous_ok": True,
                "ordinary_ok": True,
                "checked_at": self._now.isoformat(),
                "error": None,
            },
        }


def first_run(e2e: Any, now: datetime) -> Any:
    """Return the guide and the demo data."""
    return SimpleNamespace(guide=FakeGuide(), demo=FakeDemo(e2e, now))


def importing() -> Any:
    """Return the door of a move-in nobody asked for yet."""

    async def last() -> None:
        return None

    folder = Path(tempfile.gettempdir())
    return SimpleNamespace(
        last=last, report=lambda _: None, upload_place=lambda: folder / "import.sqlite3"
    )
