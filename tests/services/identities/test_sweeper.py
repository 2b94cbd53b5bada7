"""Nobody is left behind: crashes between intent, creation and deletion."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.identities import TestUserRow
from services.accounts.types import UserType
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.identities import SomeTargets, a_target
from tests.support.upstream import HANG, FakeUpstream, e1, gotrue_error

PERMANENT, ANONYMOUS = UserType.PERMANENT, UserType.ANONYMOUS


async def count_rows(database: Database) -> int:
    return len(await database.read(lambda session: session.exec(select(TestUserRow)).all()))


@pytest.fixture
async def after_restart(
    database: Database, clock: FakeClock, secrets: Secrets, known: SomeTargets, env: Env
):
    """Another process: it remembers nothing but the disk."""
    service = Identities(database, clock, secrets, known, env)
    yield service
    await service.close()


@pytest.mark.parametrize("user_type", [ANONYMOUS, PERMANENT])
async def test_a_user_left_by_a_killed_run_is_deleted_after_the_restart(
    identities: Identities,
    after_restart: Identities,
    upstream: FakeUpstream,
    database: Database,
    user_type: UserType,
) -> None:
    await identities.sign_in(a_target(upstream), user_type)  # killed before release
    bystander = upstream.auth.add_user("real@person.cn")
    assert await after_restart.sweep() == 1
    assert list(upstream.auth.users) == [bystander["id"]]
    assert await count_rows(database) == 0
    assert await after_restart.sweep() == 0


@pytest.mark.parametrize("user_type", [ANONYMOUS, PERMANENT])
async def test_a_user_whose_id_never_came_back_is_found_by_what_was_sent(
    identities: Identities,
    after_restart: Identities,
    upstream: FakeUpstream,
    database: Database,
    user_type: UserType,
) -> None:
    """The server made the user, then we were killed before its answer."""
    call = "signup" if user_type is ANONYMOUS else "admin_create"
    upstream.always(call, HANG)
    task = asyncio.ensure_future(identities.sign_in(a_target(upstream), user_type))
    await upstream.wait_for(call)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    body = upstream.named(call)[0].body
    for number in range(450):  # real people, over several pages
        upstream.auth.add_user(f"real{number}@person.cn")
    made = upstream.auth.add_user(body.get("email", ""))
    made["user_metadata"] = {} if user_type is PERMANENT else body["data"]
    upstream.auth.page_cap = 100
    assert await after_restart.sweep() == 1
    assert made["id"] not in upstream.auth.users
    assert len(upstream.auth.users) == 450
    assert await count_rows(database) == 0


async def test_an_intent_without_a_user_is_kept_while_it_may_be_under_way_then_dropped(
    identities: Identities,
    after_restart: Identities,
    upstream: FakeUpstream,
    database: Database,
    clock: FakeClock,
) -> None:
    upstream.always("admin_create", e1(503, "x"))
    await identities.sign_in(a_target(upstream), PERMANENT)
    upstream.always("admin_create", None)
    assert await after_restart.sweep() == 0
    assert await count_rows(database) == 1
    clock.jump(121)
    assert await after_restart.sweep() == 0
    assert await count_rows(database) == 0


async def test_a_list_that_cannot_be_read_drops_nothing(
    identities: Identities,
    after_restart: Identities,
    upstream: FakeUpstream,
    database: Database,
    clock: FakeClock,
) -> None:
    upstream.always("admin_create", e1(503, "x"))
    await identities.sign_in(a_target(upstream), PERMANENT)
    clock.jump(3600)
    upstream.always("admin_list", e1(503, "x"))
    assert await after_restart.sweep() == 0
    assert await count_rows(database) == 1


async def test_users_in_use_are_not_swept(identities: Identities, upstream: FakeUpstream) -> None:
    target = a_target(upstream)
    signed = await identities.sign_in(target, PERMANENT)
    assert await identities.sweep() == 0
    assert len(upstream.auth.users) == 1
    await identities.release(target, signed)
    assert upstream.auth.users == {}


async def test_a_user_that_could_not_be_deleted_is_tried_again(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    target = a_target(upstream)
    signed = await identities.sign_in(target, PERMANENT)
    upstream.always("admin_delete", e1(503, "x"))
    await identities.release(target, signed)
    assert await count_rows(database) == 1
    upstream.always("admin_delete", None)
    assert await identities.sweep() == 1
    assert await count_rows(database) == 0


async def test_a_user_somebody_else_deleted_counts_as_gone(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    target = a_target(upstream)
    signed = await identities.sign_in(target, PERMANENT)
    upstream.auth.users.clear()
    await identities.release(target, signed)
    assert await count_rows(database) == 0


async def test_a_failed_login_deletes_the_user_at_once(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    upstream.always("token", gotrue_error(400, "invalid_credentials"))
    await identities.sign_in(a_target(upstream), PERMANENT)
    assert upstream.auth.users == {}
    assert await count_rows(database) == 0


async def test_without_a_key_nothing_is_tried_for_a_month(
    identities: Identities,
    after_restart: Identities,
    upstream: FakeUpstream,
    database: Database,
    known: SomeTargets,
    clock: FakeClock,
) -> None:
    await identities.sign_in(a_target(upstream), PERMANENT)
    known.targets = [a_target(upstream, service_key="")]
    assert await after_restart.sweep() == 0
    assert await count_rows(database) == 1
    clock.jump(timedelta(days=31).total_seconds())
    assert await after_restart.sweep() == 0
    assert await count_rows(database) == 0


async def test_sweeps_at_once_delete_each_user_once(
    identities: Identities, after_restart: Identities, upstream: FakeUpstream
) -> None:
    for _ in range(3):
        await identities.sign_in(a_target(upstream), ANONYMOUS)
    counts = await asyncio.gather(*(after_restart.sweep() for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 3]
    assert len(upstream.named("admin_delete")) == 3


async def test_a_cancelled_sign_in_is_swept_by_the_same_process(
    identities: Identities, upstream: FakeUpstream
) -> None:
    upstream.always("token", HANG)
    task = asyncio.ensure_future(identities.sign_in(a_target(upstream), PERMANENT))
    await upstream.wait_for("token")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await identities.sweep() == 1
    assert upstream.auth.users == {}


async def test_a_release_that_is_cancelled_is_finished_by_the_sweeper(
    identities: Identities, upstream: FakeUpstream
) -> None:
    target = a_target(upstream)
    signed = await identities.sign_in(target, PERMANENT)
    upstream.always("admin_delete", HANG)
    task = asyncio.ensure_future(identities.release(target, signed))
    await upstream.wait_for("admin_delete")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    upstream.always("admin_delete", None)
    assert await identities.sweep() == 1
    assert upstream.auth.users == {}


async def test_a_user_nobody_released_is_swept_after_hours(
    identities: Identities, upstream: FakeUpstream, clock: FakeClock
) -> None:
    await identities.sign_in(a_target(upstream), PERMANENT)
    await clock.advance(2 * 3600)
    assert await identities.sweep() == 0
    await clock.advance(2 * 3600)
    assert await identities.sweep() == 1


async def test_a_server_that_is_down_is_not_asked_for_every_row(
    identities: Identities, after_restart: Identities, upstream: FakeUpstream
) -> None:
    for _ in range(6):
        await identities.sign_in(a_target(upstream), ANONYMOUS)
    upstream.always("admin_delete", e1(503, "x"))
    assert await after_restart.sweep() == 0
    assert len(upstream.named("admin_delete")) == 3
