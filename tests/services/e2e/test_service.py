"""The present: health, what changed since one looked, forecast, targets, tokens."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from db.engine import Database
from services.accounts.types import UserType
from services.e2e.statuses import STATUS_CODES
from services.e2e.types import CellStatus, Health, LaunchRequest
from services.executions.types import ExecutionState
from services.schedules.service import Schedules
from services.settings.types import Env
from services.targets.types import SELF_ID
from tests.support.builders import until
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import Answer, FakeUpstream, failing, good, gotrue_error

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[E2eDesk]:
    async with desk_on(database, env, upstream, QuickClock()) as desk:
        yield desk


async def test_the_dots_equal_the_stored_rows_of_the_newest_run(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", failing())
    ended = await desk.launch()
    dots = {(d.model_key, d.user_type): (d.status, d.cell_id) for d in desk.e2e.health().dots}
    assert dots == {(c.model_key, c.user_type): (c.status, c.id) for c in ended.cells}
    assert desk.e2e.health().judged_at is not None


async def test_health_survives_a_restart(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    async with desk_on(database, env, upstream) as before:
        upstream.play("b", failing())
        await before.launch()
        await before.launch()
        seen = before.e2e.health()
    after = E2eDesk(database, env)
    assert after.e2e.health() == seen
    assert {d.streak for d in seen.dots} == {2}
    await after.stop()


async def test_a_launch_ends_as_it_would_when_the_schedule_is_switched_off_meanwhile(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(gap_s=0.05))
    schedules = Schedules(desk.database, desk.clock, desk.settings, desk.tasks)
    schedules.load()
    await schedules.start(desk.e2e.fire)
    await desk.settings.change({"e2e_interval_hours": 3})
    execution_id = await desk.e2e.fire(desk.clock.now())
    await until(lambda: upstream.named("events"))
    await desk.settings.change({"e2e_enabled": False})
    ended = await desk.executions.wait(execution_id)
    assert (ended.status, ended.meta["good"]) == (ExecutionState.SUCCEEDED, 4)
    await schedules.tick()
    assert schedules.view().next_at is None
    await schedules.stop()


async def test_since_you_looked_until_it_is_acknowledged(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    await desk.launch(ONE)
    await desk.e2e.acknowledge()
    assert await desk.e2e.since_seen() == []
    upstream.play("a", failing())
    await desk.launch(ONE)
    (change,) = await desk.e2e.since_seen()
    assert (change.model_key, change.was, change.now) == ("a", CellStatus.OK, CellStatus.FAILED)
    again = E2eDesk(desk.database, desk.env)
    assert await again.e2e.since_seen() == [change]
    await again.stop()
    await desk.e2e.acknowledge()
    assert await desk.e2e.since_seen() == []
    upstream.play("a", good())
    await desk.launch(ONE)
    (change,) = await desk.e2e.since_seen()
    assert (change.was, change.now) == (CellStatus.FAILED, CellStatus.OK)


async def test_a_forecast_learns_from_the_last_launch(desk: E2eDesk) -> None:
    before = desk.e2e.forecast(LaunchRequest())
    assert (before.conversations, before.seconds) == (0, None)  # nothing is known of this server
    await desk.launch()
    after = desk.e2e.forecast(LaunchRequest())
    assert (after.conversations, after.sign_ins, after.per_day) == (4, 2, 4)
    assert after.seconds is not None
    await desk.settings.change({"e2e_interval_hours": 6})
    assert desk.e2e.forecast(LaunchRequest()).per_day == 16
    await desk.settings.change({"e2e_enabled": False})
    assert desk.e2e.forecast(LaunchRequest()).per_day == 0


async def test_our_own_gateway_forecasts_from_its_mapping(desk: E2eDesk) -> None:
    await desk.targets.select(SELF_ID)
    assert desk.e2e.forecast(LaunchRequest()).conversations == 2 * len(desk.mapping.mapped())
    assert desk.e2e.health().mapped == tuple(m.name for m in desk.mapping.mapped())


async def test_another_target_has_another_health(desk: E2eDesk, upstream: FakeUpstream) -> None:
    await desk.launch(ONE)
    assert len(desk.e2e.health().dots) == 2
    healths: list[Health] = []
    desk.e2e.health_changed.subscribe(healths.append)
    async with FakeUpstream() as other:
        other.models = ["elsewhere"]
        await desk.aim(other)
        await until(lambda: healths)
        assert desk.e2e.health().dots == ()
        await desk.launch(ONE)
        assert [d.model_key for d in desk.e2e.health().dots] == ["elsewhere"]
    first = desk.targets.all()[1]
    assert first.api_base == upstream.api_base
    await desk.targets.select(first.id)
    await until(lambda: len(desk.e2e.health().dots) == 2)


async def test_a_launch_against_another_target_leaves_the_present_one_alone(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    await desk.launch(ONE)
    own = desk.e2e.health()
    upstream.play("a", failing())
    async with FakeUpstream() as other:
        other.models = ["a"]
        other.play("a", failing())
        current = desk.targets.current.id
        elsewhere = await desk.aim(other)
        await desk.targets.select(current)
        await desk.launch(LaunchRequest(target_id=elsewhere))
    assert desk.e2e.health() == own


# -- tokens


async def test_launches_say_whether_tokens_can_be_had(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    unknown = desk.e2e.obtaining.body()
    assert (unknown["anonymous_ok"], unknown["checked_at"]) == (None, None)
    upstream.always("signup", gotrue_error(422, "anonymous_provider_disabled"))
    await desk.launch()
    body = desk.e2e.obtaining.body()
    assert (body["anonymous_ok"], body["ordinary_ok"]) == (False, True)
    assert body["error"] == "anonymous_auth_failed"
    after = E2eDesk(desk.database, desk.env)
    assert after.e2e.obtaining.body() == body
    await after.stop()


@pytest.mark.parametrize(
    "answer",
    [
        gotrue_error(422, "anonymous_provider_disabled"),
        gotrue_error(429, "over_request_rate_limit"),
    ],
    ids=["switched off", "limited"],
)
async def test_an_anonymous_sign_in_that_is_refused_is_no_failure_of_a_model(
    desk: E2eDesk, upstream: FakeUpstream, answer: Answer
) -> None:
    await desk.launch(ONE)  # the models are known from here on
    asked = len(upstream.named("post"))
    upstream.always("signup", answer)
    await desk.launch(ONE)
    assert desk.e2e.obtaining.body()["anonymous_ok"] is False
    matrix = await desk.e2e.matrix(target_id=desk.targets.current.id, window="last20")
    newest = {row.cells[UserType.ANONYMOUS][-1] for row in matrix.rows}
    assert newest == {STATUS_CODES[CellStatus.SIGNIN_FAILED]}
    assert len(upstream.named("post")) == asked


async def test_a_probe_signs_in_for_its_own_sake_and_leaves_nobody_behind(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    assert desk.e2e.obtaining._is_due()
    await desk.e2e.obtaining.probe()
    body = desk.e2e.obtaining.body()
    assert (body["anonymous_ok"], body["ordinary_ok"], body["error"]) == (True, True, None)
    assert upstream.named("post") == []
    assert [u for u in upstream.auth.users.values() if u["email"]] == []
    assert not desk.e2e.obtaining._is_due()
    checked_at = desk.e2e.obtaining._checked_at
    assert checked_at is not None
    desk.e2e.obtaining._checked_at = checked_at - timedelta(hours=36, seconds=1)
    assert desk.e2e.obtaining._is_due()
    await desk.settings.change({"jwt_probe_interval_hours": 48})
    assert not desk.e2e.obtaining._is_due()
