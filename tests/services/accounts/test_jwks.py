"""The key set of a project: fetched when needed, cached, and used on while it is down."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.accounts.service import Accounts
from services.accounts.types import KeySetState, TokenRefusedError
from services.accounts.verifier import Verifier
from services.settings.types import Env
from tests.support.clock import FakeClock, settle
from tests.support.tokens import (
    KeyServer,
    ProjectKey,
    at_once,
    b64,
    project_env,
    refusal,
    user_claims,
)


@pytest.fixture
async def patient(
    accounts: Accounts, clock: FakeClock, env: Env, jwks: KeyServer
) -> AsyncIterator[Verifier]:
    """Keeps keys for 100 s."""
    verifier = Verifier(accounts, clock, project_env(env, jwks_url=jwks.url, jwks_ttl_s=100))
    yield verifier
    await verifier.close()


async def until_idle(verifier: Verifier) -> None:
    """Wait until a refresh in the background has ended."""
    remote = verifier._remote
    assert remote is not None
    for task in tuple(remote._tasks._running):
        await task
    await settle()


async def test_keys_are_asked_for_once_and_shared_by_all_who_wait(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    jwks.delay_s = 0.05
    tokens = iter([project_key.sign(user_claims(clock.now(), sub=f"u{n}")) for n in range(20)])
    words = await at_once(20, lambda: refusal(verifier, next(tokens)))
    assert words == [""] * 20
    assert jwks.asked == 1


async def test_old_keys_serve_while_new_ones_are_fetched(
    patient: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    await clock.advance(101)
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    await until_idle(patient)
    assert jwks.asked == 2


async def test_a_key_that_was_taken_out_is_refused_after_the_next_fetch(
    patient: Verifier,
    clock: FakeClock,
    jwks: KeyServer,
    project_key: ProjectKey,
    second_key: ProjectKey,
) -> None:
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    jwks.keys = [second_key.jwk, ProjectKey("project-3").jwk]
    await clock.advance(101)
    await refusal(patient, second_key.sign(user_claims(clock.now())))
    await until_idle(patient)
    assert (
        await refusal(patient, project_key.sign(user_claims(clock.now()))) == "jwks_key_not_found"
    )


async def test_a_new_key_is_found_by_its_unknown_kid(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    await refusal(verifier, project_key.sign(user_claims(clock.now())))
    fresh = ProjectKey("project-3")
    jwks.keys = [*jwks.keys, fresh.jwk]
    await clock.advance(30)
    assert await refusal(verifier, fresh.sign(user_claims(clock.now()))) == ""
    assert jwks.asked == 2


async def test_unknown_kids_ask_again_at_most_every_30_seconds(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    await refusal(verifier, project_key.sign(user_claims(clock.now())))
    await clock.advance(31)
    for number in range(20):
        token = ProjectKey(f"thief-{number}").sign(user_claims(clock.now()))
        assert await refusal(verifier, token) == "jwks_key_not_found"
    assert jwks.asked == 2
    await clock.advance(30)
    await refusal(verifier, ProjectKey("thief-x").sign(user_claims(clock.now())))
    assert jwks.asked == 3


@pytest.mark.parametrize("trouble", ["500", "html", "no list", "empty", "huge", "redirect", "deep"])
async def test_known_keys_stay_in_use_while_the_key_set_is_down(
    trouble: str, patient: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    jwks.status = {"500": 500, "redirect": 302}.get(trouble, 200)
    jwks.body = {
        "html": b"<html>please pay for the network</html>",
        "no list": b'{"keys":{"a":1}}',
        "empty": b'{"keys":[]}',
        "huge": b" " * 300_000,
        "deep": b"[" * 100_000,
    }.get(trouble)
    for _ in range(5):
        await clock.advance(101)
        assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
        await until_idle(patient)
    assert jwks.asked == 6
    probe = await patient.probe()
    assert not probe.ok
    assert probe.error
    jwks.status, jwks.body = 200, None
    await clock.advance(60)
    assert (await patient.probe()).ok


async def test_without_any_key_the_word_says_so_and_recovery_is_quick(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    jwks.status = 503
    tokens = [project_key.sign(user_claims(clock.now(), sub=f"u{n}")) for n in range(5)]
    for token in tokens:
        assert await refusal(verifier, token) == "jwks_key_not_found"
    assert jwks.asked == 1  # a dead server is not asked for each token
    jwks.status = 200
    await clock.advance(30)
    assert await refusal(verifier, tokens[0]) == ""


async def test_a_rotated_set_is_verified_within_30_seconds_and_called_rotating(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    """R33."""
    assert await refusal(verifier, project_key.sign(user_claims(clock.now()))) == ""
    fresh = ProjectKey("project-3")
    jwks.keys = [fresh.jwk]
    await clock.advance(10)
    with pytest.raises(TokenRefusedError) as refused:
        await verifier.verify(fresh.sign(user_claims(clock.now())))
    assert refused.value.code == "jwks_key_not_found"
    assert "asked again within 30 s" in refused.value.detail
    assert (await verifier.probe()).state is KeySetState.ROTATING
    await clock.advance(20)
    assert await refusal(verifier, fresh.sign(user_claims(clock.now()))) == ""
    assert (await verifier.probe()).state is KeySetState.ROTATING
    await clock.advance(30)
    assert (await verifier.probe()).state is KeySetState.LIVE


async def test_known_keys_are_believed_for_a_day_and_then_nothing_is_judged(
    patient: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    """R34: not judged, which is not the same as forged."""
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    jwks.status = 503
    await clock.advance(86_000)
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    await until_idle(patient)
    assert (await patient.probe()).state is KeySetState.CACHED
    await clock.advance(500)
    with pytest.raises(TokenRefusedError) as refused:
        await patient.verify(project_key.sign(user_claims(clock.now())))
    assert refused.value.code == "jwks_key_not_found"
    assert "could not be judged" in refused.value.detail
    assert (await patient.probe()).state is KeySetState.UNKNOWN
    jwks.status = 200
    await clock.advance(31)
    assert await refusal(patient, project_key.sign(user_claims(clock.now()))) == ""
    assert (await patient.probe()).state is KeySetState.LIVE


async def test_a_token_from_a_clock_ten_minutes_ahead_says_which_clocks_differ(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    """R28."""
    ahead = user_claims(clock.now() + timedelta(minutes=10))
    with pytest.raises(TokenRefusedError) as refused:
        await verifier.verify(project_key.sign(ahead))
    assert refused.value.code == "token_not_yet_valid"
    assert "600 s ahead of this server's clock" in refused.value.detail


async def test_a_server_that_never_answers_is_given_up(
    accounts: Accounts, clock: FakeClock, env: Env, jwks: KeyServer, project_key: ProjectKey
) -> None:
    jwks.delay_s = 30
    hasty = replace(project_env(env, jwks_url=jwks.url), http_timeout_s=0.1)
    verifier = Verifier(accounts, clock, hasty)
    assert (
        await refusal(verifier, project_key.sign(user_claims(clock.now()))) == "jwks_key_not_found"
    )
    assert (await verifier.probe()).error


async def test_only_usable_public_keys_of_a_set_are_taken(
    verifier: Verifier, clock: FakeClock, jwks: KeyServer, project_key: ProjectKey
) -> None:
    """A shared secret from the network, an encryption key, a broken point: left out."""
    jwks.keys = [
        {"kty": "oct", "k": b64(b"a secret anybody can read, long enough"), "kid": "shared"},
        {**ProjectKey("enc").jwk, "use": "enc"},
        {**ProjectKey("broken").jwk, "x": b64(bytes(32))},
        {"kty": "EC", "crv": "P-521", "kid": "big"},
        project_key.jwk,
    ]
    jwks.body = json.dumps({"keys": [*jwks.keys, 7, None]}).encode()
    assert await refusal(verifier, project_key.sign(user_claims(clock.now()))) == ""
    # One usable key is left, so it is the only one of its set.
    assert await refusal(verifier, project_key.sign(user_claims(clock.now()), kid="")) == ""


async def test_without_a_project_the_probe_names_our_own_keys(
    accounts: Accounts, clock: FakeClock, env: Env
) -> None:
    probe = await Verifier(accounts, clock, env).probe()
    assert probe.ok
    assert probe.jwks_url == f"{env.public_url}/auth/v1/.well-known/jwks.json"
