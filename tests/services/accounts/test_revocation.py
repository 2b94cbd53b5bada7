"""Tokens of sessions that ended, here or elsewhere."""

from typing import Any

import jwt
import pytest

from db.engine import Database
from db.errors import DatabaseUnavailableError
from services.accounts.service import Accounts
from services.accounts.types import Origin
from services.accounts.verifier import Verifier
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import (
    SUBJECT,
    build_accounts,
    refusal,
    user_claims,
)

HERE = Origin("127.0.0.1")
SECRET = "a shared secret of a legacy project, long enough"


async def anonymous_token(accounts: Accounts) -> str:
    return (await accounts.sign_up({}, HERE))["access_token"]


async def test_a_signed_out_session_is_refused_at_once(
    accounts: Accounts, verifier: Verifier
) -> None:
    token = await anonymous_token(accounts)
    await verifier.verify(token)
    await accounts.own.sign_out(token, "global")
    assert verifier.cached(token) is None
    assert await refusal(verifier, token) == "invalid_token"


async def test_a_deleted_user_is_refused_at_once(accounts: Accounts, verifier: Verifier) -> None:
    body = await accounts.sign_up({}, HERE)
    await verifier.verify(body["access_token"])
    await accounts.admin.delete(body["user"]["id"])
    assert verifier.cached(body["access_token"]) is None
    assert await refusal(verifier, body["access_token"]) == "invalid_token"


async def test_a_session_ended_by_another_process_is_refused_within_a_minute(
    accounts: Accounts,
    verifier: Verifier,
    database: Database,
    clock: FakeClock,
    secrets: Secrets,
    env: Env,
) -> None:
    beside = build_accounts(database, clock, secrets, env)
    token = await anonymous_token(accounts)
    await clock.advance(30)
    await verifier.verify(token)
    await beside.own.sign_out(token, "global")
    assert verifier.cached(token) is not None
    await clock.advance(30)  # a minute after it was last known to be alive
    assert verifier.cached(token) is None
    assert await refusal(verifier, token) == "invalid_token"


async def test_a_session_survives_a_restart_and_so_does_its_end(
    accounts: Accounts, database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    kept, left = await anonymous_token(accounts), await anonymous_token(accounts)
    await accounts.own.sign_out(left, "local")
    after = build_accounts(database, clock, secrets, env)
    verifier = Verifier(after, clock, env)
    assert await refusal(verifier, kept) == ""
    assert await refusal(verifier, left) == "invalid_token"


async def test_a_token_of_ours_under_another_users_session_is_refused(
    accounts: Accounts, verifier: Verifier, clock: FakeClock
) -> None:
    body = await accounts.sign_up({}, HERE)
    session = jwt.decode(body["access_token"], options={"verify_signature": False})["session_id"]
    await clock.advance(61)
    claims = user_claims(clock.now(), iss=accounts.issuer, sub=SUBJECT, session_id=session)
    assert await refusal(verifier, accounts.keys.sign(claims)) == "invalid_token"


async def test_while_the_store_is_away_the_signature_decides(
    accounts: Accounts,
    verifier: Verifier,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = await anonymous_token(accounts)
    await clock.advance(61)

    def refuse(_query: Any) -> Any:
        raise DatabaseUnavailableError("locked", "test")

    monkeypatch.setattr(database, "read_now", refuse)
    assert await refusal(verifier, token) == ""
    monkeypatch.undo()
    await accounts.own.sign_out(token, "local")
    assert await refusal(verifier, token) == "invalid_token"
