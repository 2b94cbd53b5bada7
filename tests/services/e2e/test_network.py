"""Offline: a scheduled check waits while this machine has no network, bounded, and says so."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from db.engine import Database
from services.e2e import network as module
from services.e2e.network import LOOK_S, WAIT_MOST_S, Network, has_way_to, is_local
from services.foundation.errors import ConflictError
from services.settings.types import Env
from services.targets.types import Target
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import FakeUpstream

AWAY = Target(2, "production", "https://api.gymbro.example/api/v1", "https://x.supabase.co")


class Routes:
    """The machine's routes, as a test wants them."""

    def __init__(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.asked: list[str] = []

    def __call__(self, address: str) -> bool:
        self.asked.append(address)
        return self.is_up


def a_network(clock: FakeClock, target: Target, routes: Routes, *urls: str) -> Network:
    endpoints = tuple(SimpleNamespace(is_active=True, base_url=url) for url in urls)
    parts: Any = SimpleNamespace(
        clock=clock,
        targets=SimpleNamespace(current=target),
        models=SimpleNamespace(endpoints=endpoints),
    )
    return Network(parts, routes)


def test_only_what_the_checks_need_is_looked_at(clock: FakeClock) -> None:
    ours = replace(AWAY, is_self=True)
    down = Routes(is_up=False)
    assert a_network(clock, AWAY, down).look() is True
    assert (
        a_network(clock, replace(AWAY, api_base="http://127.0.0.1:9/api/v1"), down).look() is False
    )
    assert a_network(clock, ours, down, "https://api.deepseek.com").look() is True
    assert a_network(clock, ours, down, "https://api.deepseek.com", "").look() is False  # the demo
    assert a_network(clock, ours, down).look() is False
    named = Routes(is_up=False)
    a_network(clock, replace(AWAY, api_base="https://10.1.2.3/api/v1"), named).look()
    assert named.asked == ["10.1.2.3"]


async def test_it_waits_until_the_machine_is_online_and_says_until_when(clock: FakeClock) -> None:
    routes = Routes(is_up=False)
    network = a_network(clock, AWAY, routes)
    told: list[object] = []
    network.changed.subscribe(lambda _: told.append(network.waiting_until))
    waiting = asyncio.ensure_future(network.wait())
    await until(lambda: network.waiting_until is not None)
    assert network.offline_since == clock.now()
    assert network.waiting_until == clock.now() + timedelta(seconds=WAIT_MOST_S)
    routes.is_up = True
    await clock.advance(LOOK_S)
    assert await waiting is True
    assert (network.offline_since, network.waiting_until, told[-1]) == (None, None, None)


async def test_it_waits_half_an_hour_at_most(clock: FakeClock) -> None:
    network = a_network(clock, AWAY, Routes(is_up=False))
    waiting = asyncio.ensure_future(network.wait())
    for _ in range(int(WAIT_MOST_S / LOOK_S) + 1):
        await clock.advance(LOOK_S)
    assert await waiting is False
    assert network.waiting_until is None


@pytest.fixture
async def desk(database: Database, env: Env) -> AsyncIterator[E2eDesk]:
    async with FakeUpstream() as upstream, desk_on(database, env, upstream, QuickClock()) as made:
        yield made


async def test_a_scheduled_check_is_left_out_when_the_machine_stays_offline(desk: E2eDesk) -> None:
    async def never() -> bool:
        return False

    desk.e2e.network.wait = never
    with pytest.raises(ConflictError, match="offline"):
        await desk.e2e.fire(desk.clock.now())
    assert desk.e2e.running is None


async def test_health_says_that_the_machine_is_offline(
    desk: E2eDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.e2e.network, "_is_offline", lambda: True)
    told: list[Any] = []
    desk.e2e.health_changed.subscribe(told.append)
    assert desk.e2e.network.look() is True
    assert told[-1].offline_since == desk.e2e.network.offline_since is not None


def test_a_route_is_told_from_none_without_sending_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert has_way_to("127.0.0.1") is True

    class NoRoute(socket.socket):
        def connect(self, address: Any) -> None:
            raise OSError(errno.ENETUNREACH, f"no route to {address}")

    monkeypatch.setattr(module.socket, "socket", NoRoute)
    assert has_way_to("192.0.2.1") is False
    assert [is_local(host) for host in ("localhost", "::1", "127.0.0.9", "10.0.0.1")] == [
        True, True, True, False,
    ]  # fmt: skip
