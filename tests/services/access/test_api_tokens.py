"""Tokens for programs: shown once, hash only, read-only kind, last use, expiry, revocation."""

from typing import Any

import pytest

from services.access.service import Access
from services.access.types import TokenKind
from services.accounts.service import Accounts
from services.accounts.types import TokenRefusedError
from services.accounts.verifier import Verifier
from services.foundation.errors import InputError
from services.foundation.redact import redact
from services.settings.types import Env
from tests.services.access.conftest import OpenAccess
from tests.support.clock import FakeClock


async def test_a_token_is_who_it_was_made_for(access: Access, clock: FakeClock) -> None:
    full = await access.admin.make_token("ci", TokenKind.FULL, None)
    reader = await access.admin.make_token(" grafana  agent ", TokenKind.READ_ONLY, 30)
    caller = access.caller_of_token(full.secret)
    assert caller is not None
    assert (caller.user_id, caller.is_admin, caller.is_read_only) == ("token:ci", True, False)
    caller = access.caller_of_token(reader.secret)
    assert caller is not None
    assert (caller.user_id, caller.is_read_only) == ("token:grafana agent", True)
    assert full.secret.startswith(full.token.prefix)
    assert len(full.token.prefix) == 10
    assert access.tokens()[0].last_used_at == clock.now()
    assert full.secret not in redact(f"it was {full.secret}")
    assert full.token.prefix in redact(f"it was {full.token.prefix}")


@pytest.mark.parametrize("secret", ["", "gbc_", "gbc_" + "x" * 40, "gbc_" + "x" * 5000, "é" * 40])
async def test_what_is_no_token_is_nobody(access: Access, secret: str) -> None:
    assert access.caller_of_token(secret) is None


async def test_a_revoked_or_expired_token_is_refused_at_once(
    access: Access, open_access: OpenAccess, clock: FakeClock
) -> None:
    revoked = await access.admin.make_token("a", TokenKind.FULL, None)
    expiring = await access.admin.make_token("b", TokenKind.FULL, 1)
    assert access.caller_of_token(revoked.secret) is not None
    await access.admin.revoke_token(revoked.token.id)
    assert access.caller_of_token(revoked.secret) is None
    await clock.advance(86_399)
    assert access.caller_of_token(expiring.secret) is not None
    await clock.advance(1)
    assert access.caller_of_token(expiring.secret) is None
    again = open_access()
    assert again.caller_of_token(revoked.secret) is None
    assert [one.name for one in again.tokens()] == ["b", "a"]


async def test_the_verifier_takes_tokens_and_forgets_none_of_their_ends(
    access: Access, database: Any, clock: FakeClock, secrets: Any, env: Env
) -> None:
    accounts = Accounts(database, clock, secrets, env)
    accounts.load()
    verifier = Verifier(accounts, clock, env)
    verifier.api_tokens = access.caller_of_token
    made = await access.admin.make_token("ci", TokenKind.FULL, None)
    assert (await verifier.verify(made.secret)).user_id == "token:ci"
    assert verifier.cached(made.secret) is not None
    await access.admin.revoke_token(made.token.id)
    assert verifier.cached(made.secret) is None
    with pytest.raises(TokenRefusedError) as refused:
        await verifier.verify(made.secret)
    assert refused.value.code == "invalid_token"
    assert made.secret not in str(refused.value)


async def test_last_use_is_kept(access: Access, open_access: OpenAccess, clock: FakeClock) -> None:
    made = await access.admin.make_token("ci", TokenKind.FULL, None)
    await clock.advance(5)
    access.caller_of_token(made.secret)
    await access.sweep()
    assert open_access().tokens()[0].last_used_at == clock.now()


@pytest.mark.parametrize(
    ("name", "days"), [("", 1), ("x" * 81, 1), ("a\x00b", 1), ("a", 0), ("a", 9999)]
)
async def test_a_token_has_a_plain_name_and_a_sane_end(
    access: Access, name: str, days: int
) -> None:
    with pytest.raises(InputError):
        await access.admin.make_token(name, TokenKind.FULL, days)
