"""The sign-in half of FakeUpstream: GoTrue's calls over users kept in memory."""

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.support.upstream_script import Answer, gotrue_error


def jwt(claims: dict[str, Any]) -> str:
    """A token of the right shape; nobody here verifies the signature."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'ES256', 'kid': 'fake', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


def key_of(role: str) -> str:
    """An anon or service key of the old, JWT-shaped kind."""
    return jwt({"iss": "fake", "role": role, "exp": 4102444800})


@dataclass
class FakeGoTrue:
    """Users, sessions and switches; the routes answer as GoTrue does."""

    anon_key: str = field(default_factory=lambda: key_of("anon"))
    service_key: str = field(default_factory=lambda: key_of("service_role"))
    users: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    passwords: dict[str, str] = field(default_factory=dict[str, str])  # e-mail to password
    refresh_tokens: dict[str, str] = field(default_factory=dict[str, str])  # token to user id
    token_lifetime_s: int = 3600
    has_edge: bool = False  # whether functions/v1/get-anon-token is deployed
    confirms_mail: bool = False  # sign-up answers without a token
    page_cap: int = 1000  # most users a list page holds
    anonymous_claim: bool = True  # what is_anonymous of native anonymous tokens says

    def add_user(
        self, email: str, password: str = "", *, anonymous: bool = False
    ) -> dict[str, Any]:
        """Make a user as GoTrue stores it."""
        user: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "aud": "authenticated",
            "role": "authenticated",
            "email": email,
            "is_anonymous": anonymous,
            "created_at": "2026-03-02T08:00:00Z",
            "updated_at": "2026-03-02T08:00:00Z",
            "app_metadata": {},
            "user_metadata": {},
            "identities": [],
        }
        self.users[user["id"]] = user
        if password:
            self.passwords[email] = password
        return user

    def route(self, method: str, path: str) -> str:
        """Return the name of the call, or an empty text."""
        if path == "/auth/v1/admin/users":
            return {"POST": "admin_create", "GET": "admin_list"}.get(method, "")
        if path.startswith("/auth/v1/admin/users/"):
            return {"DELETE": "admin_delete", "GET": "admin_get"}.get(method, "")
        return {
            ("POST", "/auth/v1/signup"): "signup",
            ("POST", "/auth/v1/token"): "token",
            ("POST", "/functions/v1/get-anon-token"): "edge",
        }.get((method, path), "")

    def answer(
        self, name: str, path: str, query: str, headers: dict[str, str], body: Any
    ) -> Answer:
        """Return what GoTrue would answer."""
        key = headers.get("apikey", "")
        if key not in (self.anon_key, self.service_key):
            return Answer(401, {"message": "Invalid API key", "hint": "Double check your key"})
        if name.startswith("admin_"):
            if headers.get("authorization") != f"Bearer {self.service_key}":
                return gotrue_error(403, "not_admin", "User not allowed")
            return self._admin(name, path, query, body)
        if name == "edge":
            return (
                self._session(self.add_user("edge@fake"), anonymous=False)
                if self.has_edge
                else (Answer(404, {"message": "Function not found"}))
            )
        return self._signup(body) if name == "signup" else self._token(query, body)

    def _signup(self, body: Any) -> Answer:
        email = body.get("email")
        if not email:
            user = self.add_user("", anonymous=True)
            user["user_metadata"] = body.get("data") or {}
            return self._session(user, anonymous=self.anonymous_claim)
        if email in self.passwords:
            return gotrue_error(422, "user_already_exists", "User already registered")
        if len(body.get("password", "")) < 6:
            return gotrue_error(422, "weak_password", "Password should be at least 6 characters")
        user = self.add_user(email, body["password"])
        user["user_metadata"] = body.get("data") or {}
        return Answer(200, user) if self.confirms_mail else self._session(user, anonymous=False)

    def _token(self, query: str, body: Any) -> Answer:
        if "grant_type=refresh_token" in query:
            user_id = self.refresh_tokens.pop(body.get("refresh_token", ""), "")
            if user_id not in self.users:
                return gotrue_error(400, "refresh_token_not_found", "Invalid Refresh Token")
            user = self.users[user_id]
            return self._session(user, anonymous=bool(user["is_anonymous"]))
        email = body.get("email", "")
        if not email or self.passwords.get(email) != body.get("password"):
            return gotrue_error(400, "invalid_credentials", "Invalid login credentials")
        user = next(u for u in self.users.values() if u["email"] == email)
        return self._session(user, anonymous=False)

    def _admin(self, name: str, path: str, query: str, body: Any) -> Answer:
        if name == "admin_create":
            if body["email"] in self.passwords:
                return gotrue_error(422, "email_exists", "Already registered")
            user = self.add_user(body["email"], body.get("password", ""))
            user["user_metadata"] = body.get("user_metadata") or {}
            user["app_metadata"] = body.get("app_metadata") or {}
            return Answer(200, user)
        if name == "admin_list":
            wanted = parse_qs(query)
            size = min(int(wanted.get("per_page", ["50"])[0]), self.page_cap)
            start = (int(wanted.get("page", ["1"])[0]) - 1) * size
            page = list(self.users.values())[start : start + size]
            return Answer(200, {"users": page, "aud": "authenticated"})
        return self._one_user(name, path.rsplit("/", 1)[1])

    def _one_user(self, name: str, user_id: str) -> Answer:
        if user_id not in self.users:
            return gotrue_error(404, "user_not_found", "User not found")
        if name == "admin_delete":
            self.passwords.pop(self.users.pop(user_id)["email"], None)
            return Answer(200, {})
        return Answer(200, self.users[user_id])

    def _session(self, user: dict[str, Any], *, anonymous: bool) -> Answer:
        now = int(time.time())
        refresh = uuid.uuid4().hex[:12]
        self.refresh_tokens[refresh] = user["id"]
        claims = {
            "iss": "fake/auth/v1",
            "sub": user["id"],
            "aud": "authenticated",
            "iat": now,
            "exp": now + self.token_lifetime_s,
            "is_anonymous": anonymous,
            "email": user["email"],
            "jti": uuid.uuid4().hex,
        }
        return Answer(
            200,
            {
                "access_token": jwt(claims),
                "token_type": "bearer",
                "expires_in": self.token_lifetime_s,
                "expires_at": now + self.token_lifetime_s,
                "refresh_token": refresh,
                "user": user,
            },
        )
