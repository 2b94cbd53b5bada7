"""The window's policy, with a small program in the place of the real window."""

import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from services.desktop import process, service
from services.desktop.service import Desktop
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.settings.types import Env
from tests.support.builders import until

# Shows itself, presses its close button when told to raise, and answers the plain question.
WINDOW = """
import json, sys
def tell(what, **more): print(json.dumps({"is": what, **more}), flush=True)
order = json.loads(sys.stdin.readline())
print("noise", flush=True)
tell("shown")
for line in sys.stdin:
    do = json.loads(line)["do"]
    if do == "raise": tell("asked")
    if do == "ask": tell("answered", yes=True)
    if do == "close": break
"""
DYING = "import sys; sys.stdin.readline(); sys.exit('Could not open the screen')"
LOST = WINDOW.replace('    if do == "raise": tell("asked")', '    if do == "raise": sys.exit(9)')


@dataclass
class Run:
    execution_id: str


@dataclass
class Work:
    runs: list[Run] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def running(self) -> list[Run]:
        return list(self.runs)

    async def cancel_many(self, execution_ids: Any) -> None:
        self.cancelled += execution_ids
        self.runs.clear()


class Bench:
    """A Desktop whose window is a program of these tests."""

    def __init__(self, env: Env, tasks: Tasks) -> None:
        self.work = Work()
        self.left: list[bool] = []
        self.desktop = Desktop(env, SystemClock(), tasks, self.work)
        self.desktop.leave = lambda: self.left.append(True)


@pytest.fixture
async def bench(env: Env, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Bench]:
    play(monkeypatch, WINDOW)
    monkeypatch.setattr(service, "why_not", lambda _session: None)
    tasks = Tasks()
    made = Bench(replace(env, native_window=True, open_browser=False), tasks)
    yield made
    await made.desktop.stop()
    await tasks.stop()


def play(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "own_command", lambda *_: [sys.executable, "-c", program])


async def test_closing_with_nothing_running_stops_the_console(bench: Bench) -> None:
    assert await bench.desktop.show({}) is None
    assert bench.desktop.is_open
    await bench.desktop.show({})  # raised: the program presses its close button
    await until(lambda: bench.left and not bench.desktop.is_open)
    assert not bench.work.cancelled


async def test_closing_while_something_runs_asks_in_the_page(bench: Bench) -> None:
    asked: list[bool] = []
    bench.desktop.ask = lambda: asked.append(True) is None
    bench.work.runs.append(Run("exe_1"))
    await bench.desktop.show({})
    await bench.desktop.show({})
    await until(lambda: asked)
    assert bench.desktop.is_open
    assert not bench.left

    bench.desktop.quit_when_idle()
    assert bench.desktop.is_waiting
    bench.desktop.stay()
    assert not bench.desktop.is_waiting
    bench.desktop.quit_when_idle()
    bench.work.runs.clear()
    await until(lambda: bench.left and not bench.desktop.is_open)


async def test_without_a_page_the_system_asks_and_yes_cancels(bench: Bench) -> None:
    bench.work.runs.append(Run("exe_1"))
    await bench.desktop.show({})
    await bench.desktop.show({})
    await until(lambda: bench.left and not bench.desktop.is_open)
    assert bench.work.cancelled == ["exe_1"]


async def test_keeping_it_running_closes_the_window_alone_and_it_can_be_opened_again(
    bench: Bench,
) -> None:
    await bench.desktop.show({})
    bench.desktop.keep_running()
    await until(lambda: not bench.desktop.is_open)
    assert await bench.desktop.show({}) is None
    await bench.desktop.show({})  # its close button no longer ends the console
    await until(lambda: not bench.desktop.is_open)
    assert not bench.left


async def test_a_window_that_cannot_start_is_told_in_the_page_with_its_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, DYING)
    await bench.desktop.start()
    await until(lambda: bench.desktop.notices)
    assert "Could not open the screen" in str(bench.desktop.notices[0].params["reason"])
    assert not bench.desktop.is_open
    assert not bench.left


async def test_a_window_that_is_lost_leaves_the_console_running(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, LOST)
    assert await bench.desktop.show({}) is None
    await bench.desktop.show({})
    await until(lambda: bench.desktop.notices)
    assert "code 9" in str(bench.desktop.notices[0].params["reason"])
    assert not bench.left


async def test_where_no_session_is_the_reason_is_known_without_a_process(env: Env) -> None:
    desktop = Desktop(replace(env, open_browser=False), SystemClock(), Tasks(), Work())
    assert await desktop.show({}) is not None
    assert desktop.notices == []  # no window was asked for on the command line
