"""Who calls: our own tokens, the operator, rights, and what is remembered for how long."""

import json
from dataclasses import replace
from typing import Any

import jwt
import pytest

from db.engine import Database
from services.accounts.service import Accounts
from services.accounts.types import Caller, Origin, UserType
from services.accounts.verifier import Verifier
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import (
    ProjectKey,
    build_accounts,
    project_env,
    refusal,
    user_claims,
)

HERE = Origin("127.0.0.1")
SECRET = "a shared secret of a legacy project, long enough"


async def anonymous_token(accounts: Accounts) -> str:
    return (await accounts.sign_up({}, HERE))["access_token"]


async def test_our_own_tokens_are_accepted_and_tell_who_calls(
    accounts: Accounts, verifier: Verifier
) -> None:
    body = await accounts.sign_up({"email": "Ann@Example.com", "password": "secret1"}, HERE)
    caller = await verifier.verify(body["access_token"])
    assert caller.user_id == body["user"]["id"]
    assert caller.user_type is UserType.PERMANENT
    assert caller.email == "ann@example.com"
    assert caller.expires_at == body["expires_at"]
    assert not caller.is_admin
    assert not caller.is_operator
    assert not caller.is_test
    anonymous = await verifier.verify(await anonymous_token(accounts))
    assert anonymous.user_type is UserType.ANONYMOUS


