"""The log window of the Overview: what it shows, what is remembered, where a line leads."""

import json
import logging
from types import SimpleNamespace
from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.logs.log_view import LogView
from components.primitives.toolbar import Segment
from services.foundation.actor import acting_as
from tests.support.builders import until
from tests.support.pages import operator
from tests.support.preview_logs import REQUEST


def say(logs: Any, level: int, text: str, request: str = "") -> None:
    with acting_as("console", request):
        logs.handle(logging.LogRecord("tests.window", level, __file__, 1, text, None, None))


async def shown(user: User) -> LogView:
    await user.open("/")
    with user:
        return next(iter(ElementFilter(kind=LogView)))


def lines(view: LogView) -> list[dict[str, Any]]:
    return json.loads(view._props["first"]["lines"])


def levels(view: LogView) -> set[str]:
    return {line["level"] for line in lines(view)}


def choose(user: User, level: str) -> None:
    with user:
        segment = next(e for e in ElementFilter(kind=Segment) if e._props["name"] == "级别")
        segment._chosen(SimpleNamespace(args=level))


async def test_errors_and_warnings_are_the_default_and_another_level_is_remembered() -> None:
    async with operator() as (user, _):
        view = await shown(user)
        assert levels(view) == {"ERROR", "WARNING"}
        choose(user, "ERROR")
        assert levels(view) == {"ERROR"}
        choose(user, "INFO")
        assert levels(view) == {"ERROR", "WARNING", "INFO"}
        choose(user, "ERROR")
        assert levels(await shown(user)) == {"ERROR"}


async def test_a_line_that_comes_is_pushed_when_its_level_is_shown() -> None:
    async with operator() as (user, console):
        view = await shown(user)
        pushed: list[Any] = []
        view.push = lambda rows, _missed: pushed.extend(rows)  # pyright: ignore[reportAttributeAccessIssue]  # instead of the socket
        say(console.logs, logging.INFO, "not asked for")
        say(console.logs, logging.ERROR, "just now")
        console.logs.changed.emit(console.logs.seq)  # as its own loop does
        await until(lambda: pushed)
        assert [row["text"] for row in pushed] == ["just now"]


async def test_the_window_folds_away_and_stays_so() -> None:
    async with operator() as (user, _):
        view = await shown(user)
        assert view.visible
        user.find(marker="fold-log").click()
        assert not view.visible
        view = await shown(user)
        assert not view.visible
        user.find(marker="fold-log").click()
        assert view.visible


async def test_the_id_of_a_line_opens_its_run_and_one_of_no_run_its_lines() -> None:
    for request, address in (
        ("exe_1001", "/executions/exe_1001"),
        (REQUEST, "/e2e?cell=7"),
        ("req a&b", "/logs?level=INFO&request=req%20a%26b"),
    ):
        async with operator() as (user, _):
            view = await shown(user)
            args = {"request": request, "at": 1_767_589_200_000}
            UserInteraction(user, {view}, None).trigger("jump", args)
            await until(lambda wanted=address: user.back_history[-1] == wanted)
