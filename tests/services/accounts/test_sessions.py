"""Refresh with rotation: grace, reuse, many at once, sign-out scopes."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.accounts import AccountSessionRow, AccountUserRow
from services.accounts.service import Accounts
from services.accounts.types import Origin, SignInRefusedError
from services.accounts.verifier import Verifier
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.postgres import both_stores
from tests.support.tokens import at_once, build_accounts, refusal

HERE = Origin("127.0.0.1")
ANN = {"email": "ann@example.com", "password": "secret1"}


async def refresh(accounts: Accounts, token: object) -> dict[str, Any]:
    return await accounts.refresh({"refresh_token": token}, HERE)


async def word(accounts: Accounts, token: object) -> str:
    """The word a refresh is refused with, or an empty text."""
    try:
        await refresh(accounts, token)
    except SignInRefusedError as error:
        return error.code if error.status == 400 else f"{error.status} {error.code}"
    return ""


@both_stores
async def test_a_refresh_gives_a_new_pair_of_the_same_session(
    accounts: Accounts, verifier: Verifier, clock: FakeClock
) -> None:
    first = await accounts.sign_up(ANN, HERE)
    await clock.advance(5)
    second = await refresh(accounts, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["expires_at"] == first["expires_at"] + 5
    before = (await verifier.verify(first["access_token"])).claims
    after = (await verifier.verify(second["access_token"])).claims
    assert before["session_id"] == after["session_id"]
    assert after["amr"] == before["amr"]  # how and when somebody signed in does not change


async def test_the_token_before_stays_good_for_ten_seconds_and_gives_the_same_one(
    accounts: Accounts, clock: FakeClock
) -> None:
    first = await accounts.sign_up({}, HERE)
    second = await refresh(accounts, first["refresh_token"])
    await clock.advance(10)
    again = await refresh(accounts, first["refresh_token"])
    assert again["refresh_token"] == second["refresh_token"]
    third = await refresh(accounts, second["refresh_token"])
    assert third["refresh_token"] != second["refresh_token"]


@both_stores
async def test_later_reuse_ends_the_session_for_thief_and_owner(
    accounts: Accounts, verifier: Verifier, clock: FakeClock
) -> None:
    first = await accounts.sign_up({}, HERE)
    second = await refresh(accounts, first["refresh_token"])
    await verifier.verify(second["access_token"])
    await clock.advance(10.5)
    assert await word(accounts, first["refresh_token"]) == "refresh_token_already_used"
    assert await word(accounts, second["refresh_token"]) == "session_not_found"
    assert verifier.cached(second["access_token"]) is None
    assert await refusal(verifier, second["access_token"]) == "invalid_token"
    with pytest.raises(SignInRefusedError) as refused:
        await accounts.own.user(second["access_token"])
    assert refused.value.code == "session_not_found"


async def test_a_token_from_two_rotations_ago_ends_the_session_even_within_the_grace(
    accounts: Accounts,
) -> None:
    first = await accounts.sign_up({}, HERE)
    second = await refresh(accounts, first["refresh_token"])
    third = await refresh(accounts, second["refresh_token"])
    assert await word(accounts, first["refresh_token"]) == "refresh_token_already_used"
    assert await word(accounts, third["refresh_token"]) == "session_not_found"


@both_stores
async def test_twenty_refreshes_at_once_leave_one_session_with_one_new_token(
    accounts: Accounts, clock: FakeClock
) -> None:
    first = await accounts.sign_up(ANN, HERE)
    bodies = await at_once(20, lambda: refresh(accounts, first["refresh_token"]))
    newest = {body["refresh_token"] for body in bodies}
    assert len(newest) == 1
    await clock.advance(60)
    assert await word(accounts, newest.pop()) == ""


@pytest.mark.parametrize(
    "token", ["", "abcdefghijkl", "x" * 48, "A" * 48, "A" * 100_000, "!", "é", 7, ["a"], {"a": 1}]
)
async def test_a_refresh_token_we_never_made_is_not_found(token: Any, accounts: Accounts) -> None:
    expected = "validation_failed" if token == "" else "refresh_token_not_found"
    assert await word(accounts, token) == expected


async def test_a_changed_refresh_token_is_not_found_and_harms_nobody(accounts: Accounts) -> None:
    first = await accounts.sign_up({}, HERE)
    token: str = first["refresh_token"]
    for place in range(0, len(token), 5):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert await word(accounts, changed) == "refresh_token_not_found"
    assert await word(accounts, token) == ""


async def test_a_refresh_token_of_another_installation_is_not_found(
    accounts: Accounts, store: Database, clock: FakeClock, env: Env, tmp_path: Any
) -> None:
    body = await accounts.sign_up({}, HERE)
    elsewhere = build_accounts(store, clock, Secrets(tmp_path / "other"), env)
    assert await word(elsewhere, body["refresh_token"]) == "refresh_token_not_found"


async def test_a_refresh_works_after_a_restart(
    accounts: Accounts, store: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    body = await accounts.sign_up({}, HERE)
    after = build_accounts(store, clock, secrets, env)
    assert await word(after, body["refresh_token"]) == ""


@both_stores
async def test_nothing_in_the_store_could_be_used_to_sign_in(
    accounts: Accounts, store: Database
) -> None:
    body = await accounts.sign_up(ANN, HERE)
    body = await refresh(accounts, body["refresh_token"])
    tables = (AccountUserRow, AccountSessionRow)
    stored = await store.read(
        lambda session: repr([list(session.exec(select(table)).all()) for table in tables])
    )
    assert "argon2id" in stored
    for secret in (body["refresh_token"], body["access_token"], ANN["password"]):
        assert secret not in stored


@both_stores
@pytest.mark.parametrize(
    ("scope", "left"),
    [("local", [True, False, True]), ("others", [False, True, False]), ("global", [False] * 3)],
)
async def test_sign_out_ends_what_its_scope_says(
    scope: str, left: list[bool], accounts: Accounts, verifier: Verifier
) -> None:
    bodies = [await accounts.sign_up(ANN, HERE)]
    bodies += [await accounts.sign_in(ANN, HERE) for _ in range(2)]
    somebody = await accounts.sign_up({}, HERE)
    await accounts.own.sign_out(bodies[1]["access_token"], scope)
    alive = [await refusal(verifier, body["access_token"]) == "" for body in bodies]
    assert alive == left
    words = [await word(accounts, body["refresh_token"]) for body in bodies]
    assert words == ["" if kept else "refresh_token_not_found" for kept in left]
    assert await refusal(verifier, somebody["access_token"]) == ""


@both_stores
async def test_a_refresh_and_a_sign_out_at_once_never_leave_a_live_token(
    accounts: Accounts, verifier: Verifier
) -> None:
    for _ in range(10):
        body = await accounts.sign_up({}, HERE)
        results = await asyncio.gather(
            refresh(accounts, body["refresh_token"]),
            accounts.own.sign_out(body["access_token"], "global"),
            return_exceptions=True,
        )
        assert results[1] is None
        refreshed = results[0]
        if isinstance(refreshed, dict):
            assert await word(accounts, refreshed["refresh_token"]) == "refresh_token_not_found"
        assert await word(accounts, body["refresh_token"]) == "refresh_token_not_found"


async def test_the_memory_of_live_sessions_is_bounded(
    accounts: Accounts, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.sessions._MAX_LIVE", 3)
    bodies = [await accounts.sign_up({}, HERE) for _ in range(6)]
    assert len(accounts.sessions._live) == 3
    for body in bodies:
        assert await refusal(verifier, body["access_token"]) == ""
