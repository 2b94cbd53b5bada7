"""Every failure of a sign-in is a result with its word and leaves nobody behind."""

import asyncio
from dataclasses import replace

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.identities import TestUserRow
from services.accounts.types import UserType
from services.identities import service
from services.identities.service import Identities
from services.identities.types import SignIn
from services.secrets.service import Secrets
from services.settings.types import AnonMethod, Env
from services.targets.types import Target
from tests.support.clock import FakeClock
from tests.support.identities import SomeTargets, a_target
from tests.support.upstream import (
    CUT_JSON,
    GARBAGE,
    HANG,
    NOT_JSON,
    RESET,
    Answer,
    FakeUpstream,
    gotrue_error,
    html,
    redirect,
)

ANONYMOUS, PERMANENT = UserType.ANONYMOUS, UserType.PERMANENT


async def rows(database: Database) -> list[TestUserRow]:
    return list(await database.read(lambda session: session.exec(select(TestUserRow)).all()))


Case = tuple[str, UserType, dict[str, Answer], str, str]  # name, user type, answers, word, server's
CASES: list[Case] = [
    ("anonymous off", ANONYMOUS, {"signup": gotrue_error(422, "anonymous_provider_disabled")}, "anonymous_auth_failed", "anonymous_provider_disabled"),
    ("sign-up off", ANONYMOUS, {"signup": gotrue_error(422, "signup_disabled")}, "anonymous_auth_failed", "signup_disabled"),
    ("limit", ANONYMOUS, {"signup": gotrue_error(429, "over_request_rate_limit")}, "anonymous_auth_failed", "over_request_rate_limit"),
    ("wrong key", ANONYMOUS, {"signup": Answer(401, {"message": "Invalid API key", "hint": "x"})}, "anonymous_auth_failed", "Invalid API key"),
    ("newer body", ANONYMOUS, {"signup": Answer(422, {"code": "signup_disabled", "message": "no"})}, "anonymous_auth_failed", "signup_disabled"),
    ("oauth body", ANONYMOUS, {"signup": Answer(400, {"error": "invalid_grant", "error_description": "bad"})}, "anonymous_auth_failed", "bad"),
    ("number only", ANONYMOUS, {"signup": Answer(500, {"code": 500})}, "anonymous_auth_failed", "HTTP 500"),
    ("captive portal", ANONYMOUS, {"signup": html()}, "anonymous_auth_failed", "not_json"),
    ("gateway page", ANONYMOUS, {"signup": html(502)}, "anonymous_auth_failed", "HTTP 502"),
    ("paused", ANONYMOUS, {"signup": Answer(540, "project paused", content_type="text/plain")}, "anonymous_auth_failed", "HTTP 540"),
    ("half JSON", ANONYMOUS, {"signup": NOT_JSON}, "anonymous_auth_failed", "not_json"),
    ("no token", ANONYMOUS, {"signup": Answer(200, {"user": {"id": "u"}})}, "anonymous_auth_failed", "access_token_missing"),
    ("token of blanks", ANONYMOUS, {"signup": Answer(200, {"access_token": "a b"})}, "anonymous_auth_failed", "access_token_missing"),
    ("redirect", ANONYMOUS, {"signup": redirect("http://127.0.0.1:1/")}, "anonymous_auth_failed", "HTTP 302"),
    ("reset", ANONYMOUS, {"signup": RESET}, "anonymous_auth_failed", "unreachable"),
    ("cut", ANONYMOUS, {"signup": CUT_JSON}, "anonymous_auth_failed", "unreachable"),
    ("no HTTP", ANONYMOUS, {"signup": GARBAGE}, "anonymous_auth_failed", "unreachable"),
    ("too long", ANONYMOUS, {"signup": Answer(200, "x" * (1 << 20) + "y")}, "anonymous_auth_failed", "access_token_missing"),
    ("gzip", ANONYMOUS, {"signup": Answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})}, "anonymous_auth_failed", "access_token_missing"),
    ("e-mail taken", PERMANENT, {"admin_create": gotrue_error(422, "email_exists")}, "supabase_admin_create_user_failed", "email_exists"),
    ("no admin", PERMANENT, {"admin_create": gotrue_error(403, "not_admin")}, "supabase_admin_create_user_failed", "not_admin"),
    ("bad service key", PERMANENT, {"admin_create": gotrue_error(403, "bad_jwt")}, "supabase_admin_create_user_failed", "bad_jwt"),
    ("no authorization", PERMANENT, {"admin_create": gotrue_error(401, "no_authorization")}, "supabase_admin_create_user_failed", "no_authorization"),
    ("login refused", PERMANENT, {"token": gotrue_error(400, "invalid_credentials")}, "supabase_sign_in_failed", "invalid_credentials"),
    ("banned", PERMANENT, {"token": gotrue_error(400, "user_banned")}, "supabase_sign_in_failed", "user_banned"),
    ("not confirmed", PERMANENT, {"token": gotrue_error(400, "email_not_confirmed")}, "supabase_sign_in_failed", "email_not_confirmed"),
    ("login without token", PERMANENT, {"token": Answer(200, {"user": {}})}, "supabase_login_missing_access_token", "access_token_missing"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
async def test_every_failure_is_a_result_with_its_word_and_leaves_nobody(
    identities: Identities, upstream: FakeUpstream, database: Database, clock: FakeClock, case: Case
) -> None:
    _name, user_type, answers, word, server_word = case
    for call, answer in answers.items():
        upstream.always(call, answer)
    target = a_target(upstream)
    signed = await identities.sign_in(target, user_type, anon_method=AnonMethod.NATIVE)
    assert (signed.token, signed.error, signed.server_word) == (None, word, server_word)
    assert signed.detail
    assert len(signed.detail) <= 200
    assert not signed.created_user
    clock.jump(300)
    await identities.sweep()
    assert upstream.auth.users == {}
    assert await rows(database) == []


@pytest.mark.parametrize(
    ("answer", "server_word"),
    [
        (gotrue_error(422, "weak_password"), "weak_password"),
        (gotrue_error(422, "user_already_exists"), "user_already_exists"),
        (gotrue_error(400, "validation_failed"), "validation_failed"),
        (gotrue_error(400, "email_address_invalid"), "email_address_invalid"),
        (gotrue_error(422, "email_provider_disabled"), "email_provider_disabled"),
    ],
)
async def test_a_refused_public_sign_up_has_its_word(
    identities: Identities,
    upstream: FakeUpstream,
    database: Database,
    secrets: Secrets,
    answer: Answer,
    server_word: str,
) -> None:
    upstream.always("signup", answer)
    signed = await identities.sign_in(a_target(upstream, service_key=""), PERMANENT)
    assert (signed.error, signed.server_word) == ("permanent_auth_failed", server_word)
    assert await rows(database) == []
    assert secrets.known_values() == []


@pytest.mark.parametrize(
    ("changes", "user_type", "word"),
    [
        ({"auth_url": ""}, ANONYMOUS, "missing_supabase_env"),
        ({"anon_key": ""}, PERMANENT, "missing_supabase_env"),
        ({"user_email": "a@b.cn"}, PERMANENT, "missing_user_credentials"),
        ({"auth_url": "http://127.0.0.1:1"}, ANONYMOUS, "anonymous_auth_failed"),
        ({"auth_url": "http://127.0.0.1:1"}, PERMANENT, "supabase_admin_create_user_failed"),
        ({"auth_url": "ftp://x"}, ANONYMOUS, "anonymous_auth_failed"),
        ({"auth_url": "http://[::1"}, PERMANENT, "supabase_admin_create_user_failed"),
        ({"auth_url": "nonsense"}, ANONYMOUS, "anonymous_auth_failed"),
        ({"anon_key": "ключ"}, ANONYMOUS, "anonymous_auth_failed"),
        ({"anon_key": "a\r\nb"}, ANONYMOUS, "anonymous_auth_failed"),
    ],
)
async def test_a_target_that_cannot_be_called_is_a_result_too(
    identities: Identities,
    upstream: FakeUpstream,
    changes: dict[str, str],
    user_type: UserType,
    word: str,
) -> None:
    signed = await identities.sign_in(a_target(upstream, **changes), user_type)
    assert (signed.token, signed.error) == (None, word)
    assert signed.detail or word.startswith("missing_")


async def test_a_sign_in_has_a_deadline(
    identities: Identities, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SIGN_IN_S", 0.2)
    upstream.always("signup", HANG)
    signed = await asyncio.wait_for(identities.sign_in(a_target(upstream), ANONYMOUS), 2)
    assert signed.error == "anonymous_auth_failed"
    assert signed.detail.startswith("deadline_exceeded")


async def test_a_store_that_refuses_means_no_user_is_made(
    identities: Identities, upstream: FakeUpstream, database: Database
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("disk full")

    database.write = refuse  # pyright: ignore[reportAttributeAccessIssue]
    signed = await identities.sign_in(a_target(upstream), PERMANENT)
    assert (signed.error, signed.detail) == ("permanent_auth_failed", "OSError: disk full")
    assert upstream.calls == []


async def test_keys_and_passwords_are_in_no_text_that_is_kept(
    identities: Identities, upstream: FakeUpstream
) -> None:
    echo = f"you sent {upstream.auth.anon_key} and canary-password"
    upstream.always("token", gotrue_error(400, "invalid_credentials", echo))
    target = a_target(upstream, user_email="a@b.cn", user_password="canary-password")
    signed = await identities.sign_in(target, PERMANENT)
    assert "canary" not in repr(signed)
    assert upstream.auth.anon_key not in repr(signed)
    assert "canary" not in repr(target)


async def test_a_redirect_is_not_followed_with_the_key(
    identities: Identities, upstream: FakeUpstream
) -> None:
    async with FakeUpstream() as elsewhere:
        upstream.always("signup", redirect(f"{elsewhere.auth_url}/auth/v1/signup"))
        signed = await identities.sign_in(
            a_target(upstream), ANONYMOUS, anon_method=AnonMethod.NATIVE
        )
        assert signed.status == 302
        assert elsewhere.calls == []


async def test_cleaning_up_can_be_switched_off(
    database: Database, clock: FakeClock, secrets: Secrets, env: Env, upstream: FakeUpstream
) -> None:
    lenient = replace(env, e2e=replace(env.e2e, cleanup_user=False))
    identities = Identities(database, clock, secrets, SomeTargets([a_target(upstream)]), lenient)
    signed: SignIn = await identities.sign_in(a_target(upstream), PERMANENT)
    await identities.release(a_target(upstream), signed)
    assert await identities.sweep() == 0
    assert len(upstream.auth.users) == 1
    assert await rows(database) == []
    await identities.close()


async def test_a_target_is_not_changed_by_signing_in(
    identities: Identities, upstream: FakeUpstream
) -> None:
    target: Target = a_target(upstream)
    both = await asyncio.gather(
        identities.sign_in(target, ANONYMOUS), identities.sign_in(target, PERMANENT)
    )
    assert all(signed.token is not None for signed in both)
    assert both[0].token != both[1].token
