"""A launch from its first row on: order, what is sent, failures of one part."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.e2e_runs import E2eLaunchRow, E2eRunRow
from services.accounts.types import UserType
from services.e2e.types import (
    CellStatus,
    Kind,
    Launch,
    LaunchRequest,
    RunStatus,
)
from services.executions.types import ExecutionState
from services.settings.types import Env
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import FakeUpstream, e1, good, gotrue_error, html

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))
S = CellStatus


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b", "c"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[E2eDesk]:
    async with desk_on(database, env, upstream, QuickClock()) as desk:
        yield desk


async def test_both_user_types_ask_every_model_once_and_everything_is_stored(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    ended = await desk.launch(LaunchRequest(trigger="api", started_by="me"))
    assert ended.launch.status is RunStatus.SUCCESS
    assert ended.execution.status is ExecutionState.SUCCEEDED
    assert (ended.execution.done, ended.execution.total) == (6, 6)
    assert (ended.launch.cells, ended.launch.judged, ended.launch.good) == (6, 6, 6)
    assert [run.user_type for run in ended.runs] == [UserType.ANONYMOUS, UserType.PERMANENT]
    assert [run.auth_mode for run in ended.runs] == ["native", "signup"]
    assert [run.is_anonymous for run in ended.runs] == [True, False]
    for run in ended.runs:
        assert (run.models_total, run.models_success, run.models_failed) == (3, 3, 0)
        assert run.status is RunStatus.SUCCESS
        assert run.duration_ms is not None
        assert run.prompt_text == desk.settings.preferences.e2e_prompt_text
        assert [cell.model_key for cell in run.results] == ["a", "b", "c"]
    names = [call.name for call in upstream.calls if call.name in ("post", "events")]
    assert (names.count("post"), names.count("events")) == (6, 6)


async def test_no_field_of_a_success_is_empty(desk: E2eDesk) -> None:
    cell = (await desk.launch(ONE)).cell("a")
    for name in (
        "run_id", "at", "request_id", "message_id", "conversation_id", "provider", "resolved_model",
        "endpoint_id", "result_mode_effective", "reply_len", "thinkingml_ok", "thinkingml_reason",
        "signin_ms", "accepted_ms", "first_event_ms", "ttft_ms", "latency_ms", "checks",
    ):  # fmt: skip
        value = getattr(cell, name)
        assert value is not None if name.endswith("_ms") else value, name
    assert cell.ttft_ms is not None
    assert cell.latency_ms is not None
    assert cell.accepted_ms is not None
    assert cell.accepted_ms <= cell.ttft_ms <= cell.latency_ms
    detail = await desk.e2e.cell(cell.id)
    assert "<thinking>" in detail.reply_text
    assert detail.prompt_text == desk.settings.preferences.e2e_prompt_text


async def test_the_order_is_tokens_then_lists_then_model_after_model(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    await desk.launch()
    names = [call.name for call in upstream.calls if call.name != "admin_delete"]
    first_post, last_list = names.index("post"), len(names) - 1 - names[::-1].index("models")
    assert names.index("signup") < names.index("admin_create") < names.index("models")
    assert last_list < first_post
    for user_type, token in _tokens(upstream).items():
        mine = [c.name for c in upstream.calls if c.token == token and c.name in ("post", "events")]
        assert mine == ["post", "events"] * 3, user_type


def _tokens(upstream: FakeUpstream) -> dict[str, str]:
    posts = upstream.named("post")
    return {call.body["metadata"]["user_type"]: call.token for call in posts}


async def test_what_is_sent_carries_the_settings_of_the_operator(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    await desk.settings.change(
        {"e2e_prompt_text": "说一句话", "e2e_result_mode": "auto", "e2e_tool_choice": "auto"}
    )
    await desk.launch(ONE)
    body = upstream.named("post")[0].body
    assert body["text"] == "说一句话"
    assert body["result_mode"] == "auto"
    assert body["tool_choice"] == "auto"
    assert body["metadata"] == {"source": "daily_e2e", "e2e": True, "user_type": "anonymous"}
    events = upstream.named("events")[0]
    assert events.headers["x-request-id"] == upstream.named("post")[0].headers["x-request-id"]


async def test_the_rows_say_running_before_anything_goes_over_the_network(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.always("signup", e1(500))
    seen: list[tuple[str, list[str], int]] = []

    def look(_launch: Launch) -> None:
        launch = desk.database.read_now(lambda s: s.exec(select(E2eLaunchRow)).one())
        runs = desk.database.read_now(lambda s: list(s.exec(select(E2eRunRow.status)).all()))
        seen.append((launch.status, runs, len(upstream.calls)))

    desk.e2e.launched.subscribe(look)
    await desk.launch()
    assert seen == [("running", ["running", "running"], 0)]


async def test_never_more_than_one_open_stream_per_user_type(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = [f"m{n}" for n in range(6)]
    for model in upstream.models:
        upstream.play(model, good(gap_s=0.01))
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, desk.chat.open_count)
            await asyncio.sleep(0.001)

    watcher = asyncio.create_task(watch())
    await desk.launch()
    watcher.cancel()
    assert most == 2


async def test_a_sign_in_that_fails_leaves_its_cells_not_judged_and_asks_nothing(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.always("signup", gotrue_error(422, "anonymous_provider_disabled"))
    ended = await desk.launch()
    anonymous, permanent = ended.runs
    assert {cell.status for cell in anonymous.results} == {S.SIGNIN_FAILED}
    assert {cell.kind for cell in anonymous.results} == {Kind.AUTH}
    assert anonymous.error_summary == "anonymous_auth_failed"
    assert (anonymous.models_total, anonymous.models_failed) == (3, 3)
    assert anonymous.is_anonymous is None
    assert permanent.status is RunStatus.SUCCESS
    assert len(upstream.named("signup")) == 1
    assert {c.body["metadata"]["user_type"] for c in upstream.named("post")} == {"permanent"}
    health = desk.e2e.health()
    assert health.sign_in_down == "anonymous_auth_failed"
    assert (health.judged, health.good, health.not_judged) == (3, 3, 3)


async def test_a_sign_in_that_works_again_clears_the_word(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.always("signup", gotrue_error(429, "over_request_rate_limit"))
    await desk.launch()
    assert desk.e2e.health().sign_in_down
    upstream.always("signup", None)
    await desk.launch()
    assert desk.e2e.health().sign_in_down == ""


async def test_an_anonymous_token_that_says_otherwise_is_marked(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.auth.anonymous_claim = False
    ended = await desk.launch(ONE)
    assert ended.runs[0].error_summary == "not_anonymous"
    assert ended.runs[0].is_anonymous is False
    assert ended.cell("a").status is S.OK


async def test_a_failed_sign_in_is_told_before_a_lesser_remark_of_the_other_user_type(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.auth.anonymous_claim = False
    upstream.always("token", gotrue_error(400, "invalid_credentials"))
    ended = await desk.launch()
    assert [run.error_summary for run in ended.runs] == [
        "not_anonymous", "supabase_sign_in_failed",
    ]  # fmt: skip
    assert desk.e2e.health().sign_in_down == "supabase_sign_in_failed"


async def test_a_model_list_that_fails_is_the_catalogues_failure(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    await desk.launch(ONE)  # the models are known from now on
    upstream.always("models", e1(500))
    ended = await desk.launch(ONE)
    assert ended.runs[0].error_summary == "fetch_models_failed: HTTP 500"
    assert {(c.status, c.kind) for c in ended.cells} == {(S.FAILED, Kind.CATALOGUE)}
    assert len(ended.cells) == 3


async def test_a_captive_portal_instead_of_a_list_is_said_so(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.always("models", html())
    ended = await desk.launch(ONE)
    assert ended.runs[0].error_summary == "fetch_models_failed: not_a_list"
    assert ended.execution.status is ExecutionState.FAILED


async def test_zero_mapped_models_is_nothing_to_judge_never_green(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = []
    ended = await desk.launch()
    assert ended.launch.status is RunStatus.FAILED
    assert ended.launch.error_summary == "no_mapped_models"
    assert ended.execution.status is ExecutionState.FAILED
    assert desk.e2e.health().dots == ()
