"""Plain HTTP against the embedded sign-in: bodies, statuses, words and headers."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from db.engine import Database
from gymbro_ui.api.accounts import router
from services.accounts.service import Accounts
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.tokens import Served, WallClock, build_accounts, sign_in_server

PASSWORD = "correct horse"


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def accounts(database: Database, wall: WallClock, secrets: Secrets, env: Env) -> Accounts:
    return build_accounts(database, wall, secrets, env)


@pytest.fixture
def origin(accounts: Accounts, env: Env) -> Iterator[str]:
    with sign_in_server(accounts, env) as origin:
        yield origin


class Caller:
    """Plain HTTP with the anon key."""

    def __init__(self, origin: str, accounts: Accounts) -> None:
        self.keys = accounts
        self.http = httpx.Client(base_url=f"{origin}/auth/v1", trust_env=False)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"apikey": self.keys.anon_key, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.http.request(method, path, headers=headers, **options)

    def as_admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys.service_key}"}
        return self.call(method, path, headers=headers, **options)


@pytest.fixture
def caller(origin: str, accounts: Accounts) -> Iterator[Caller]:
    caller = Caller(origin, accounts)
    yield caller
    caller.http.close()


def test_an_error_has_the_form_that_the_callers_version_expects(caller: Caller) -> None:
    body = {"email": "ann@example.com", "password": "12345"}
    old = caller.call("POST", "/signup", json=body)
    assert old.status_code == 422
    assert old.headers["x-sb-error-code"] == "weak_password"
    assert "x-supabase-api-version" not in old.headers
    assert old.json() == {
        "code": 422,
        "error_code": "weak_password",
        "msg": "Password should be at least 6 characters.",
        "weak_password": {"reasons": ["length"]},
    }
    for version in ("2024-01-01", "2025-07-01"):
        new = caller.call("POST", "/signup", json=body, headers={"X-Supabase-Api-Version": version})
        assert new.headers["x-supabase-api-version"] == version
        assert new.headers["x-sb-error-code"] == "weak_password"
        assert new.json()["code"] == "weak_password"
        assert "message" in new.json()
    for version in ("2023-12-31", "yesterday", "2024-01-01\tx"):
        other = caller.call(
            "POST", "/signup", json=body, headers={"X-Supabase-Api-Version": version}
        )
        assert other.json()["error_code"] == "weak_password"


def test_every_call_but_health_and_keys_wants_an_api_key(caller: Caller) -> None:
    for method, path in (("POST", "/signup"), ("GET", "/user"), ("GET", "/settings")):
        none = caller.call(method, path, headers={"apikey": None})
        assert none.status_code == 401
        assert set(none.json()) == {"message", "hint"}
        wrong = caller.call(method, path, headers={"apikey": "wrong"})
        assert (wrong.status_code, wrong.json()["message"]) == (401, "Invalid API key")
    assert caller.call("GET", "/health", headers={"apikey": None}).json()["name"] == "GoTrue"
    keys = caller.call("GET", "/.well-known/jwks.json", headers={"apikey": None})
    assert keys.headers["cache-control"] == "public, max-age=600"
    assert len(keys.json()["keys"]) == 1
    in_query = caller.call(
        "GET", "/settings", headers={"apikey": None}, params={"apikey": caller.keys.anon_key}
    )
    assert in_query.json()["external"]["anonymous_users"] is True


def test_a_trailing_slash_is_no_redirect(caller: Caller) -> None:
    assert caller.call("POST", "/signup/", json={}).status_code == 200
    assert caller.as_admin("GET", "/admin/users/").json()["users"]


def test_the_description_names_every_parameter(accounts: Accounts, env: Env) -> None:
    app = FastAPI()
    app.include_router(router(Served(env, accounts)))
    paths = app.openapi()["paths"]
    assert len([1 for methods in paths.values() for _ in methods]) == 13
    for path, methods in paths.items():
        for operation in methods.values():
            named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_the_list_of_users_tells_how_many_there_are(caller: Caller) -> None:
    for number in range(3):
        caller.as_admin("POST", "/admin/users", json={"email": f"u{number}@example.com"})
    page = caller.as_admin("GET", "/admin/users", params={"page": 1, "per_page": 2})
    assert page.headers["x-total-count"] == "3"
    assert len(page.json()["users"]) == 2
    assert page.json()["aud"] == "authenticated"
    assert caller.as_admin("DELETE", f"/admin/users/{page.json()['users'][0]['id']}").json() == {}


BAD_CALLS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("POST", "/signup", {"content": b"{"}, 400, "bad_json"),
    ("POST", "/signup", {"content": b"[]"}, 400, "bad_json"),
    ("POST", "/signup", {"content": b"\xff\xfe"}, 400, "bad_json"),
    ("POST", "/signup", {"content": b'{"data":"\\ud800"}'}, 400, "bad_json"),
    ("POST", "/signup", {"content": b"[" * 60_000}, 400, "bad_json"),
    ("POST", "/signup", {"content": b" " * 70_000}, 400, "validation_failed"),
    ("POST", "/signup", {"json": {"data": {"a": "\x00"}, "email": 1}}, 400, "validation_failed"),
    ("POST", "/token", {"json": {}}, 400, "validation_failed"),
    ("POST", "/token?grant_type=pkce", {"json": {}}, 400, "validation_failed"),
    ("POST", "/token?grant_type=password", {"json": {}}, 400, "validation_failed"),
    ("POST", "/token?grant_type=refresh_token", {"json": {}}, 400, "validation_failed"),
    (
        "POST",
        "/token?grant_type=refresh_token",
        {"json": {"refresh_token": "abcdefghijkl"}},
        400,
        "refresh_token_not_found",
    ),
    ("GET", "/user", {}, 401, "no_authorization"),
    ("GET", "/user", {"headers": {"Authorization": "Bearer x"}}, 403, "bad_jwt"),
    ("PUT", "/user", {"json": {}}, 401, "no_authorization"),
    ("POST", "/logout", {}, 401, "no_authorization"),
    ("POST", "/logout?scope=all", {}, 400, "validation_failed"),
    ("GET", "/admin/users", {}, 401, "no_authorization"),
    ("POST", "/admin/users", {"headers": {"Authorization": "Bearer x"}}, 403, "bad_jwt"),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "code"), BAD_CALLS)
def test_a_bad_call_has_its_status_and_word(
    method: str, path: str, options: dict[str, Any], status: int, code: str, caller: Caller
) -> None:
    answer = caller.call(method, path, **options)
    assert (answer.status_code, answer.json().get("error_code")) == (status, code)


def test_ids_that_are_none_are_refused_as_gotrue_does(caller: Caller) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body = {"json": {}} if method == "PUT" else {}
        odd = caller.as_admin(method, "/admin/users/seven", **body)
        assert (odd.status_code, odd.json()["error_code"]) == (404, "validation_failed")
        unknown = caller.as_admin(
            method, "/admin/users/5d2c8f3e-0000-4000-8000-000000000001", **body
        )
        assert (unknown.status_code, unknown.json()["error_code"]) == (404, "user_not_found")


def test_values_of_every_kind_never_break_a_call(caller: Caller) -> None:
    values: list[Any] = [None, True, -1.5, "\x00", "𝄞" * 300, [1], {"a": None}]
    fields = ("email", "password", "phone", "data", "user_metadata", "app_metadata", "id")
    fields += ("ban_duration", "email_confirm", "refresh_token")
    calls = ("/signup", "/token?grant_type=password", "/token?grant_type=refresh_token")
    for field in fields:
        for value in values:
            body = {"email": "odd@example.com", "password": PASSWORD, field: value}
            for path in calls:
                assert caller.call("POST", path, json=body).status_code < 500, (path, body)
            made = caller.as_admin("POST", "/admin/users", json=body)
            assert made.status_code < 500, body
            if made.status_code == 200:
                caller.as_admin("DELETE", f"/admin/users/{made.json()['id']}")


def test_a_limit_names_how_long_to_wait(
    database: Database, wall: WallClock, secrets: Secrets, env: Env
) -> None:
    one = replace(env, auth_signups_per_hour=1)
    accounts = build_accounts(database, wall, secrets, one)
    with sign_in_server(accounts, one) as origin:
        caller = Caller(origin, accounts)
        away = {"headers": {"X-Forwarded-For": "192.0.2.1"}, "json": {}}
        assert caller.call("POST", "/signup", **away).status_code == 200
        limited = caller.call("POST", "/signup", **away)
        assert limited.status_code == 429
        assert limited.json()["error_code"] == "over_request_rate_limit"
        assert 3590 < int(limited.headers["retry-after"]) <= 3601
        for _ in range(3):  # loopback without a proxy in between
            assert caller.call("POST", "/signup", json={}).status_code == 200
        caller.http.close()


def test_beside_a_supabase_project_only_the_keys_are_served(
    database: Database, wall: WallClock, secrets: Secrets, env: Env
) -> None:
    off = replace(env, embedded_auth=False)
    accounts = build_accounts(database, wall, secrets, off)
    with sign_in_server(accounts, off) as origin:
        caller = Caller(origin, accounts)
        for method, path in (
            ("POST", "/signup"),
            ("POST", "/token?grant_type=password"),
            ("GET", "/admin/users"),
            ("DELETE", "/admin/users/x"),
        ):
            answer = caller.call(method, path)
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
        assert caller.call("GET", "/.well-known/jwks.json").json()["keys"]
        caller.http.close()


def test_no_token_and_no_password_reaches_the_log(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        body = {"email": "ann@example.com", "password": PASSWORD}
        made = caller.call("POST", "/signup", json=body).json()
        caller.call("POST", "/token?grant_type=password", json={**body, "password": "wrong one"})
        caller.call("GET", "/user", headers={"Authorization": f"Bearer {made['access_token']}x"})
    said = caplog.text
    for secret in (PASSWORD, "wrong one", made["access_token"][:60], made["refresh_token"]):
        assert secret not in said
