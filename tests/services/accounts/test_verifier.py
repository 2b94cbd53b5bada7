"""Sources of keys, rights, what is remembered and for how long, and sessions that ended."""

import json
import logging
from dataclasses import replace
from typing import Any

import jwt
import pytest

from db.engine import Database
from db.errors import DatabaseUnavailableError
from services.accounts.service import Accounts
from services.accounts.types import Caller, Origin, TokenRefusedError, UserType
from services.accounts.verifier import Verifier
from services.foundation.errors import InputError
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import (
    PROJECT_ISSUER,
    SUBJECT,
    KeyServer,
    ProjectKey,
    b64,
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


async def test_a_shared_secret_checks_hs256_and_nothing_else(
    accounts: Accounts, clock: FakeClock, env: Env, jwks: KeyServer, project_key: ProjectKey
) -> None:
    verifier = Verifier(accounts, clock, project_env(env, jwks_url=jwks.url, hmac_secret=SECRET))
    claims = user_claims(clock.now())
    assert await refusal(verifier, jwt.encode(claims, SECRET, "HS256")) == ""
    assert await refusal(verifier, jwt.encode(claims, SECRET + "!", "HS256")) == "invalid_token"
    ours = {**claims, "iss": accounts.issuer}
    assert await refusal(verifier, jwt.encode(ours, SECRET, "HS256")) == "hmac_key_not_found"
    assert await refusal(verifier, project_key.sign(claims)) == ""


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
async def test_a_static_key_needs_no_network(
    alg: str, accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    key = ProjectKey("static", alg)
    verifier = Verifier(accounts, clock, project_env(env, static_jwk=json.dumps(key.jwk)))
    claims = user_claims(clock.now())
    assert await refusal(verifier, key.sign(claims)) == ""
    # The only key of a one-key set is used when no kid matches; the signature decides.
    assert await refusal(verifier, key.sign(claims, kid="")) == ""
    assert await refusal(verifier, key.sign(claims, kid="renamed")) == ""
    assert await refusal(verifier, ProjectKey("static", alg).sign(claims)) == "invalid_token"


async def test_a_static_oct_key_is_a_shared_secret(
    accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    jwk = {"kty": "oct", "k": b64(SECRET.encode()), "kid": "old"}
    verifier = Verifier(accounts, clock, project_env(env, static_jwk=json.dumps({"keys": [jwk]})))
    claims = user_claims(clock.now())
    assert await refusal(verifier, jwt.encode(claims, SECRET, "HS256")) == ""
    named = jwt.encode(claims, SECRET, "HS256", headers={"kid": "old"})
    assert await refusal(verifier, named) == ""


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "{}", '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}', '{"kty":"oct","k":""}'],
)
def test_a_static_key_that_is_none_is_named_at_the_start(
    text: str, accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    with pytest.raises(InputError, match="SUPABASE_JWK"):
        Verifier(accounts, clock, project_env(env, static_jwk=text))


async def test_a_weak_rsa_key_is_not_used(accounts: Accounts, clock: FakeClock, env: Env) -> None:
    modulus = b64(((1 << 1023) | 1).to_bytes(128))
    with pytest.raises(InputError, match="SUPABASE_JWK"):
        Verifier(
            accounts,
            clock,
            project_env(env, static_jwk=json.dumps({"kty": "RSA", "n": modulus, "e": "AQAB"})),
        )


async def test_further_issuers_and_a_missing_audience_follow_the_environment(
    accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    key = ProjectKey("static")
    rules = {"static_jwk": json.dumps(key.jwk), "allowed_issuers": ("https://more.example/",)}
    verifier = Verifier(accounts, clock, project_env(env, **rules, audience="", require_nbf=True))
    now = int(clock.now().timestamp())

    async def word(**change: Any) -> str:
        return await refusal(verifier, key.sign(user_claims(clock.now(), **change)))

    assert await word(iss="https://more.example", aud=None, nbf=now) == ""
    assert await word(aud="anybody", nbf=now) == ""
    assert await word() == "invalid_token"  # nbf is required here


async def test_an_iat_limit_below_the_leeway_has_its_own_word(
    accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    key = ProjectKey("static")
    verifier = Verifier(
        accounts, clock, project_env(env, static_jwk=json.dumps(key.jwk), max_future_iat_s=30)
    )
    ahead = int(clock.now().timestamp()) + 60
    token = key.sign(user_claims(clock.now(), iat=ahead, exp=ahead + 600))
    assert await refusal(verifier, token) == "iat_too_future"


async def test_a_life_of_more_than_a_day_is_accepted_and_warned_about_once(
    verifier: Verifier,
    clock: FakeClock,
    project_key: ProjectKey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def token(hours: int, name: str) -> str:
        end = int(clock.now().timestamp()) + hours * 3600
        return project_key.sign(user_claims(clock.now(), exp=end, sub=name))

    with caplog.at_level(logging.WARNING):
        assert await refusal(verifier, token(24, "a")) == ""
        assert not caplog.records
        assert await refusal(verifier, token(25, "b")) == ""
        assert await refusal(verifier, token(26, "c")) == ""
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == 1
    assert PROJECT_ISSUER in warned[0]
    assert "eyJ" not in warned[0]


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


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "eyJ.a.b"])
def test_a_header_without_a_bearer_token_is_unauthorized(header: str | None) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        Verifier.bearer(header)
    assert refused.value.code == "unauthorized"
    assert Verifier.bearer("bearer abc") == "abc"


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
