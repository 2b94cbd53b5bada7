"""Refresh: one call for all, and a new sign-in where the refresh token is spent."""

import asyncio
import time
from dataclasses import replace

import pytest

from services.accounts.types import UserType
from services.identities.service import Identities
from services.identities.tokens import is_near_expiry
from services.identities.types import SignIn, Token
from tests.support.clock import FakeClock
from tests.support.identities import a_target
from tests.support.upstream import FakeUpstream, e1, gotrue_error

PERMANENT, ANONYMOUS = UserType.PERMANENT, UserType.ANONYMOUS


def token_of(signed: SignIn) -> Token:
    assert signed.token is not None
    return signed.token


@pytest.mark.parametrize("user_type", [ANONYMOUS, PERMANENT])
async def test_a_refreshed_token_is_of_the_same_user(
    identities: Identities, upstream: FakeUpstream, user_type: UserType
) -> None:
    target = a_target(upstream)
    signed = await identities.sign_in(target, user_type)
    fresh = await identities.refresh(target, token_of(signed))
    assert token_of(fresh).user_id == token_of(signed).user_id
    assert token_of(fresh).access_token != token_of(signed).access_token
    assert fresh.created_user  # releasing either of the two deletes the user
    await identities.release(target, fresh)
    assert upstream.auth.users == {}


async def test_a_thousand_who_see_the_end_at_once_make_one_refresh(
    identities: Identities, upstream: FakeUpstream
) -> None:
    target = a_target(upstream)
    token = token_of(await identities.sign_in(target, ANONYMOUS))
    answers = await asyncio.gather(*(identities.refresh(target, token) for _ in range(1000)))
    assert len(upstream.named("token")) == 1
    assert len({token_of(answer).access_token for answer in answers}) == 1
    late = await identities.refresh(target, token)
    assert token_of(late) == token_of(answers[0])
    assert len(upstream.named("token")) == 1


async def test_who_holds_a_very_old_token_gets_the_newest(
    identities: Identities, upstream: FakeUpstream, clock: FakeClock
) -> None:
    target = a_target(upstream)
    clock.jump(time.time() - clock.now().timestamp())
    first = token_of(await identities.sign_in(target, ANONYMOUS))
    second = token_of(await identities.refresh(target, first))
    clock.jump(4000)
    assert is_near_expiry(second, clock.now().timestamp())
    third = token_of(await identities.refresh(target, first))
    assert third.access_token not in (first.access_token, second.access_token)
    assert [call.body["refresh_token"] for call in upstream.named("token")] == [
        first.refresh_token,
        second.refresh_token,
    ]


@pytest.mark.parametrize(
    "word", ["refresh_token_not_found", "refresh_token_already_used", "session_not_found"]
)
async def test_a_spent_refresh_token_signs_in_anew(
    identities: Identities, upstream: FakeUpstream, word: str
) -> None:
    target = a_target(upstream)
    registered = await identities.sign_in(target, PERMANENT)
    upstream.answer("token", gotrue_error(400, word))
    again = await identities.refresh(target, token_of(registered))
    assert token_of(again).user_id == token_of(registered).user_id
    await identities.release(target, again)

    anonymous = await identities.sign_in(target, ANONYMOUS)
    upstream.answer("token", gotrue_error(400, word))
    new = await identities.refresh(target, token_of(anonymous))
    assert token_of(new).user_id != token_of(anonymous).user_id
    await identities.release(target, new)
    assert await identities.sweep() == 1
    assert upstream.auth.users == {}


async def test_who_asked_as_anonymous_is_signed_in_anew_as_anonymous_whatever_the_token_said(
    identities: Identities, upstream: FakeUpstream
) -> None:
    target = a_target(upstream)
    token = token_of(await identities.sign_in(target, ANONYMOUS))
    odd = replace(token, is_anonymous=False)
    upstream.answer("token", gotrue_error(400, "session_not_found"))
    anew = await identities.refresh(target, odd, ANONYMOUS)
    assert (anew.user_type, token_of(anew).is_anonymous) == (ANONYMOUS, True)
    assert upstream.named("admin_create") == []
    await identities.release(target, anew)


@pytest.mark.parametrize("answer", [e1(503, "x"), gotrue_error(429, "over_request_rate_limit")])
async def test_a_wobbling_server_is_a_result_and_makes_no_new_user(
    identities: Identities, upstream: FakeUpstream, answer
) -> None:
    target = a_target(upstream)
    token = token_of(await identities.sign_in(target, ANONYMOUS))
    upstream.always("token", answer)
    failed = await identities.refresh(target, token)
    assert (failed.token, failed.error) == (None, "supabase_sign_in_failed")
    assert len(upstream.auth.users) == 1
    upstream.always("token", None)
    assert (await identities.refresh(target, token)).token is not None


async def test_a_cancelled_refresh_does_not_stop_the_others(
    identities: Identities, upstream: FakeUpstream
) -> None:
    target = a_target(upstream)
    token = token_of(await identities.sign_in(target, ANONYMOUS))
    first, second = (asyncio.ensure_future(identities.refresh(target, token)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).token is not None
