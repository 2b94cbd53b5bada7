"""Every way to a token, and every failure of it recorded with its word."""

from sqlmodel import select

from db.engine import Database
from db.tables.identities import TestUserRow
from services.accounts.types import UserType
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.types import AnonMethod
from tests.support.identities import a_target
from tests.support.upstream import (
    Answer,
    FakeUpstream,
    gotrue_error,
)

ANONYMOUS, PERMANENT = UserType.ANONYMOUS, UserType.PERMANENT


async def rows(database: Database) -> list[TestUserRow]:
    return list(await database.read(lambda session: session.exec(select(TestUserRow)).all()))


async def test_anonymous_is_native_first_and_its_claim_is_read(
    identities: Identities, upstream: FakeUpstream
) -> None:
    signed = await identities.sign_in(a_target(upstream), ANONYMOUS)
    assert (signed.auth_mode, signed.error, signed.is_mismatch) == ("native", "", False)
    assert signed.token is not None
    assert signed.token.is_anonymous
    assert signed.token.user_id in upstream.auth.users
    call = upstream.calls[0]
    assert (call.name, call.body["options"]) == ("signup", {"anonymous": True})
    assert call.body["data"]["source"] == "daily_e2e"
    assert call.headers["apikey"] == upstream.auth.anon_key
    assert call.headers["authorization"] == f"Bearer {upstream.auth.anon_key}"


async def test_auto_falls_back_to_edge_and_its_permanent_claim_is_a_mismatch(
    identities: Identities, upstream: FakeUpstream
) -> None:
    upstream.auth.has_edge = True
    upstream.always("signup", gotrue_error(422, "anonymous_provider_disabled"))
    signed = await identities.sign_in(a_target(upstream), ANONYMOUS)
    assert (signed.auth_mode, signed.error, signed.is_mismatch) == ("edge", "", True)
    assert signed.token is not None
    assert not signed.created_user  # it may be shared: not ours to delete
    assert [call.name for call in upstream.calls] == ["signup", "edge"]


async def test_a_native_token_that_is_not_anonymous_is_a_mismatch(
    identities: Identities, upstream: FakeUpstream
) -> None:
    upstream.auth.anonymous_claim = False
    signed = await identities.sign_in(a_target(upstream), ANONYMOUS, anon_method=AnonMethod.NATIVE)
    assert signed.token is not None
    assert signed.is_mismatch


async def test_when_both_anonymous_ways_fail_the_native_word_is_kept(
    identities: Identities, upstream: FakeUpstream
) -> None:
    upstream.always("signup", gotrue_error(429, "over_request_rate_limit", retry_after="60"))
    signed = await identities.sign_in(a_target(upstream), ANONYMOUS)
    assert (signed.error, signed.server_word) == (
        "anonymous_auth_failed",
        "over_request_rate_limit",
    )
    assert (signed.status, signed.retry_after_s) == (429, 60)
    assert "edge: Function not found" in signed.detail


async def test_edge_alone_asks_edge_alone(identities: Identities, upstream: FakeUpstream) -> None:
    signed = await identities.sign_in(a_target(upstream), ANONYMOUS, anon_method=AnonMethod.EDGE)
    assert (signed.error, signed.status) == ("anonymous_auth_failed", 404)
    assert [call.name for call in upstream.calls] == ["edge"]


async def test_a_fixed_account_logs_in_and_makes_nobody(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    upstream.auth.add_user("a@b.cn", "secret-1")
    target = a_target(upstream, user_email="a@b.cn", user_password="secret-1")
    signed = await identities.sign_in(target, PERMANENT)
    assert (signed.auth_mode, signed.error, signed.created_user) == ("password", "", False)
    await identities.release(target, signed)
    assert len(upstream.auth.users) == 1
    assert await rows(database) == []


async def test_with_a_service_key_a_user_is_created_used_and_deleted(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    target = a_target(upstream, email_domain="gym.example")
    signed = await identities.sign_in(target, PERMANENT)
    assert (signed.auth_mode, signed.created_user) == ("signup", True)
    assert signed.token is not None
    assert signed.token.email.startswith("daily_")
    assert signed.token.email.endswith("@gym.example")
    assert len(signed.token.email) == len("daily_0123456789@gym.example")
    [row] = await rows(database)
    assert (row.kind, row.supabase_user_id) == ("e2e", signed.token.user_id)
    assert (row.password, row.refresh_token) == (None, None)
    await identities.release(target, signed)
    assert upstream.auth.users == {}
    assert await rows(database) == []
    await identities.release(target, signed)  # once more does no harm


async def test_the_intent_is_on_disk_before_the_user_is_made(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    seen: list[int] = []
    answer = upstream.auth.answer

    def watch(name: str, *rest: object) -> Answer:
        if name in ("admin_create", "signup"):
            seen.append(len(database.read_now(lambda s: s.exec(select(TestUserRow)).all())))
        return answer(name, *rest)  # pyright: ignore[reportArgumentType]

    upstream.auth.answer = watch  # pyright: ignore[reportAttributeAccessIssue]
    await identities.sign_in(a_target(upstream), PERMANENT)
    await identities.sign_in(a_target(upstream), ANONYMOUS)
    assert seen == [1, 2]


async def test_without_a_service_key_the_public_sign_up_is_used_and_used_again(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    target = a_target(upstream, service_key="")
    for _ in range(3):
        signed = await identities.sign_in(target, PERMANENT)
        assert (signed.auth_mode, signed.error) == ("email_signup", "")
        await identities.release(target, signed)
    assert len(upstream.auth.users) == 1
    assert [call.name for call in upstream.calls] == ["signup", "token", "token"]
    [row] = await rows(database)
    assert row.password is None
    assert await identities.sweep() == 1  # the known target has a service key by now
    assert upstream.auth.users == {}


async def test_a_kept_account_that_vanished_is_replaced(
    identities: Identities, upstream: FakeUpstream, secrets: Secrets
) -> None:
    target = a_target(upstream, service_key="")
    await identities.release(target, await identities.sign_in(target, PERMANENT))
    upstream.auth.users.clear()
    upstream.auth.passwords.clear()
    signed = await identities.sign_in(target, PERMANENT)
    assert signed.error == ""
    assert len(secrets.known_values()) == 1


async def test_a_project_that_wants_confirmation_gets_one_account_not_many(
    identities: Identities, upstream: FakeUpstream
) -> None:
    upstream.auth.confirms_mail = True
    target = a_target(upstream, service_key="")
    first = await identities.sign_in(target, PERMANENT)
    assert first.error == "supabase_login_missing_access_token"
    assert "confirmed" in first.detail
    upstream.answer("token", gotrue_error(400, "email_not_confirmed"))
    second = await identities.sign_in(target, PERMANENT)
    assert (second.error, second.server_word) == ("supabase_sign_in_failed", "email_not_confirmed")
    assert len(upstream.auth.users) == 1