async def test_an_independent_library_accepts_our_tokens(accounts: Accounts, env: Env) -> None:
    token = await anonymous_token(accounts)
    key = jwt.PyJWK(accounts.jwks()["keys"][0])
    claims = jwt.decode(
        token,
        key,
        ["ES256"],
        audience="authenticated",
        issuer=f"{env.public_url}/auth/v1",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["is_anonymous"] is True
    assert claims["amr"][0]["method"] == "anonymous"
    assert claims["aal"] == "aal1"
    assert jwt.get_unverified_header(token)["kid"] == accounts.jwks()["keys"][0]["kid"]


async def test_localhost_and_127_0_0_1_are_the_same_console(
    accounts: Accounts, verifier: Verifier, clock: FakeClock, env: Env
) -> None:
    for name in ("127.0.0.1", "localhost"):
        claims = user_claims(clock.now(), iss=f"http://{name}:{env.port}/auth/v1")
        assert await refusal(verifier, accounts.keys.sign(claims)) == ""
    other_port = user_claims(clock.now(), iss=f"http://localhost:{env.port + 1}/auth/v1")
    assert await refusal(verifier, accounts.keys.sign(other_port)) == "issuer_not_allowed"


async def test_a_single_accepted_issuer_has_its_own_word(
    database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    public = replace(env, public_url="https://console.example")
    accounts = build_accounts(database, clock, secrets, public)
    verifier = Verifier(accounts, clock, public)
    assert await refusal(verifier, await anonymous_token(accounts)) == ""
    foreign = accounts.keys.sign(user_claims(clock.now()))
    assert await refusal(verifier, foreign) == "invalid_issuer"


async def test_our_issuer_is_never_checked_with_a_project_key_nor_the_reverse(
    accounts: Accounts, verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    ours_by_them = project_key.sign(user_claims(clock.now(), iss=accounts.issuer))
    theirs_by_us = accounts.keys.sign(user_claims(clock.now()))
    assert await refusal(verifier, ours_by_them) == "invalid_token"
    assert await refusal(verifier, theirs_by_us) == "jwks_key_not_found"


async def test_the_anon_and_service_keys_are_no_user_tokens(
    accounts: Accounts, verifier: Verifier
) -> None:
    assert await refusal(verifier, accounts.anon_key) != ""
    assert await refusal(verifier, accounts.service_key) != ""
    role = jwt.decode(accounts.service_key, options={"verify_signature": False})["role"]
    assert role == "service_role"


async def test_the_operator_token_makes_an_admin(accounts: Accounts, verifier: Verifier) -> None:
    expected = Caller("operator", UserType.PERMANENT, is_operator=True, is_admin=True)
    assert await verifier.verify(accounts.operator_token) == expected
    assert verifier.cached(accounts.operator_token) == expected
    assert await refusal(verifier, accounts.operator_token[:-1]) == "invalid_token_header"


@pytest.mark.parametrize(
    ("change", "is_admin"),
    [
        ({"app_metadata": {"role": "admin"}}, True),
        ({"app_metadata": {"role": "manager"}}, True),
        ({"app_metadata": {"is_admin": True}}, True),
        ({"app_metadata": {"is_admin": "yes"}}, False),
        ({"app_metadata": {"role": "user"}}, False),
        ({"app_metadata": ["admin"]}, False),
        ({"user_metadata": {"role": "admin", "is_admin": True}}, False),
        ({"role": "admin"}, False),
        ({"app_metadata": {"role": "admin"}, "is_anonymous": True}, False),
        ({"sub": "listed-as-admin"}, True),
    ],
)
async def test_who_is_an_llm_admin(
    change: dict[str, Any], is_admin: bool, accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    key = ProjectKey("static")
    wanted = replace(
        project_env(env, static_jwk=json.dumps(key.jwk)), llm_admin_uids=("listed-as-admin",)
    )
    verifier = Verifier(accounts, clock, wanted)
    caller = await verifier.verify(key.sign(user_claims(clock.now(), **change)))
    assert caller.is_admin is is_admin


async def test_users_of_our_own_e2e_are_recognised(
    accounts: Accounts, verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    async def is_test(**change: Any) -> bool:
        token = project_key.sign(user_claims(clock.now(), **change))
        return (await verifier.verify(token)).is_test

    assert await is_test(email="daily_0123456789@example.com")
    assert await is_test(app_metadata={"source": "daily_e2e"})
    assert not await is_test(email="daily_0123456789@else.example")
    assert not await is_test(email="paul@example.com")
    assert not await is_test(user_metadata={"source": "daily_e2e"})
    local = await accounts.sign_up({"data": {"source": "daily_e2e"}}, HERE)
    assert (await verifier.verify(local["access_token"])).is_test
    remote = await accounts.sign_up({"data": {"source": "daily_e2e"}}, Origin("192.0.2.7"))
    assert not (await verifier.verify(remote["access_token"])).is_test


async def test_a_good_token_is_remembered_for_a_minute(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    token = project_key.sign(user_claims(clock.now()))
    assert verifier.cached(token) is None
    caller = await verifier.verify(token)
    await clock.advance(59)
    assert verifier.cached(token) is caller
    await clock.advance(1)
    assert verifier.cached(token) is None
    assert await verifier.verify(token) == caller


async def test_nothing_is_remembered_beyond_its_end(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    end = int(clock.now().timestamp()) + 20
    token = project_key.sign(user_claims(clock.now(), exp=end))
    await verifier.verify(token)
    await clock.advance(19)
    assert verifier.cached(token) is not None
    await clock.advance(1)
    assert verifier.cached(token) is None
    assert await refusal(verifier, token) == ""  # the leeway still holds, the memory does not
    assert verifier.cached(token) is None
    await clock.advance(120)
    assert await refusal(verifier, token) == "token_expired"


async def test_the_memory_is_bounded(
    verifier: Verifier,
    clock: FakeClock,
    project_key: ProjectKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.accounts.verifier._MAX_CACHED", 3)
    tokens = [project_key.sign(user_claims(clock.now(), sub=f"user-{n}")) for n in range(5)]
    for token in tokens:
        await verifier.verify(token)
    assert [verifier.cached(token) is not None for token in tokens] == [
        False,
        False,
        True,
        True,
        True,
    ]
    long = project_key.sign(user_claims(clock.now(), filler="x" * 5000))
    await verifier.verify(long)
    assert verifier.cached(long) is None


async def test_the_counts_tell_how_many_were_good(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    assert verifier.counts.success_rate is None
    token = project_key.sign(user_claims(clock.now()))
    await verifier.verify(token)
    verifier.cached(token)
    await verifier.verify(token)
    await refusal(verifier, "nonsense")
    assert (verifier.counts.total, verifier.counts.successful) == (4, 3)
    assert verifier.counts.success_rate == 0.75
