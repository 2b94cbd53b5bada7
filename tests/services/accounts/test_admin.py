"""What a user may do with its own account, and an administrator with everybody's."""

from typing import Any

import pytest

from services.accounts.service import Accounts
from services.accounts.types import Origin, SignInRefusedError
from services.accounts.verifier import Verifier
from tests.support.clock import FakeClock
from tests.support.postgres import both_stores
from tests.support.tokens import refusal

HERE = Origin("127.0.0.1")
AWAY = Origin("192.0.2.7")
ANN = {"email": "ann@example.com", "password": "secret1"}


async def refused(work: Any) -> tuple[int, str]:
    with pytest.raises(SignInRefusedError) as caught:
        await work
    return caught.value.status, caught.value.code


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
    await clock.advance(3606)
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
