"""The simulator as its operator meets it: send, read, see it saved, find it again."""

import asyncio
from typing import Any

import pytest

from components.primitives.big_table import BigTable
from components.primitives.status_dot import StatusDot
from components.simulator.event_list import EventList
from components.simulator.history import HistoryFilters
from components.simulator.turn_view import TurnView
from db.engine import Database
from services.settings.types import Env
from tests.support.builders import until
from tests.support.dialog_pages import every, send, simulator, the
from tests.support.upstream import FakeUpstream, cut_after, good, refused


async def test_a_message_is_sent_answered_judged_and_shown_as_saved(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/simulator")
        await user.should_see("写下消息并发送")
        dialog_id = await send(user, desk, "深蹲多深？")
        await desk.ended(dialog_id)
        await user.should_see("已保存", retries=20)
        assert [dot._props["word"] for dot in every(user, StatusDot)][-1:] == ["正常"]
        await user.should_see("深蹲多深？")
        events = the(user, EventList)
        assert events._find(8).name == "completed"
        await history_is(user, ["深蹲多深？"])


async def test_a_reload_shows_the_conversation_again(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        found = await desk.say(message="热身怎么做？")
        desk.dialogs._live.clear()  # as after a restart
        await user.open(f"/simulator?turn={found.dialog_id}")
        await user.should_see("热身怎么做？", retries=20)
        await user.should_see("已保存")
        await user.should_see("1 轮")


async def test_the_next_message_goes_on_with_the_conversation(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/simulator")
        first = await send(user, desk, "one")
        await desk.ended(first)
        await user.should_see("已保存", retries=20)
        second = await send(user, desk, "two")
        turn = await desk.ended(second)
        assert (turn.turn, turn.request.after) == (2, first)
        await user.should_see("2 轮", retries=20)
        assert len(every(user, TurnView)) == 2
        user.find(marker="clear").click()
        await user.should_see("写下消息并发送", retries=20)
        assert not upstream.auth.users


async def test_a_bad_end_says_whose_side_it_is_on_and_offers_to_send_again(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", refused(429, "RATE_LIMIT_EXCEEDED", retry_after="600"))
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/simulator")
        await desk.ended(await send(user, desk, "hi"))
        await user.should_see("网关：网关限制了该用户的请求频率（429）", retries=20)
        await user.should_see("它要求等待 600 秒，然后再发")
        await user.should_see("再发一次")


async def test_a_cancel_in_mid_stream_keeps_what_had_arrived(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", cut_after(3, "hang"))
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/simulator")
        dialog_id = await send(user, desk, "hi")
        await desk.until(dialog_id, lambda live: len(live.pieces) == 3)
        user.find(marker="cancel").click()
        await desk.ended(dialog_id)
        await user.should_see("已取消；已收到的内容已保留", retries=20)


async def test_an_empty_message_is_refused_at_its_field(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/simulator")
        with pytest.raises(TimeoutError):
            await send_nothing(user, desk)
        await user.should_see("不能为空")


async def test_the_history_is_searched_opened_and_compared(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        first = await desk.say(message="squat")
        second = await desk.say(message="deadlift")
        await user.open("/simulator")
        await history_is(user, ["deadlift", "squat"])
        filters = the(user, HistoryFilters)
        with user:
            filters._sought.control.set_value("squat")
            await filters._tell()
        await history_is(user, ["squat"])
        await user.open(f"/simulator/chat/{first.dialog_id}")
        await user.should_see("squat", retries=20)
        await user.should_see("ThinkingML 结构")
        await user.should_see(first.request_id)
        await user.open(f"/simulator/compare?a={first.dialog_id}&b={second.dialog_id}")
        await user.should_see("两次回复相同。", retries=20)


async def test_an_unknown_turn_says_so(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    async with simulator(database, env, upstream) as (user, _):
        await user.open("/simulator/chat/exe_nobody")
        await user.should_see("没有这段对话", retries=20)


def questions(user: Any) -> list[str]:
    """Return the questions of the history as it stands, newest first."""
    return [row["message"] for table in every(user, BigTable) for row in table._rows.values()]


async def history_is(user: Any, wanted: list[str]) -> None:
    await until(lambda: questions(user) == wanted)


async def send_nothing(user: Any, desk: Any) -> None:
    async with asyncio.timeout(0.5):
        await send(user, desk, "   ")


async def test_the_overview_shows_the_last_conversation_and_leads_to_it(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        await user.open("/")
        await user.should_see("还没有试过对话。", retries=20)
        found = await desk.say(message="热身怎么做？")
        await user.should_see("热身怎么做？", retries=20)
        (link,) = user.find(marker="last-test").elements
        assert link.props["href"] == f"/simulator/chat/{found.dialog_id}"


async def test_a_turn_is_repeated_after_the_same_one_with_the_same_settings(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good())
    async with simulator(database, env, upstream) as (user, desk):
        first = await desk.say(message="one")
        second = await desk.say(message="two", after=first.dialog_id, temperature=0.3)
        await user.open(f"/simulator?again={second.dialog_id}")
        await user.should_see(marker="model", retries=40)
        await until(lambda: len(every(user, TurnView)) == 1)
        third = await send(user, desk, "two")
        turn = await desk.ended(third)
        assert (turn.request.after, turn.request.temperature) == (first.dialog_id, 0.3)
