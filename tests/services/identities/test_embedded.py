"""Sign-in against the real embedded service, served by uvicorn on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import uvicorn
from fastapi import FastAPI

from db.engine import Database
from gymbro_ui.api.accounts import router
from services.accounts.service import Accounts
from services.accounts.types import UserType
from services.foundation.clock import SystemClock
from services.identities.service import Identities
from services.identities.types import SignIn, Token
from services.secrets.service import Secrets
from services.settings.types import AnonMethod, Env
from services.targets.service import Targets
from services.targets.types import Target
from tests.support.quick_server import QuickServer

ANONYMOUS, PERMANENT = UserType.ANONYMOUS, UserType.PERMANENT


@dataclass
class Served:
    """What the routes need of the Console, and what the tests look at."""

    env: Env
    accounts: Accounts
    targets: Targets
    identities: Identities

    @property
    def target(self) -> Target:
        return self.targets.current

    async def users(self) -> int:
        return (await self.accounts.admin.page("1", "50"))[1]


class Moment(SystemClock):
    """The machine's clock, put forward by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
async def served(
    database: Database, secrets: Secrets, env: Env, moment: Moment
) -> AsyncIterator[Served]:
    accounts = Accounts(database, moment, secrets, env)
    accounts.load()
    targets = Targets(database, moment, secrets, env, accounts)
    targets.load()
    identities = Identities(database, moment, secrets, targets, env)
    console = Served(env, accounts, targets, identities)
    app = FastAPI()
    app.include_router(router(console))
    config = uvicorn.Config(
        app, host="127.0.0.1", port=env.port, log_level="warning", lifespan="off"
    )
    server = QuickServer(config)
    serving = asyncio.ensure_future(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  # uvicorn tells it by an attribute only
            await asyncio.sleep(0.01)
    yield console
    await identities.close()
    server.should_exit = True
    await serving


def token_of(signed: SignIn) -> Token:
    assert signed.error == "", signed.detail
    assert signed.token is not None
    return signed.token


async def test_an_anonymous_user_is_made_native_and_deleted(served: Served) -> None:
    signed = await served.identities.sign_in(served.target, ANONYMOUS)
    token = token_of(signed)
    assert (signed.auth_mode, signed.is_mismatch, token.is_anonymous) == ("native", False, True)
    assert await served.users() == 1
    await served.identities.release(served.target, signed)
    assert await served.users() == 0


async def test_a_registered_user_is_created_logged_in_and_deleted(served: Served) -> None:
    signed = await served.identities.sign_in(served.target, PERMANENT)
    token = token_of(signed)
    assert (signed.auth_mode, token.is_anonymous) == ("signup", False)
    body = await served.accounts.admin.get(token.user_id)
    assert body["app_metadata"]["source"] == "daily_e2e"  # kept out of daily actives
    await served.identities.release(served.target, signed)
    assert await served.users() == 0


async def test_public_sign_up_works_without_a_service_key(served: Served) -> None:
    target = replace(served.target, service_key="")
    for _ in range(2):
        signed = await served.identities.sign_in(target, PERMANENT)
        assert signed.auth_mode == "email_signup"
        token_of(signed)
        await served.identities.release(target, signed)
    assert await served.users() == 1


async def test_a_fixed_account_logs_in(served: Served) -> None:
    await served.accounts.admin.create(
        {"email": "a@b.cn", "password": "secret-1", "email_confirm": True}
    )
    target = replace(served.target, user_email="a@b.cn", user_password="secret-1")
    assert token_of(await served.identities.sign_in(target, PERMANENT)).email == "a@b.cn"
    wrong = replace(target, user_password="other")
    refused = await served.identities.sign_in(wrong, PERMANENT)
    assert (refused.error, refused.server_word) == (
        "supabase_sign_in_failed",
        "invalid_credentials",
    )


async def test_the_embedded_service_has_no_edge_function(served: Served) -> None:
    refused = await served.identities.sign_in(served.target, ANONYMOUS, anon_method=AnonMethod.EDGE)
    assert (refused.error, refused.status) == ("anonymous_auth_failed", 404)


async def test_wrong_keys_are_refused_with_a_reason(served: Served) -> None:
    wrong = replace(served.target, anon_key="wrong", service_key=served.accounts.anon_key)
    assert (await served.identities.sign_in(wrong, ANONYMOUS)).status == 401
    refused = await served.identities.sign_in(wrong, PERMANENT)
    assert refused.error == "supabase_admin_create_user_failed"
    assert refused.status in (401, 403)


async def test_a_token_is_refreshed_and_a_spent_one_signed_in_anew(
    served: Served, database: Database, secrets: Secrets, moment: Moment
) -> None:
    signed = await served.identities.sign_in(served.target, PERMANENT)
    first = token_of(signed)
    second = token_of(await served.identities.refresh(served.target, first))
    assert second.user_id == first.user_id
    moment.ahead = timedelta(seconds=30)  # past the grace in which the old one stays good
    other = Identities(database, moment, secrets, served.targets, served.env)
    again = await other.refresh(served.target, first)  # reuse ends the session
    assert token_of(again).user_id != first.user_id
    await other.release(served.target, again)
    await other.close()


async def test_a_restart_sweeps_what_a_killed_run_left(
    served: Served, database: Database, secrets: Secrets, moment: Moment
) -> None:
    await served.identities.sign_in(served.target, ANONYMOUS)
    await served.identities.sign_in(served.target, PERMANENT)
    assert await served.users() == 2
    restarted = Identities(database, moment, secrets, served.targets, served.env)
    assert await restarted.sweep() == 2
    assert await served.users() == 0
    await restarted.close()


async def test_both_identities_sign_in_side_by_side(served: Served) -> None:
    both = await asyncio.gather(
        served.identities.sign_in(served.target, ANONYMOUS),
        served.identities.sign_in(served.target, PERMANENT),
    )
    assert all(signed.elapsed_ms > 0 for signed in both)
    assert all(signed.error == "" for signed in both)
