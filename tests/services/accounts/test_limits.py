"""How often an address may try, and whose address counts."""

from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from services.accounts.service import Accounts
from services.accounts.types import Origin, SignInRefusedError
from services.foundation.errors import InputError
from services.secrets.service import Secrets
from services.settings.types import Env, RateLimits
from tests.support.clock import FakeClock
from tests.support.tokens import build_accounts

HERE = Origin("127.0.0.1")
AWAY = Origin("192.0.2.7")
ANN = {"email": "ann@example.com", "password": "secret1"}


async def refused(work: Any) -> tuple[int, str]:
    with pytest.raises(SignInRefusedError) as caught:
        await work
    return caught.value.status, caught.value.code


async def test_sign_ups_are_limited_by_address_and_not_on_this_machine(
    accounts: Accounts, clock: FakeClock
) -> None:
    for _ in range(40):
        await accounts.sign_up({}, HERE)
        await accounts.sign_up({}, Origin("::1"))
    for _ in range(30):
        await accounts.sign_up({}, AWAY)
    with pytest.raises(SignInRefusedError) as caught:
        await accounts.sign_up({}, AWAY)
    assert (caught.value.status, caught.value.code) == (429, "over_request_rate_limit")
    assert caught.value.retry_after_s == 3601
    await accounts.sign_up({}, Origin("192.0.2.8"))
    await clock.advance(3600)
    await accounts.sign_up({}, AWAY)


async def test_a_limit_of_zero_is_none(
    store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    accounts = build_accounts(store, clock, secrets, replace(env, auth_signups_per_hour=0))
    for _ in range(35):
        await accounts.sign_up({}, AWAY)


async def test_token_calls_are_limited_as_gotrue_limits_them(accounts: Accounts) -> None:
    for _ in range(150):
        with pytest.raises(SignInRefusedError, match="refresh_token_not_found"):
            await accounts.refresh({"refresh_token": "x"}, AWAY)
    assert await refused(accounts.sign_in(ANN, AWAY)) == (429, "over_request_rate_limit")


async def test_forwarded_addresses_count_only_from_a_trusted_proxy(
    store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    one = replace(env, auth_signups_per_hour=1)
    accounts = build_accounts(store, clock, secrets, one)
    await accounts.sign_up({}, Origin("127.0.0.1", "192.0.2.1"))
    # Not trusted: the header is ignored, and it shows that this is not a local caller.
    with pytest.raises(SignInRefusedError):
        await accounts.sign_up({}, Origin("127.0.0.1", "192.0.2.2"))
    behind = replace(one, rate_limits=RateLimits(trusted_proxies=("127.0.0.1",)))
    accounts = build_accounts(store, clock, secrets, behind)
    await accounts.sign_up({}, Origin("127.0.0.1", "192.0.2.1"))
    await accounts.sign_up({}, Origin("127.0.0.1", "192.0.2.2"))
    with pytest.raises(SignInRefusedError):
        await accounts.sign_up({}, Origin("127.0.0.1", "203.0.113.9, 192.0.2.2"))


def test_a_bad_trusted_proxy_is_named(
    store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    bad = replace(env, rate_limits=RateLimits(trusted_proxies=("proxy.example",)))
    with pytest.raises(InputError, match="TRUSTED_PROXIES"):
        Accounts(store, clock, secrets, bad)
