"""The one place that makes error bodies E1 to E8 of the wire contract (section 1.4)."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import orjson
from starlette.requests import HTTPConnection
from starlette.responses import Response

from services.foundation.errors import (
    ConflictError,
    ConsoleError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from services.foundation.ids import new_hex

INVALID_PARAMETERS = "请求参数错误"
_INPUT_SHOWN_BYTES = 2_000
_JSON = "application/json"


class WireError(Exception):
    """A refusal on its way to the client; `is_admin_route` picks shape E2 instead of E1."""

    def __init__(  # noqa: PLR0913  # the fields of one wire shape
        self,
        status: int,
        code: str,
        message: str = "",
        *,
        hint: str = "",
        retry_after_s: int | None = None,
        is_admin_route: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what the body says; an empty message repeats the code."""
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message or code
        self.hint = hint
        self.retry_after_s = retry_after_s
        self.is_admin_route = is_admin_route
        self.extra = extra or {}

    def respond(self, request_id: str) -> Response:
        """Return the answer in its shape, E1, E2 or E6."""
        if self.is_admin_route:
            return admin_error(request_id, self.status, self.message, **self.extra)
        return plain_error(
            request_id,
            self.status,
            self.code,
            self.message,
            hint=self.hint,
            retry_after_s=self.retry_after_s,
            **self.extra,
        )


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """Return the request's id: the guard's, else the client's header, else a new one."""
    state: dict[str, Any] = scope.setdefault("state", {})
    known = state.get("request_id")
    if not known:
        known = HTTPConnection(scope).headers.get("x-request-id", "")[:200] or new_hex()
        state["request_id"] = known
    return str(known)


def plain_error(  # the fields of one wire shape
    request_id: str,
    status: int,
    code: str,
    message: str,
    *,
    hint: str = "",
    retry_after_s: int | None = None,
    **extra: Any,
) -> Response:
    """Return E1, or E6 when there is a hint: `code` is a word."""
    body = {
        "status": status,
        "code": code,
        "message": message,
        "msg": f"{message}（{hint}）" if hint else message,
        "request_id": request_id,
        **extra,
    }
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, retry_after_s))}
    return _answer(request_id, status, body, headers)


def admin_error(request_id: str, status: int, message: str, **extra: Any) -> Response:
    """Return E2: as E1, but `code` is the integer status and `data` is null."""
    body = {
        "status": status,
        "code": status,
        "message": message,
        "msg": message,
        "data": None,
        "request_id": request_id,
        **extra,
    }
    return _answer(request_id, status, body)


def invalid_parameters(request_id: str, errors: Sequence[Mapping[str, Any]]) -> Response:
    """Return E3 (422) for errors in pydantic's form; long inputs are shortened."""
    detail = [_plain_detail(error) for error in errors]
    body = {"detail": detail, "msg": INVALID_PARAMETERS, "request_id": request_id}
    return _answer(request_id, 422, body)


def malformed_json(request_id: str, position: int, reason: str) -> Response:
    """Return E3 for a body that is no JSON."""
    error = {
        "type": "json_invalid",
        "loc": ("body", position),
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": reason},
    }
    return invalid_parameters(request_id, [error])


def framework_error(request_id: str, status: int) -> Response:
    """Return E4: unknown route or wrong method."""
    text = "Method Not Allowed" if status == 405 else "Not Found"
    return _answer(request_id, status, {"detail": text})


def internal_error(request_id: str) -> Response:
    """Return E5: our own fault, without its text."""
    return plain_error(request_id, 500, "internal_server_error", "Internal server error")


def login_error(request_id: str, code: int, message: str) -> Response:
    """Return E7: local login trouble travels with HTTP 200."""
    body = {"code": code, "msg": message, "data": None, "request_id": request_id}
    return _answer(request_id, 200, body)


def hidden(request_id: str) -> Response:
    """Return E8: somebody else's message looks like none at all."""
    return Response(b"", 404, {"X-Request-Id": request_id})


def console_error(request_id: str, error: ConsoleError) -> Response:
    """Return E2 for an expected trouble of a service."""
    extra: dict[str, Any] = {}
    if isinstance(error, InputError):
        status = 422
        if error.field:
            extra["field"] = error.field
    elif isinstance(error, NotFoundError):
        status = 404
    elif isinstance(error, NotAllowedError):
        status = 403
    elif isinstance(error, ConflictError):
        status = 409
        if error.existing_id:
            extra["existing_id"] = error.existing_id
    else:
        status = 503
    return admin_error(request_id, status, str(error), **extra)


def answer(request_id: str, body: Any, status: int = 200) -> Response:
    """Return a JSON answer as it is."""
    return _answer(request_id, status, body)


def envelope(request_id: str, data: Any, *, code: int = 200, **extra: Any) -> Response:
    """Return the success envelope of contract 1.3; `code` is the HTTP status too."""
    return _answer(request_id, code, {"code": code, "msg": "success", "data": data, **extra})


def _answer(
    request_id: str, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> Response:
    content = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS, default=str)
    all_headers = {"X-Request-Id": _header_safe(request_id), **(headers or {})}
    return Response(content, status, all_headers, _JSON)


def _header_safe(text: str) -> str:
    return "".join(ch for ch in text if " " <= ch <= "~")[:200]


def _plain_detail(error: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "type": str(error.get("type", "value_error")),
        "loc": list(error.get("loc", ())),
        "msg": str(error.get("msg", "")),
        "input": _shown_input(error.get("input")),
    }
    if context := error.get("ctx"):
        plain["ctx"] = {
            name: value if isinstance(value, str | int | float | bool) else {}
            for name, value in context.items()
        }
    return plain


def _shown_input(value: Any) -> Any:
    """Return the refused value when it is small and plain, else a shortened text of it."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError):
        return ascii(value)[:200]
    if len(text) <= _INPUT_SHOWN_BYTES:
        return value
    return f"{text[:200].decode('utf-8', 'ignore')}…"
