"""Sign-up, sign-in, the store that refuses, and the keys of a data folder."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from services.accounts.service import Accounts
from services.accounts.types import Origin, SignInRefusedError
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.postgres import both_stores
from tests.support.tokens import at_once, build_accounts

HERE = Origin("127.0.0.1")
AWAY = Origin("192.0.2.7")
ANN = {"email": "ann@example.com", "password": "secret1"}


async def refused(work: Any) -> tuple[int, str]:
    with pytest.raises(SignInRefusedError) as caught:
        await work
    return caught.value.status, caught.value.code


@both_stores
async def test_a_sign_up_gives_a_session_and_a_confirmed_user(accounts: Accounts) -> None:
    body = await accounts.sign_up({**ANN, "data": {"name": "Ann"}}, HERE)
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    user = body["user"]
    assert user["email"] == "ann@example.com"
    assert user["email_confirmed_at"].endswith("Z")
    assert user["last_sign_in_at"].endswith("Z")
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert user["user_metadata"] == {"name": "Ann"}
    assert user["identities"][0]["provider"] == "email"
    assert user["is_anonymous"] is False


@both_stores
@pytest.mark.parametrize(
    "body", [{}, {"data": {}}, {"options": {"anonymous": True}}, {"email": "", "password": ""}]
)
async def test_without_an_address_the_user_is_anonymous(
    body: dict[str, Any], accounts: Accounts
) -> None:
    answer = await accounts.sign_up(body, HERE)
    assert answer["user"]["is_anonymous"] is True
    assert answer["user"]["identities"] == []
    assert "email_confirmed_at" not in answer["user"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"password": "12345"}, (422, "weak_password")),
        ({"password": ""}, (400, "validation_failed")),
        ({"password": None}, (400, "validation_failed")),
        ({"password": 123456}, (400, "validation_failed")),
        ({"password": "x" * 257}, (400, "validation_failed")),
        ({"email": "ann"}, (400, "validation_failed")),
        ({"email": "@example.com"}, (400, "validation_failed")),
        ({"email": "ann@"}, (400, "validation_failed")),
        ({"email": 7}, (400, "validation_failed")),
        ({"email": "ann\x00@example.com"}, (400, "validation_failed")),
        ({"email": "a" * 250 + "@example.com"}, (400, "validation_failed")),
        ({"email": "ann@-example-.com"}, (400, "email_address_invalid")),
        ({"email": "ann@exa mple.com"}, (400, "email_address_invalid")),
        ({"phone": "+4912345678"}, (400, "phone_provider_disabled")),
        ({"data": "text"}, (400, "validation_failed")),
        ({"data": {"filler": "x" * 5000}}, (400, "validation_failed")),
    ],
)
async def test_a_bad_sign_up_is_refused_with_its_word(
    change: dict[str, Any], expected: tuple[int, str], accounts: Accounts
) -> None:
    assert await refused(accounts.sign_up({**ANN, **change}, HERE)) == expected
    assert (await accounts.admin.page("", ""))[1] == 0


@both_stores
async def test_two_sign_ups_of_one_address_at_once_make_one_user(accounts: Accounts) -> None:
    spelled = iter(["ann@example.com", "Ann@Example.com", " ANN@example.com "])
    results = await at_once(
        3, lambda: accounts.sign_up({"email": next(spelled), "password": "secret1"}, HERE)
    )
    good = [result for result in results if isinstance(result, dict)]
    codes = [result.code for result in results if isinstance(result, SignInRefusedError)]
    assert len(good) == 1
    assert codes == ["user_already_exists"] * 2
    assert (await accounts.admin.page("", ""))[1] == 1


@both_stores
async def test_two_consoles_on_one_store_make_one_user_of_one_address(
    accounts: Accounts, store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    second = Database(store.url)
    try:
        other = build_accounts(second, clock, secrets, env)
        for number in range(5):
            body = {"email": f"ann{number}@example.com", "password": "secret1"}
            results = await asyncio.gather(
                accounts.sign_up(body, HERE), other.sign_up(body, HERE), return_exceptions=True
            )
            good = [result for result in results if isinstance(result, dict)]
            codes = [result.code for result in results if isinstance(result, SignInRefusedError)]
            assert (len(good), codes) == (1, ["user_already_exists"])
    finally:
        second.close_now()


async def test_anonymous_sign_in_can_be_switched_off(
    store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    accounts = build_accounts(store, clock, secrets, replace(env, anon_enabled=False))
    expected = (422, "anonymous_provider_disabled")
    assert await refused(accounts.sign_up({}, HERE)) == expected
    assert accounts.describe()["external"]["anonymous_users"] is False
    assert (await accounts.sign_up(ANN, HERE))["access_token"]


@both_stores
async def test_sign_in_takes_the_right_password_alone(accounts: Accounts) -> None:
    await accounts.sign_up(ANN, HERE)
    upper = {"email": "ANN@example.com", "password": ANN["password"]}
    assert (await accounts.sign_in(upper, HERE))["user"]["email"] == ANN["email"]
    wrong = (400, "invalid_credentials")
    assert await refused(accounts.sign_in({**ANN, "password": "secret2"}, HERE)) == wrong
    assert await refused(accounts.sign_in({**ANN, "email": "bob@example.com"}, HERE)) == wrong
    assert await refused(accounts.sign_in({**ANN, "email": "a\x00b"}, HERE)) == wrong
    for body in (
        {},
        {"email": ANN["email"]},
        {"email": 7, "password": "x"},
        {**ANN, "password": 7},
    ):
        assert await refused(accounts.sign_in(body, HERE)) == (400, "validation_failed")


@both_stores
async def test_a_store_that_refuses_is_said_so(accounts: Accounts, store: Database) -> None:
    store.close_now()
    assert await refused(accounts.sign_up({}, HERE)) == (503, "unexpected_failure")


def test_every_key_is_made_once_and_private(
    accounts: Accounts, store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    again = build_accounts(store, clock, Secrets(env.secrets_dir), env)
    assert again.anon_key == accounts.anon_key
    assert again.service_key == accounts.service_key
    assert again.operator_token == accounts.operator_token
    assert again.jwks() == accounts.jwks()
    assert accounts.anon_key.count(".") == 2
    token_file = env.secrets_dir / "operator.token"
    assert token_file.read_text().strip() == accounts.operator_token
    for path in env.secrets_dir.iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_an_emptied_operator_token_is_made_anew(
    accounts: Accounts, store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    (env.secrets_dir / "operator.token").write_bytes(b"\n")
    again = build_accounts(store, clock, secrets, env)
    assert len(again.operator_token) >= 32
    assert not again.is_operator("")
    assert not again.is_operator(accounts.operator_token)
    assert again.is_operator(again.operator_token)
    assert again.role_of("") == ""
