"""Keys and rules from the environment: shared secret, static key, issuers, audience."""

import json
import logging
from typing import Any

import jwt
import pytest

from services.accounts.service import Accounts
from services.accounts.types import Origin
from services.accounts.verifier import Verifier
from services.foundation.errors import InputError
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import (
    PROJECT_ISSUER,
    KeyServer,
    ProjectKey,
    b64,
    project_env,
    refusal,
    user_claims,
)

HERE = Origin("127.0.0.1")
SECRET = "a shared secret of a legacy project, long enough"


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
