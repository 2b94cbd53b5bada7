"""Preview parts: figures of a service that is used all day, or none at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sin
from typing import Any
from zoneinfo import ZoneInfo

from services.foundation.clock import SystemClock
from services.foundation.signals import Signal
from services.models.types import Endpoint
from services.stats import bodies, windows
from services.stats.types import (
    APP_ONLY,
    CallPage,
    CallRow,
    Calls,
    DayFigures,
    Figures,
    Point,
    UserPage,
    UserRow,
)

_MODELS = {"claude-sonnet": 7_420, "gpt-4o": 6_180, "qwen-max": 3_050, "deepseek-chat": 1_502}


class FakeNumbers:
    """Figures made from the clock alone."""

    def __init__(self, *, bare: bool) -> None:
        self.bare = bare
        self.clock = SystemClock()
        self.asked: list[str] = []

    async def figures(self, window: str, origins: Sequence[str] = APP_ONLY) -> Figures:
        self.asked.append(window)
        now = self.clock.now()
        span = windows.window(window, now)
        scale = 0 if self.bare else windows.WINDOWS[window] / timedelta(hours=24)
        models = {name: _calls(round(count * scale)) for name, count in _MODELS.items()}
        total = sum(calls.total for calls in models.values())
        return Figures(
            window=window,
            origins=tuple(origins),
            start=span.start,
            end=span.end,
            as_of=now,
            active_users=round(1204 * min(scale, 3)),
            active_left_out={"e2e": 2},
            calls=_calls(total),
            calls_left_out={} if self.bare else {"e2e": 320, "console": 12},
            calls_before=_calls(round(total * 0.97)),
            p50_ms=None if self.bare else 1_240,
            p95_ms=None if self.bare else 6_800,
            by_model={} if self.bare else models,
        )

    async def points(self, window: str, origins: Sequence[str] = APP_ONLY) -> list[Point]:
        del origins
        spans = windows.bins(window, self.clock.now(), ZoneInfo("Asia/Shanghai"))
        if self.bare:
            return [Point(span.start, span.end, 0, 0, None, None) for span in spans]
        return [
            Point(
                span.start, span.end, count := round(500 + 400 * sin(n / 4)), count - n % 3,
                1_100 + 40 * (n % 7), 5_600 + 300 * (n % 5),
            )
            for n, span in enumerate(spans)
        ]  # fmt: skip

    async def users(
        self, window: str, origins: Sequence[str] = APP_ONLY, after: UserRow | None = None
    ) -> UserPage:
        del window, origins
        start = 0 if after is None else int(after.user_id[5:]) + 1
        at = self.clock.now()
        rows = tuple(
            UserRow(f"user-{n}", "app", at - timedelta(minutes=7 * n))
            for n in range(start, start + 50)
        )
        return UserPage(() if self.bare else rows, has_more=not self.bare and start < 1100)

    async def calls(
        self, window: str, origins: Sequence[str] = APP_ONLY, after: CallRow | None = None
    ) -> CallPage:
        del window, origins
        start = 0 if after is None else after.id
        at = self.clock.now()
        rows = tuple(
            CallRow(
                n + 1, at - timedelta(minutes=n), f"user-{n}", "app", "gpt-4o", 2, 3, 3, 4_200, 9
            )
            for n in range(start, start + 50)
        )
        return CallPage(() if self.bare else rows, has_more=not self.bare)


class FakeStats:
    """What the Overview asks."""

    def __init__(self, *, bare: bool) -> None:
        self.bare = bare
        self.numbers = FakeNumbers(bare=bare)

    def api_connectivity(
        self, endpoints: Sequence[Endpoint], *, is_running: bool
    ) -> dict[str, Any]:
        return bodies.connectivity(endpoints, is_running=is_running)

    async def jwt_availability(self, obtainability: dict[str, Any]) -> dict[str, Any]:
        count = 0 if self.bare else 18_240
        return {
            "success_rate": 99.8,
            "jwks_probe": {
                "configured": True, "jwks_url": "http://127.0.0.1:9999/auth/v1/jwks", "ok": True,
                "error": None, "state": "live",
            },
            "verification": {
                "total_requests": count, "successful_requests": count - count // 500,
                "success_rate": 99.8,
            },
            "obtainability": obtainability,
        }  # fmt: skip


class FakeDays:
    """The last month."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self.now = now
        self.bare = bare
        self.changed: Signal[None] = Signal("stats.days_changed")

    async def newest(self, count: int = 31) -> list[DayFigures]:
        if self.bare:
            return []
        return [
            DayFigures(
                (self.now - timedelta(days=back)).date(), 1_100 + 90 * (back % 5), 18_000, 4_100_000,
                100.0 if back % 6 else 91.7, 100.0, self.now, self.now,
            )
            for back in range(count - 1, -1, -1)
        ]  # fmt: skip


class FakeObtaining:
    """What sign-ins showed two hours ago."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self._is_good = None if bare else True
        self._at = None if bare else (now - timedelta(hours=2)).isoformat()

    def body(self) -> dict[str, Any]:
        good = self._is_good
        return {"anonymous_ok": good, "ordinary_ok": good, "checked_at": self._at, "error": None}


def _calls(total: int) -> Calls:
    return Calls(
        total, total - total // 120, total * 1_640, total * 800, total * 210, total * 1_010,
        total - total // 10,
    )  # fmt: skip
