"""/auth/v1: the embedded sign-in over HTTP, with the statuses, words and headers of GoTrue."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, cast

import orjson
from fastapi import APIRouter, Request, Response

from services.accounts.types import Origin, SignInCalls, SignInRefusedError
from services.settings.types import Env

_MAX_BODY = 65_536
_VERSION_HEADER = "x-supabase-api-version"
_FIRST_VERSION = "2024-01-01"  # from it on an error's code is the word
_DATE = re.compile(r"2\d{3}-\d{2}-\d{2}")
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": "Refused; the body names the reason"}
    for status in (400, 401, 403, 404, 422, 429, 503)
}

_QUERY = {
    ("POST", "/token"): ("grant_type",),
    ("POST", "/logout"): ("scope",),
    ("GET", "/admin/users"): ("page", "per_page"),
}

Answer = Callable[[Request], Awaitable[Response]]


class HasAccounts(Protocol):
    """What these routes need of the Console."""

    @property
    def env(self) -> Env:
        """Return the settings of this process."""
        ...

    @property
    def accounts(self) -> SignInCalls:
        """Return the embedded sign-in."""
        ...


def router(console: HasAccounts) -> APIRouter:
    """Return every route of /auth/v1; a trailing slash is served too, never a redirect."""
    routes = _Routes(console.accounts, console.env)
    api = APIRouter(prefix="/auth/v1", tags=["sign-in"])
    for method, path, summary, endpoint in routes.table():
        name = f"auth_{method.lower()}_{re.sub(r'[^a-z]+', '_', path).strip('_')}"
        for spelling in (path, f"{path}/"):
            api.add_api_route(
                spelling,
                endpoint,
                methods=[method],
                name=name,
                operation_id=name,
                summary=summary,
                responses=_ERRORS,
                response_class=Response,
                openapi_extra=_described(method, path),
                include_in_schema=spelling == path,
            )
    return api


def _described(method: str, path: str) -> dict[str, Any]:
    """Return what the OpenAPI description cannot see, as these routes read the request alone."""
    text = {"type": "string"}
    named = re.findall(r"{(\w+)}", path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in named
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": text}
        for name in _QUERY.get((method, path), ())
    ]
    extra: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if method in ("POST", "PUT") and path != "/logout":
        content = {"application/json": {"schema": {"type": "object"}}}
        extra["requestBody"] = {"content": content}
    return extra


class _Routes:
    """One method an endpoint; the service decides, this only speaks HTTP."""

    def __init__(self, accounts: SignInCalls, env: Env) -> None:
        self._accounts = accounts
        self._env = env

    def table(self) -> tuple[tuple[str, str, str, Answer], ...]:
        """Return method, path, summary and endpoint of every route."""
        keyed, switched, one = self._keyed, self._switched, "/admin/users/{user_id}"
        return (
            ("POST", "/signup", "Make a user; anonymous without e-mail", switched(self.sign_up)),
            ("POST", "/token", "Sign in by password or refresh_token", switched(self.token)),
            ("GET", "/user", "The user whose token it is", keyed(self.own_user)),
            ("PUT", "/user", "Change one's own account", keyed(self.change_own_user)),
            ("POST", "/logout", "End the sessions in scope", keyed(self.log_out)),
            ("GET", "/admin/users", "List users, newest first", switched(self.list_users)),
            ("POST", "/admin/users", "Make a user", switched(self.create_user)),
            ("GET", one, "One user", switched(self.get_user)),
            ("PUT", one, "Change a user", switched(self.update_user)),
            ("DELETE", one, "Delete a user and its sessions", switched(self.delete_user)),
            ("GET", "/settings", "What kinds of sign-in there are", keyed(self.settings)),
            ("GET", "/health", "Whether the sign-in answers", self.health),
            ("GET", "/.well-known/jwks.json", "The public keys of tokens", self.key_set),
        )

    def _keyed(self, endpoint: Answer) -> Answer:
        """Let the call in with one of our API keys, and turn refusals into answers."""

        async def answer(request: Request) -> Response:
            if (closed := self._closed_gate(request)) is not None:
                return closed
            try:
                return await endpoint(request)
            except SignInRefusedError as error:
                return _refusal(request, error)

        return answer

    def _switched(self, endpoint: Answer) -> Answer:
        """As keyed, and not there at all when sign-in is somebody else's."""
        keyed = self._keyed(endpoint)

        async def answer(request: Request) -> Response:
            if not self._env.embedded_auth:
                return _json({"detail": "Not Found"}, 404)
            return await keyed(request)

        return answer

    async def sign_up(self, request: Request) -> Response:
        body = await _body(request)
        return _json(await self._accounts.sign_up(body, _origin(request)))

    async def token(self, request: Request) -> Response:
        grant = request.query_params.get("grant_type", "")
        if grant not in ("password", "refresh_token"):
            raise SignInRefusedError(400, "validation_failed", "unsupported_grant_type")
        body = await _body(request)
        call = self._accounts.sign_in if grant == "password" else self._accounts.refresh
        return _json(await call(body, _origin(request)))

    async def own_user(self, request: Request) -> Response:
        return _json(await self._accounts.own.user(_bearer(request)))

    async def change_own_user(self, request: Request) -> Response:
        return _json(await self._accounts.own.change(_bearer(request), await _body(request)))

    async def log_out(self, request: Request) -> Response:
        scope = request.query_params.get("scope") or "global"
        await self._accounts.own.sign_out(_bearer(request), scope)
        return Response(status_code=204)

    async def list_users(self, request: Request) -> Response:
        self._accounts.admit_admin(_bearer(request))
        query = request.query_params
        users, total = await self._accounts.admin.page(
            query.get("page", ""), query.get("per_page", "")
        )
        body = {"users": users, "aud": "authenticated"}
        return _json(body, headers={"X-Total-Count": str(total)})

    async def create_user(self, request: Request) -> Response:
        self._accounts.admit_admin(_bearer(request))
        return _json(await self._accounts.admin.create(await _body(request)))

    async def get_user(self, request: Request) -> Response:
        self._accounts.admit_admin(_bearer(request))
        return _json(await self._accounts.admin.get(request.path_params["user_id"]))

    async def update_user(self, request: Request) -> Response:
        self._accounts.admit_admin(_bearer(request))
        body = await _body(request)
        return _json(await self._accounts.admin.update(request.path_params["user_id"], body))

    async def delete_user(self, request: Request) -> Response:
        self._accounts.admit_admin(_bearer(request))
        await self._accounts.admin.delete(request.path_params["user_id"])
        return _json({})

    async def settings(self, _request: Request) -> Response:
        return _json(self._accounts.describe())

    async def health(self, _request: Request) -> Response:
        description = "GoTrue is a user registration and authentication API"
        return _json({"version": "gymbro", "name": "GoTrue", "description": description})

    async def key_set(self, _request: Request) -> Response:
        return _json(self._accounts.jwks(), headers={"Cache-Control": "public, max-age=600"})

    def _closed_gate(self, request: Request) -> Response | None:
        key = request.headers.get("apikey") or request.query_params.get("apikey")
        if not key:
            hint = "No `apikey` request header or url param was found."
            return _json({"message": "No API key found in request", "hint": hint}, 401)
        if not self._accounts.role_of(key):
            hint = "Double check your Supabase `anon` or `service_role` API key."
            return _json({"message": "Invalid API key", "hint": hint}, 401)
        return None


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers, "application/json")


def _refusal(request: Request, error: SignInRefusedError) -> Response:
    """Return the error in the form that the caller's version of the API expects."""
    headers = {"x-sb-error-code": error.code}
    if error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    version = request.headers.get(_VERSION_HEADER, "")
    if _DATE.fullmatch(version) and version >= _FIRST_VERSION:
        headers["X-Supabase-Api-Version"] = version  # without it clients drop the word
        body = {"code": error.code, "message": error.text}
    else:
        body = {"code": error.status, "error_code": error.code, "msg": error.text}
    return _json({**body, **error.extra}, error.status, headers)


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body, none for an empty one; raise SignInRefusedError."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _MAX_BODY:
            raise SignInRefusedError(400, "validation_failed", "The request body is too large")
    try:
        value: object = orjson.loads(raw or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SignInRefusedError(400, "bad_json", "Could not parse request body as JSON")
    return cast("dict[str, Any]", value)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _origin(request: Request) -> Origin:
    forwarded = request.headers.get("x-forwarded-for") or request.headers.get("x-real-ip", "")
    return Origin(request.client.host if request.client else "", forwarded)
