"""SmallGoTrue: the sign-in calls of a Supabase project over users in memory, tokens signed ES256."""

import base64
import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

User = dict[str, Any]


class _Request(Protocol):
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def body(self) -> bytes: ...


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


@dataclass
class SmallGoTrue:
    """Users, refresh tokens that rotate, and a key that can be changed with rotate()."""

    issuer: str = ""
    users: dict[str, User] = field(default_factory=dict[str, User])
    allows_anonymous: bool = True
    lifetime_s: int = 3600
    _passwords: dict[str, str] = field(default_factory=dict[str, str])  # user id to digest
    _refresh: dict[str, str] = field(default_factory=dict[str, str])  # token to user id
    _used: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on; the old one is no longer published."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = str(uuid.uuid4())

    @property
    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "EC", "crv": "P-256", "x": _b64(numbers.x), "y": _b64(numbers.y)}
        return {"keys": [{**key, "kid": self._kid, "alg": "ES256", "use": "sig"}]}

    def answer(
        self, method: str, path: str, query: str, request: _Request, role: str
    ) -> tuple[int, bytes]:
        """Return status and body of one call."""
        try:
            body = json.loads(request.body or b"{}")
            return 200, json.dumps(self._route(method, path, query, body, request, role)).encode()
        except _RefusedError as error:
            body: dict[str, Any] = {
                "code": error.status,
                "error_code": error.code,
                "msg": str(error),
            }
            if error.code == "weak_password":
                body["weak_password"] = {"reasons": ["length"]}
            return error.status, json.dumps(body).encode()

    def _route(
        self, method: str, path: str, query: str, body: Any, request: _Request, role: str
    ) -> Any:
        name = path.removeprefix("/auth/v1/")
        if name.startswith("admin/users"):
            return self._admin(method, name.removeprefix("admin/users").strip("/"), body, role)
        match method, name:
            case _, ".well-known/jwks.json":
                found: Any = self.jwks
            case _, "health":
                found = {"version": "v2", "name": "GoTrue", "description": "the local stack's"}
            case "POST", "signup":
                found = self._sign_up(body)
            case "POST", "token":
                found = self._token(parse_qs(query).get("grant_type", [""])[0], body)
            case "GET", "user":
                found = self._current(request)
            case _:
                raise _RefusedError(404, "not_found", "no such route")
        return found

    def _sign_up(self, body: Any) -> Any:
        email = body.get("email")
        if not email:
            if not self.allows_anonymous:
                raise _RefusedError(
                    422, "anonymous_provider_disabled", "Anonymous sign-ins are off"
                )
            return self._session(self._make("", anonymous=True))
        if len(body.get("password", "")) < 6:
            raise _RefusedError(422, "weak_password", "Password should be at least 6 characters.")
        if self._by_email(email) is not None:
            raise _RefusedError(422, "user_already_exists", "User already registered")
        return self._session(self._make(email, body["password"]))

    def _token(self, grant: str, body: Any) -> Any:
        if grant == "password":
            user = self._by_email(body.get("email", ""))
            if user is None or self._passwords.get(user["id"]) != _digest(body.get("password", "")):
                raise _RefusedError(400, "invalid_credentials", "Invalid login credentials")
            return self._session(user)
        token = body.get("refresh_token", "")
        if token in self._used:
            raise _RefusedError(400, "refresh_token_already_used", "Already Used")
        if token not in self._refresh:
            raise _RefusedError(400, "refresh_token_not_found", "Refresh Token Not Found")
        self._used.add(token)
        return self._session(self.users[self._refresh[token]])

    def _current(self, request: _Request) -> User:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, self._key.public_key(), ["ES256"], audience="authenticated")
        except jwt.PyJWTError as error:
            raise _RefusedError(403, "bad_jwt", "invalid JWT") from error
        user = self.users.get(claims["sub"])
        if user is None:
            raise _RefusedError(403, "user_not_found", "User from sub claim does not exist")
        return user

    def _admin(self, method: str, user_id: str, body: Any, role: str) -> Any:
        if role != "service_role":
            raise _RefusedError(403, "not_admin", "User not allowed")
        if method == "POST":
            if self._by_email(body.get("email", "")) is not None:
                raise _RefusedError(422, "email_exists", "This address is registered already")
            return self._make(body.get("email", ""), body.get("password", ""))
        if not user_id:
            return {"users": list(self.users.values()), "aud": "authenticated"}
        if user_id not in self.users:
            raise _RefusedError(404, "user_not_found", "User not found")
        if method == "DELETE":
            del self.users[user_id]
            return {}
        return self.users[user_id]

    def _by_email(self, email: str) -> User | None:
        wanted = email.lower()
        return next((u for u in self.users.values() if email and u["email"] == wanted), None)

    def _make(self, email: str, password: str = "", *, anonymous: bool = False) -> User:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        user: User = {
            "id": str(uuid.uuid4()),
            "aud": "authenticated",
            "role": "authenticated",
            "email": email.lower(),
            "phone": "",
            "app_metadata": {},
            "user_metadata": {},
            "identities": [],
            "created_at": now,
            "updated_at": now,
            "is_anonymous": anonymous,
        }
        self.users[user["id"]] = user
        self._passwords[user["id"]] = _digest(password)
        return user

    def _session(self, user: User) -> dict[str, Any]:
        now = int(time.time())
        refresh = secrets.token_urlsafe(9)
        self._refresh[refresh] = user["id"]
        claims = {
            "iss": self.issuer,
            "sub": user["id"],
            "aud": "authenticated",
            "role": "authenticated",
            "iat": now,
            "exp": now + self.lifetime_s,
            "email": user["email"],
            "is_anonymous": user["is_anonymous"],
            "session_id": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, self._key, "ES256", {"kid": self._kid})
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.lifetime_s,
            "expires_at": now + self.lifetime_s,
            "refresh_token": refresh,
            "user": user,
        }


def _b64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
