"""The log on its page: the level that is asked for, what a line shows, masking, filters."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.logs.log_view import LogView
from components.primitives.toast import Toasts
from gymbro_ui.pages.logs.filters import Filters, address, changed, read_filters
from services.foundation.actor import acting_as
from services.foundation.redact import redact
from services.logs.types import LogLevel
from tests.support.builders import until
from tests.support.pages import operator
from tests.support.preview_logs import REQUEST


def say(logs: Any, level: int, text: str, request: str = "", user: str = "console") -> None:
    with acting_as(user, request):
        logs.handle(logging.LogRecord("tests.page", level, __file__, 1, text, None, None))


@asynccontextmanager
async def open_page(path: str, **given: bool) -> AsyncGenerator[tuple[User, Any, Any]]:
    async with operator(**given) as (user, console):
        await user.open(path)
        with user:
            view = next(iter(ElementFilter(kind=LogView)))
        await until(lambda: view._props["first"]["no"] > 0)
        yield user, console, view


def emit(user: User, view: Any, event: str, args: Any) -> None:
    """What the browser's element says."""
    UserInteraction(user, {view}, None).trigger(event, args)


def shown(view: Any) -> list[dict[str, Any]]:
    return json.loads(view._props["first"]["lines"])


async def test_errors_and_warnings_are_the_default_and_each_choice_works() -> None:
    for query, levels in (
        ("", {"ERROR", "WARNING"}),
        ("?level=ERROR", {"ERROR"}),
        ("?level=INFO", {"ERROR", "WARNING", "INFO"}),
        ("?level=nonsense", {"ERROR", "WARNING"}),
    ):
        async with open_page(f"/logs{query}") as (_, _console, view):
            assert {line["level"] for line in shown(view)} == levels, query


async def test_a_line_shows_time_with_zone_level_user_request_logger_and_its_traceback_apart() -> (
    None
):
    async with open_page("/logs?level=ERROR&user=8B6F") as (_, _console, view):
        line = shown(view)[0]
        assert line["zone"] == "+08:00"
        assert line["title"].endswith("Asia/Shanghai (UTC+08:00)")
        assert (line["level"], line["user"], line["request"]) == ("ERROR", "8b6f2a10-anon", REQUEST)
        assert line["logger"] == "services.suppliers.service"
        assert "\n" not in line["first"]
        assert line["more"] == 42
        assert line["text"].startswith(line["first"])


async def test_no_secret_is_on_the_page_also_one_that_was_learned_later() -> None:
    async with operator() as (user, console):
        say(console.logs, logging.ERROR, "got sk-abcdefgh12345678 and tomorrow-known")
        console.logs._known_secrets = lambda: ["tomorrow-known"]
        console.logs._secrets = (float("-inf"), [])
        await user.open("/logs?level=ERROR")
        with user:
            view = next(iter(ElementFilter(kind=LogView)))
        await until(lambda: view._props["first"]["no"] > 0)
        assert shown(view)[0]["text"] == "got *** and ***"
        assert redact("sk-abcdefgh12345678") == "***"


async def test_the_id_of_a_line_opens_its_run_or_its_cell() -> None:
    for request, address_ in (("exe_1001", "/executions/exe_1001"), (REQUEST, "/e2e?cell=7")):
        async with open_page("/logs") as (user, _, view):
            line = next(one for one in shown(view) if one["request"] == request)
            emit(user, view, "jump", {"request": line["request"], "at": line["at"]})
            await until(lambda wanted=address_: user.back_history[-1] == wanted)


async def test_an_id_of_no_run_shows_the_lines_of_its_request_and_says_so() -> None:
    async with open_page("/logs") as (user, console, view):
        say(console.logs, logging.INFO, "of one request", "req_alone")
        emit(user, view, "jump", {"request": "req_alone", "at": 1_767_589_200_000})
        with user:
            (toasts,) = ElementFilter(kind=Toasts)
        await until(lambda: toasts._items)
        assert toasts._items[0]["text"] == "此请求不属于任何执行，以下是它的日志"
        await until(lambda: [line["text"] for line in shown(view)] == ["of one request"])
        assert user.back_history[-1] == "/logs"


async def test_what_a_browser_says_of_a_line_is_checked_before_it_is_followed() -> None:
    async with open_page("/logs") as (user, _, view):
        for args in ("exe_1", None, {"request": ["exe_1"], "at": 1}, {"request": "exe_1"}):
            emit(user, view, "jump", args)
        await asyncio.sleep(0.05)
        assert user.back_history == ["/logs"]


def test_a_link_reproduces_the_view_and_nonsense_in_it_counts_as_not_given() -> None:
    at = datetime(2026, 1, 5, 5, tzinfo=UTC)
    chosen = Filters("INFO", "a b", "u", "exe_1", "services", "between", at, at)
    assert read_filters(address(chosen).partition("?")[2]) == chosen
    assert changed(chosen, {"window": "24h"}).start is None
    assert address(Filters()) == "/logs"
    assert read_filters("level=x&window=y&from=z&to=9999999") == Filters()
    assert read_filters("&".join(["a=1"] * 50)) == Filters()
    wanted = Filters(window="1h").wanted(at)
    assert (wanted.level, (at - (wanted.since or at)).seconds) == (LogLevel.WARNING, 3600)
