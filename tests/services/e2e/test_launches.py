"""A launch from its first row to its last: order, failures of one part, stop, crash, clean-up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from db.engine import Database
from db.tables.e2e_runs import E2eLaunchRow, E2eReplyRow, E2eRunRow
from services.accounts.types import UserType
from services.e2e.types import (
    CellChange,
    CellStatus,
    Health,
    Kind,
    Launch,
    LaunchRequest,
    RunStatus,
)
from services.executions.types import ExecutionState
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.settings.types import Env
from tests.support.builders import until
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import FakeUpstream, e1, good, gotrue_error, html, refused, silent

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


async def test_after_five_refusals_in_a_row_the_rest_is_left_alone(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = [f"m{n}" for n in range(9)]
    for model in upstream.models:
        upstream.play(model, refused(400))
    ended = await desk.launch(ONE)
    assert [cell.status for cell in ended.cells] == [S.FAILED] * 5 + [S.NOT_RUN] * 4
    assert len(upstream.named("post")) == 5
    assert ended.cells[-1].error == "too_many_refusals"


async def test_a_reply_in_between_breaks_the_row_of_refusals(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = [f"m{n}" for n in range(9)]
    for n, model in enumerate(upstream.models):
        upstream.play(model, good() if n == 3 else refused(400))
    ended = await desk.launch(ONE)
    assert [cell.status for cell in ended.cells].count(S.NOT_RUN) == 0


async def test_the_launch_deadline_leaves_the_rest_not_run(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    class Racing(QuickClock):
        """Every look at the monotonic clock is 5 seconds later."""

        steps = 0

        def monotonic(self) -> float:
            Racing.steps += 1
            return super().monotonic() + 5 * Racing.steps

    async with desk_on(database, env, upstream, Racing()) as desk:
        await desk.settings.change({"e2e_launch_timeout_s": 60})
        ended = await desk.launch(ONE)
    assert ended.cells[-1].status is S.NOT_RUN
    assert ended.cells[-1].error == "launch_timeout"
    assert ended.execution.status is ExecutionState.TIMED_OUT
    assert ended.launch.status is RunStatus.FAILED


async def test_a_second_launch_is_refused_and_names_the_running_one(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(ttft_s=0.3))
    first = await desk.e2e.start(ONE)
    with pytest.raises(ConflictError) as refused_:
        await desk.e2e.start(ONE)
    assert refused_.value.existing_id == first.execution_id
    assert desk.e2e.running == first
    await desk.executions.wait(first.execution_id)
    assert desk.e2e.running is None


async def test_one_slot_is_served_by_one_launch(desk: E2eDesk) -> None:
    slot = datetime(2026, 3, 2, 5, tzinfo=UTC)
    first = await desk.e2e.fire(slot)
    await desk.executions.wait(first)
    assert await desk.e2e.fire(slot) == first
    launches = desk.database.read_now(lambda s: list(s.exec(select(E2eLaunchRow)).all()))
    assert [(row.slot_at, row.trigger) for row in launches] == [(slot, "schedule")]


async def test_a_cancel_ends_it_at_once_and_the_created_users_are_deleted(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    launch = await desk.e2e.start(LaunchRequest())
    await until(lambda: len(upstream.named("events")) == 2)
    assert await desk.e2e.cancel() is not None
    execution = await asyncio.wait_for(desk.executions.wait(launch.execution_id), 5)
    assert execution.status is ExecutionState.CANCELLED
    ended, runs = await desk.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.CANCELLED
    assert {run.status for run in runs} == {RunStatus.CANCELLED}
    assert {cell.status for run in runs for cell in run.results} == {S.CANCELLED}
    assert len(upstream.named("admin_delete")) >= 1
    assert await desk.e2e.cancel() is None
    upstream.play("a", good())
    assert (await desk.launch(ONE)).launch.launch_no == launch.launch_no + 1


async def test_a_stop_of_the_console_leaves_it_interrupted_with_what_was_judged(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("b", silent())
    async with desk_on(database, env, upstream) as desk:
        launch = await desk.e2e.start(ONE)
        await until(lambda: len(upstream.named("events")) == 2)
    after = E2eDesk(database, env)
    ended, runs = await after.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.INTERRUPTED
    assert [c.status for c in runs[0].results] == [S.OK, S.INTERRUPTED, S.INTERRUPTED]
    assert (await after.executions.get(launch.execution_id)).status is ExecutionState.INTERRUPTED
    await after.stop()


async def test_what_a_crash_left_open_is_interrupted_at_the_next_start_and_users_are_swept(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("b", silent())
    crashed = E2eDesk(database, env)
    await crashed.aim(upstream)
    launch = await crashed.e2e.start(LaunchRequest())
    await until(lambda: len(upstream.named("events")) == 4)
    open_users = len(upstream.auth.users)
    assert open_users == 2
    # A kill -9 runs nothing of ours: the first desk is simply left as it is.
    after = E2eDesk(database, env)
    assert await after.executions.recover() == 1
    assert await after.e2e.recover() == 1
    ended, runs = await after.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.INTERRUPTED
    assert ended.error_summary == "server_restarted"
    assert (ended.cells, ended.judged, ended.good) == (6, 2, 2)
    for run in runs:
        assert run.status is RunStatus.INTERRUPTED
        assert run.finished_at is not None
        assert [c.status for c in run.results] == [S.OK, S.INTERRUPTED, S.INTERRUPTED]
    assert await after.e2e.recover() == 0
    await after.stop()
    await crashed.stop()
    kept, _ = await after.e2e.launch(launch.launch_id)
    assert kept.started_at == ended.started_at


async def test_created_users_are_gone_after_every_launch(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", refused(500))
    await desk.launch()
    assert [u for u in upstream.auth.users.values() if u["email"]] == []


async def test_a_permanent_user_is_deleted_also_when_the_store_fails(
    desk: E2eDesk, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args, **_kwargs):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(desk.e2e._store, "save", broken)
    ended = await desk.launch()
    assert ended.execution.status is ExecutionState.FAILED
    assert "disk on fire" in ended.execution.error
    assert ended.launch.status is RunStatus.FAILED
    assert {cell.status for cell in ended.cells} <= {S.INTERRUPTED, S.OK}
    assert [u for u in upstream.auth.users.values() if u["email"]] == []


async def test_every_change_is_announced_after_it_is_on_disk(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    changes: list[CellChange] = []
    healths: list[Health] = []

    def look(change: CellChange) -> None:
        changes.append(change)
        if change.status is S.OK:
            reply = desk.database.read_now(lambda s: _reply(s, change.cell_id))
            assert reply is not None

    desk.e2e.cell_changed.subscribe(look)
    desk.e2e.health_changed.subscribe(healths.append)
    ended_launches: list[Launch] = []
    desk.e2e.finished.subscribe(ended_launches.append)
    ended = await desk.launch(ONE)
    by_model = [c.status for c in changes if c.model_key == "a"]
    assert by_model == [S.PENDING, S.RUNNING, S.OK]
    assert (changes[-1].done, changes[-1].total) == (3, 3)
    assert ended_launches == [ended.launch]
    assert any(health.running is not None for health in healths)
    assert healths[-1].running is None
    assert len(healths[-1].dots) == 3


def _reply(session: Session, cell_id: int) -> E2eReplyRow | None:
    return session.get(E2eReplyRow, cell_id)


async def test_the_matrix_shows_the_running_cell_of_a_page_opened_late(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", good(ttft_s=0.4))
    launch = await desk.e2e.start(ONE)
    await until(lambda: len(upstream.named("events")) == 2)
    matrix = await desk.e2e.matrix(target_id=desk.targets.current.id, window="last20")
    codes = {row.model_key: row.cells["anonymous"] for row in matrix.rows}
    assert codes == {"a": "o", "b": "r", "c": "p"}
    assert matrix.columns[-1].status is RunStatus.RUNNING
    await desk.executions.wait(launch.execution_id)


async def test_a_cell_row_or_column_run_again_is_a_partial_launch_of_its_own(
    desk: E2eDesk,
) -> None:
    await desk.launch()
    ended = await desk.launch(LaunchRequest(models=("b",), user_types=(UserType.PERMANENT,)))
    assert ended.launch.is_partial
    assert [(c.model_key, c.user_type) for c in ended.cells] == [("b", UserType.PERMANENT)]
    assert desk.e2e.known_models(desk.targets.current) == ("a", "b", "c")


async def test_bad_requests_are_refused_before_anything_is_stored(desk: E2eDesk) -> None:
    with pytest.raises(NotFoundError):
        await desk.e2e.start(LaunchRequest(target_id=99))
    with pytest.raises(InputError):
        await desk.e2e.start(LaunchRequest(models=("",)))
    assert desk.database.read_now(lambda s: list(s.exec(select(E2eLaunchRow)).all())) == []


async def test_a_model_key_with_odd_characters_is_asked_as_it_is_and_stored_readable(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    odd = "we\x1fird\n名"
    upstream.models = [odd]
    ended = await desk.launch(ONE)
    assert upstream.named("post")[0].body["model"] == odd
    assert [c.model_key for c in ended.cells] == ["we\\x1fird\\x0a名"]
    matrix = await desk.e2e.matrix(target_id=desk.targets.current.id, window="24h")
    assert [row.model_key for row in matrix.rows] == ["we\\x1fird\\x0a名"]
