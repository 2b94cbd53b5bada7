"""Every forever-loop of the services goes on after an unexpected error, says it once, keeps its pace."""

import asyncio
import logging
from collections.abc import Iterator
from itertools import pairwise
from operator import attrgetter

import pytest

from services.console import Console, build_console
from services.foundation.steady import Steady
from services.settings.types import Env
from tests.support.clock import FakeClock

LOOPS = [  # the service, its loop, what each turn calls, the longest pause between two turns
    ("e2e.obtaining", "run", "_look", 300),
    ("e2e.network", "run", "look", 300),
    ("monitor", "_watch", "_look", 5),
    ("gateway._messages", "sweep", "_sweep", 300),
    ("gateway._recorder", "run", "flush", 5),
    ("stats", "_run", "flush", 5),
    ("upkeep.days", "_run", "refresh", 3_600),
    ("cluster", "_watch", "_settle", 60),
    ("cloud.outbox", "_run", "_push", 3_600),
    ("journal", "_run", "replay", 3_600),
    ("access", "_sweep_forever", "sweep", 3_600),
    ("schedules", "_watch", "_look", 60),
]


@pytest.fixture
def console(env: Env, clock: FakeClock) -> Iterator[Console]:
    made = build_console(env, clock=clock, one_shot=True)
    yield made
    made.close_now()


@pytest.mark.parametrize("one", LOOPS, ids=str)
async def test_a_loop_outlives_an_unexpected_error(
    console: Console,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    one: tuple[str, str, str, int],
) -> None:
    place, loop, turn, pause_s = one
    service = attrgetter(place)(console)
    turns: list[float] = []

    def broken(*_: object, **__: object) -> None:
        turns.append(clock.monotonic())
        raise LookupError("nobody thought of this")

    if place == "journal":  # its turns have something to do only while rows wait
        monkeypatch.setattr(type(service), "waiting", 1)
    monkeypatch.setattr(service, turn, broken)
    task = asyncio.create_task(getattr(service, loop)())
    for _ in range(3_000):  # some read the store before they begin, in real time
        await clock.advance(pause_s)
        if len(turns) >= 3 or task.done():
            break
        await asyncio.sleep(0.005)
    assert not task.done()
    assert len(turns) >= 3
    assert all(later > earlier for earlier, later in pairwise(turns))  # no spin
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("place", [0, 1])
async def test_the_daily_jobs_outlive_an_unexpected_error(
    console: Console, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    daily = attrgetter("upkeep._dailies")(console)[place]
    turns: list[int] = []

    def broken() -> None:
        turns.append(1)
        raise LookupError("nobody thought of this")

    monkeypatch.setattr(daily, "look", broken)
    task = asyncio.create_task(attrgetter("_watch")(daily)())
    for _ in range(3_000):
        await clock.advance(3_600)
        if len(turns) >= 3 or task.done():
            break
        await asyncio.sleep(0.005)
    assert not task.done()
    assert len(turns) >= 3
    task.cancel()
    await asyncio.wait({task})


async def test_the_same_error_in_a_row_is_logged_once_and_its_end_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steady = Steady(logging.getLogger("loops"), "the look")
    errors: list[Exception | None] = [KeyError("a"), KeyError("b"), ValueError(), None, None]

    async def turn() -> None:
        if (error := errors.pop(0)) is not None:
            raise error

    went = [await steady.turn(turn) for _ in range(5)]
    assert went == [False, False, False, True, True]
    assert [one.getMessage() for one in caplog.records if one.name == "loops"] == [
        "the look failed; it is tried again",
        "the look failed; it is tried again",
        "the look works again",
    ]
