"""The local Supabase is a good stand-in: the real client signs in, verifies and administers."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from supabase import create_client
from supabase.lib.client_options import SyncClientOptions
from supabase_auth.errors import AuthApiError, AuthError

from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject


async def _with(project: SupabaseProject, key: str, act: Callable[[Any], Any]) -> Any:
    """Run the real, blocking client beside the loop that serves it."""

    def work() -> Any:
        with httpx.Client(trust_env=False, timeout=5) as http:
            options = SyncClientOptions(
                httpx_client=http, auto_refresh_token=False, persist_session=False
            )
            return act(create_client(project.url, key, options))

    return await asyncio.to_thread(work)


async def test_an_anonymous_user_signs_in_and_its_claims_verify(
    supabase_project: SupabaseProject,
) -> None:
    def act(client: Any) -> Any:
        session = client.auth.sign_in_anonymously().session
        claims = client.auth.get_claims(session.access_token)["claims"]
        return claims, client.auth.get_user(session.access_token).user

    claims, user = await _with(supabase_project, supabase_project.front.anon_key, act)
    assert claims["is_anonymous"] is True
    assert claims["iss"] == f"{supabase_project.url}/auth/v1"
    assert user.id == claims["sub"]


async def test_a_user_is_made_signs_in_refreshes_and_is_deleted(
    supabase_project: SupabaseProject,
) -> None:
    front = supabase_project.front

    def make(client: Any) -> str:
        body = {"email": "a@example.com", "password": "secret-1", "email_confirm": True}
        return client.auth.admin.create_user(body).user.id

    user_id = await _with(supabase_project, front.service_key, make)

    def use(client: Any) -> Any:
        body = {"email": "a@example.com", "password": "secret-1"}
        session = client.auth.sign_in_with_password(body).session
        fresh = client.auth.refresh_session(session.refresh_token).session
        with pytest.raises(AuthApiError) as again:
            client.auth.refresh_session(session.refresh_token)
        assert again.value.code == "refresh_token_already_used"
        return fresh.user.id

    assert await _with(supabase_project, front.anon_key, use) == user_id
    await _with(
        supabase_project, front.service_key, lambda client: client.auth.admin.delete_user(user_id)
    )
    assert front.auth.users == {}


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda c: c.auth.sign_up({"email": "a@example.com", "password": "x"}), "weak_password"),
        (
            lambda c: c.auth.sign_in_with_password(
                {"email": "n@example.com", "password": "abcdef"}
            ),
            "invalid_credentials",
        ),
        (lambda c: c.auth.admin.create_user({"email": "b@example.com"}), "not_admin"),
    ],
)
async def test_a_refused_sign_in_has_gotrues_word(
    supabase_project: SupabaseProject, act: Callable[[Any], Any], code: str
) -> None:
    with pytest.raises(AuthError) as refused:
        await _with(supabase_project, supabase_project.front.anon_key, act)
    assert refused.value.code == code


async def test_anonymous_sign_in_can_be_off_and_limited(
    supabase_project: SupabaseProject,
) -> None:
    front = supabase_project.front
    front.auth.allows_anonymous = False
    with pytest.raises(AuthApiError) as off:
        await _with(supabase_project, front.anon_key, lambda c: c.auth.sign_in_anonymously())
    assert off.value.code == "anonymous_provider_disabled"
    body = '{"code":429,"error_code":"over_request_rate_limit","msg":"Request rate limit reached"}'
    front.fail(Status(429, body))
    with pytest.raises(AuthApiError) as limited:
        await _with(supabase_project, front.anon_key, lambda c: c.auth.sign_in_anonymously())
    assert limited.value.status == 429


async def test_with_the_anon_key_row_level_security_hides_the_optional_tables(
    supabase_project: SupabaseProject,
) -> None:
    supabase_project.insert(
        "model_mappings", id="mapping:x", scope_type="mapping", scope_key="x", default_model="m"
    )

    def read(client: Any) -> Any:
        return client.table("model_mappings").select("*").execute().data

    front = supabase_project.front
    assert await _with(supabase_project, front.anon_key, read) == []
    assert len(await _with(supabase_project, front.service_key, read)) == 1
