"""Sign-up, passwords, limits, the user's own account, and what an administrator may do."""

from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from services.accounts.service import Accounts
from services.accounts.types import Origin, SignInRefusedError
from services.accounts.verifier import Verifier
from services.foundation.errors import InputError
from services.secrets.service import Secrets
from services.settings.types import Env, RateLimits
from tests.support.clock import FakeClock
from tests.support.tokens import at_once, both_stores, build_accounts, refusal

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


@both_stores
async def test_a_user_changes_its_own_data_but_no_right(accounts: Accounts) -> None:
    token = (await accounts.sign_up({**ANN, "data": {"a": 1, "b": 2}}, HERE))["access_token"]
    body = {"data": {"b": None, "c": 3}, "app_metadata": {"role": "admin"}, "role": "service_role"}
    changed = await accounts.own.change(token, body)
    assert changed["user_metadata"] == {"a": 1, "c": 3}
    assert "role" not in changed["app_metadata"]
    assert changed["role"] == "authenticated"
    assert (await accounts.own.user(token)) == changed


@both_stores
async def test_a_new_password_ends_the_other_sessions(
    accounts: Accounts, verifier: Verifier
) -> None:
    first = (await accounts.sign_up(ANN, HERE))["access_token"]
    second = (await accounts.sign_in(ANN, HERE))["access_token"]
    same = accounts.own.change(second, {"password": ANN["password"]})
    assert await refused(same) == (422, "same_password")
    await accounts.own.change(second, {"password": "secret2"})
    assert await refusal(verifier, first) == "invalid_token"
    assert await refusal(verifier, second) == ""
    assert await refused(accounts.sign_in(ANN, HERE)) == (400, "invalid_credentials")
    assert await accounts.sign_in({**ANN, "password": "secret2"}, HERE)


@both_stores
async def test_an_anonymous_user_becomes_permanent_by_an_address(accounts: Accounts) -> None:
    await accounts.sign_up(ANN, HERE)
    body = await accounts.sign_up({}, HERE)
    token = body["access_token"]
    alone = accounts.own.change(token, {"password": "secret1"})
    assert await refused(alone) == (422, "validation_failed")
    assert await refused(accounts.own.change(token, ANN)) == (422, "email_exists")
    changed = await accounts.own.change(token, {"email": "bob@example.com", "password": "secret1"})
    assert changed["is_anonymous"] is False
    signed_in = await accounts.sign_in({"email": "bob@example.com", "password": "secret1"}, HERE)
    assert signed_in["user"]["id"] == body["user"]["id"]


async def test_a_user_token_that_is_none_is_a_bad_jwt(accounts: Accounts, clock: FakeClock) -> None:
    assert await refused(accounts.own.user("")) == (401, "no_authorization")
    for token in ("x", accounts.anon_key, accounts.service_key, accounts.operator_token):
        assert await refused(accounts.own.user(token)) == (403, "bad_jwt")
    body = await accounts.sign_up({}, HERE)
    await clock.advance(3600)
    assert await refused(accounts.own.user(body["access_token"])) == (403, "bad_jwt")


async def test_only_the_service_key_is_an_administrator(accounts: Accounts) -> None:
    token = (await accounts.sign_up({}, HERE))["access_token"]
    accounts.admit_admin(accounts.service_key)
    words = {"": "no_authorization", "x": "bad_jwt", token: "not_admin"}
    words[accounts.anon_key] = "not_admin"
    for given, word in words.items():
        with pytest.raises(SignInRefusedError) as caught:
            accounts.admit_admin(given)
        assert caught.value.code == word


@both_stores
async def test_an_administrator_makes_changes_and_deletes_users(accounts: Accounts) -> None:
    admin = accounts.admin
    user = await admin.create({**ANN, "email_confirm": True, "app_metadata": {"role": "manager"}})
    assert user["app_metadata"]["role"] == "manager"
    assert await refused(admin.create(ANN)) == (422, "email_exists")
    assert await refused(admin.create({})) == (400, "validation_failed")
    assert await refused(admin.create({"email": "x@example.com", "id": "7"})) == (
        400,
        "validation_failed",
    )
    again = admin.create({"email": "x@example.com", "id": user["id"]})
    assert await refused(again) == (422, "user_already_exists")
    assert await admin.get(user["id"].upper()) == user
    changed = await admin.update(user["id"], {"user_metadata": {"a": 1}, "email": "b@example.com"})
    assert changed["email"] == "b@example.com"
    assert changed["app_metadata"]["role"] == "manager"
    await admin.delete(user["id"])
    assert await refused(admin.get(user["id"])) == (404, "user_not_found")
    assert await refused(admin.update(user["id"], {})) == (404, "user_not_found")
    assert await refused(admin.delete(user["id"])) == (404, "user_not_found")
    assert await refused(admin.get("7")) == (404, "validation_failed")


@both_stores
async def test_an_unconfirmed_or_banned_user_cannot_sign_in(
    accounts: Accounts, verifier: Verifier, clock: FakeClock
) -> None:
    user = await accounts.admin.create(ANN)
    assert await refused(accounts.sign_in(ANN, HERE)) == (400, "email_not_confirmed")
    await accounts.admin.update(user["id"], {"email_confirm": True})
    body = await accounts.sign_in(ANN, HERE)
    await accounts.admin.update(user["id"], {"ban_duration": "1h30m"})
    assert await refusal(verifier, body["access_token"]) == "invalid_token"
    assert await refused(accounts.sign_in(ANN, HERE)) == (400, "user_banned")
    await clock.advance(5401)
    assert await accounts.sign_in(ANN, HERE)
    await accounts.admin.update(user["id"], {"ban_duration": "9999999h"})
    await accounts.admin.update(user["id"], {"ban_duration": "none"})
    assert await accounts.sign_in(ANN, HERE)
    bad = accounts.admin.update(user["id"], {"ban_duration": "for ever"})
    assert await refused(bad) == (400, "validation_failed")


@both_stores
async def test_users_are_listed_newest_first_and_counted(
    accounts: Accounts, clock: FakeClock
) -> None:
    for number in range(5):
        await accounts.admin.create({"email": f"u{number}@example.com"})
        await clock.advance(1)
    users, total = await accounts.admin.page("2", "2")
    assert total == 5
    assert [user["email"] for user in users] == ["u2@example.com", "u1@example.com"]
    assert (await accounts.admin.page("9", "2"))[0] == []
    for page in ("0", "-1", "x", "1.5", "²", "9" * 5000):
        assert await refused(accounts.admin.page(page, "")) == (400, "validation_failed")


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
