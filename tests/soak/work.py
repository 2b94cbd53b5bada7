"""What happens during a soak: load runs, E2E runs, conversations, the schedule, and faults."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.soak.supplier import MODEL, SoakSupplier
from tests.soak.verdict import Fault

KEY = "soak-model"
_SUPPLIER_LINES = r"gateway|supplier|e2e|chat|dialog|loadtest|monitor|probe"
_STORE_LINES = r"locked|database|store|journal|not be stored|takes no changes"


@dataclass
class Facts:
    """What was done, and what should not have happened."""

    counts: Counter[str] = field(default_factory=Counter[str])
    faults: list[Fault] = field(default_factory=list[Fault])
    problems: list[str] = field(default_factory=list[str])


class Work:
    """The acts of a soak against one running console."""

    def __init__(
        self, client: httpx.AsyncClient, supplier: SoakSupplier, store: Path, facts: Facts
    ) -> None:
        self._client = client
        self._supplier = supplier
        self._store = store
        self._is_locked = False
        self.facts = facts

    async def prepare(self) -> None:
        """Map the supplier's model; probe often; let the schedule's zone be UTC."""
        endpoint = {
            "name": "soak", "base_url": self._supplier.base_url, "model": MODEL,
            "api_key": "sk-soak-0123456789", "provider_protocol": "openai", "is_active": True,
            "allow_local_addresses": True,
        }  # fmt: skip
        mapping = {
            "scope_type": "mapping", "scope_key": KEY, "name": KEY, "default_model": MODEL,
            "candidates": [MODEL], "is_active": True,
        }  # fmt: skip
        await self.ask("POST", "/llm/models", endpoint)
        await self.ask("POST", "/llm/model-groups", mapping)
        settings = {
            "endpoint_probe_interval_s": 20,
            "e2e_timezone": "UTC",
            "e2e_interval_hours": None,
        }
        await self.ask("PUT", "/stats/config", settings)

    async def load(self, users: int, requests: int) -> str:
        """Start a load test; return its id, empty when it was refused."""
        plan = {"users": users, "requests": requests, "model": KEY, "timeout_s": 20, "ramp_s": 1}
        body = await self.ask("POST", "/llm/tests/load", plan, name="load runs")
        return str(body.get("run_id", ""))

    async def e2e(self) -> None:
        """Start an E2E of everything that is mapped."""
        await self.ask("POST", "/stats/e2e-mapped-model-runs", {}, name="E2E runs")

    async def talk(self) -> None:
        """Have one conversation."""
        body = {"model": KEY, "message": "深蹲怎么做?", "user_type": "anonymous", "timeout_s": 20}
        await self.ask("POST", "/llm/tests/dialog", body, name="conversations")

    async def set_clock(self) -> None:
        """Put the daily time of the schedule to the next minute but one: it fires by itself."""
        at = datetime.now(UTC) + timedelta(minutes=1)
        await self.ask("PUT", "/stats/config", {"e2e_daily_time": f"{at:%H:%M}"}, name="slots set")

    async def ask(self, method: str, path: str, body: Any, name: str = "") -> dict[str, Any]:
        """Return the answer; count it, and note what no provoked fault explains."""
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            self.facts.problems.append(f"{method} {path}: {type(error).__name__} {error}")
            return {}
        if name:
            kept = name if answer.status_code < 300 else f"{name} refused ({answer.status_code})"
            self.facts.counts[kept] += 1
        is_explained = answer.status_code in (409, 429) or self._is_locked
        if answer.status_code >= 300 and not is_explained:
            self.facts.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        found = answer.json() if answer.content else {}
        return found if isinstance(found, dict) else {}

    # -- faults, each as long as it is told

    async def supplier_errors(self, seconds: float) -> None:
        """Let the supplier answer with errors."""
        await self._with_mode("errors", seconds)

    async def supplier_cuts(self, seconds: float) -> None:
        """Let streams end in the middle."""
        await self._with_mode("cut", seconds)

    async def supplier_silent(self, seconds: float) -> None:
        """Let the supplier take a call and say nothing."""
        await self._with_mode("silent", seconds)

    async def supplier_down(self, seconds: float) -> None:
        """Take the supplier away and bring it back."""

        async def act() -> None:
            await self._supplier.go()
            await asyncio.sleep(seconds)
            await self._supplier.come_back()

        await self._provoke("supplier down", _SUPPLIER_LINES, act)

    async def store_locked(self, seconds: float) -> None:
        """Hold the database's write lock from outside."""

        async def act() -> None:
            self._is_locked = True
            holder = await asyncio.to_thread(_hold, self._store)
            try:
                await asyncio.sleep(seconds)
            finally:
                holder.close()
            await self.until("/journal", lambda body: not body["data"]["waiting"])
            self._is_locked = False

        await self._provoke("store locked", f"{_STORE_LINES}|{_SUPPLIER_LINES}", act)

    async def _with_mode(self, mode: str, seconds: float) -> None:
        async def act() -> None:
            self._supplier.mode = mode
            await asyncio.sleep(seconds)
            self._supplier.mode = "good"

        await self._provoke(f"supplier {mode}", _SUPPLIER_LINES, act)

    async def _provoke(self, name: str, lines: str, act: Callable[[], Awaitable[None]]) -> None:
        began = datetime.now(UTC)
        self.facts.counts[f"fault: {name}"] += 1
        try:
            await act()
        finally:
            self.facts.faults.append(Fault(name, began, datetime.now(UTC), lines))

    async def until(self, path: str, holds: Callable[[Any], bool], seconds: float = 120) -> bool:
        """Return whether the answer came to hold within that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answer = await self._client.get(path)
                if answer.is_success and holds(answer.json()):
                    return True
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.5)
        self.facts.problems.append(f"{path} did not become what was waited for in {seconds:g} s")
        return False

    async def come_to_rest(self) -> bool:
        """Return whether nothing runs or waits any more."""

        def is_idle(body: Any) -> bool:
            rows = body["data"]
            return not any(one["status"] in ("pending", "running") for one in rows)

        return await self.until("/executions?limit=50", is_idle)


def _hold(store: Path) -> sqlite3.Connection:
    """Return a connection that holds the write lock until it is closed."""
    holder = sqlite3.connect(store, timeout=30, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder
