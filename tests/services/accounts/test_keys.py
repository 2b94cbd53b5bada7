"""The signing keys: made once, rotated, retired, and loud when damaged."""

import jwt
import pytest

from services.accounts.keys import KEEP_RETIRED_S, KEY_FILE, KeyRing
from services.accounts.service import Accounts
from services.accounts.types import Origin
from services.accounts.verifier import Verifier
from services.foundation.errors import StoreError
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import refusal, user_claims


def test_the_pair_is_made_at_the_first_start_and_kept(
    clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    first = KeyRing(secrets, clock)
    first.load()
    second = KeyRing(Secrets(env.secrets_dir), clock)
    second.load()
    assert first.jwks() == second.jwks()
    assert (env.secrets_dir / KEY_FILE).stat().st_mode & 0o777 == 0o600
    key = first.jwks()["keys"][0]
    assert {name: key[name] for name in ("kty", "crv", "alg", "use", "key_ops")} == {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "key_ops": ["verify"],
    }
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"}  # nothing private


async def test_rotation_keeps_tokens_already_made_good_until_they_end(
    accounts: Accounts, verifier: Verifier, clock: FakeClock
) -> None:
    old = (await accounts.sign_up({}, Origin("127.0.0.1")))["access_token"]
    old_kid = accounts.jwks()["keys"][0]["kid"]
    new_kid = accounts.rotate()
    assert [key["kid"] for key in accounts.jwks()["keys"]] == [new_kid, old_kid]
    new = (await accounts.sign_up({}, Origin("127.0.0.1")))["access_token"]
    assert jwt.get_unverified_header(new)["kid"] == new_kid
    assert await refusal(verifier, old) == ""
    assert await refusal(verifier, new) == ""
    await clock.advance(KEEP_RETIRED_S)
    assert [key["kid"] for key in accounts.jwks()["keys"]] == [new_kid]
    fresh = user_claims(clock.now(), iss=accounts.issuer)
    assert await refusal(verifier, accounts.keys.sign(fresh)) == ""


async def test_a_retired_key_signs_nothing_after_its_time(
    accounts: Accounts, verifier: Verifier, clock: FakeClock, secrets: Secrets
) -> None:
    thief = KeyRing(secrets, clock)
    thief.load()
    accounts.rotate()
    await clock.advance(KEEP_RETIRED_S)
    claims = user_claims(clock.now(), iss=accounts.issuer)
    assert await refusal(verifier, thief.sign(claims)) == "invalid_token"


def test_rotations_survive_a_restart_without_any_old_private_key(
    accounts: Accounts, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    for _ in range(3):
        accounts.rotate()
    after = KeyRing(secrets, clock)
    after.load()
    assert after.jwks() == accounts.jwks()
    assert len(after.jwks()["keys"]) == 4
    assert (env.secrets_dir / KEY_FILE).read_bytes().count(b"PRIVATE KEY") == 2  # one PEM


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"private":7,"retired":[]}', b'{"private":"x","retired":[]}']
)
def test_a_damaged_key_file_is_named_and_not_replaced(
    content: bytes, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    (env.secrets_dir / KEY_FILE).write_bytes(content)
    with pytest.raises(StoreError, match=KEY_FILE):
        KeyRing(secrets, clock).load()
    assert (env.secrets_dir / KEY_FILE).read_bytes() == content


def test_a_rotation_that_cannot_be_saved_changes_nothing(
    accounts: Accounts, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = accounts.jwks()

    def full(_name: str, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(secrets, "write_file", full)
    with pytest.raises(StoreError, match="No space left"):
        accounts.rotate()
    assert accounts.jwks() == before
