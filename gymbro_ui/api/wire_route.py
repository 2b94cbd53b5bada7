"""WireRoute: a FastAPI route whose every failure leaves in a shape of contract 1.4."""

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gymbro_ui.api import wire_errors
from gymbro_ui.api.wire_errors import WireError
from services.foundation.errors import ConsoleError
from services.gateway.types import GatewayError

_log = logging.getLogger(__name__)
BODY_MAX_BYTES = 4_000_000


class BodyTooLargeError(Exception):
    """The request's body passes the limit."""


class JsonRequest(Request):
    """A request whose body is bounded and read by orjson: no NaN, no lone surrogate, bounded depth."""

    async def body(self) -> bytes:
        """Return the body; raise BodyTooLargeError beyond the limit."""
        if not hasattr(self, "_body"):
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > BODY_MAX_BYTES:
                    raise BodyTooLargeError
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        """Return the parsed body; raise json.JSONDecodeError."""
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


class WireRoute(APIRoute):
    """Give it as `route_class` of a router under /api/v1; no failure passes it as a bare 500."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler with the translation of errors around it."""
        handle = super().get_route_handler()

        async def handle_or_translate(request: Request) -> Response:
            request_id = wire_errors.request_id_of(request.scope)
            try:
                response = await handle(JsonRequest(request.scope, request.receive))
            except ClientDisconnect:
                raise
            except Exception as error:  # noqa: BLE001  # boundary: every failure gets its wire shape
                return translate(request_id, error)
            if "x-request-id" not in response.headers:
                response.headers["X-Request-Id"] = request_id.encode("ascii", "ignore").decode()
            return response

        return handle_or_translate


def translate(request_id: str, error: Exception) -> Response:
    """Return the wire's answer for a failure; an unexpected one is logged and becomes E5."""
    known = _translate_known(request_id, error)
    if known is not None:
        return known
    _log.error("request %s failed", request_id, exc_info=error)
    return wire_errors.internal_error(request_id)


def gateway_error(request_id: str, error: GatewayError) -> Response:
    """Return E1 or E6 for a refusal of the gateway."""
    return wire_errors.plain_error(
        request_id,
        error.status,
        error.code,
        error.message,
        hint=error.hint,
        retry_after_s=error.retry_after_s,
        **error.extra,
    )


def _translate_known(request_id: str, error: Exception) -> Response | None:
    match error:
        case WireError():
            found = error.respond(request_id)
        case GatewayError():
            found = gateway_error(request_id, error)
        case RequestValidationError():
            found = wire_errors.invalid_parameters(request_id, error.errors())
        case json.JSONDecodeError():
            found = wire_errors.malformed_json(request_id, error.pos, error.msg)
        case ConsoleError():
            found = wire_errors.console_error(request_id, error)
        case _:
            found = _translate_http(request_id, error)
    return found


def _translate_http(request_id: str, error: Exception) -> Response | None:
    if isinstance(error, BodyTooLargeError):
        return wire_errors.plain_error(request_id, 413, "body_too_large", "The body is too large")
    if isinstance(error, HTTPException | StarletteHTTPException):
        if error.status_code in (404, 405) and error.detail in ("Not Found", "Method Not Allowed"):
            return wire_errors.framework_error(request_id, error.status_code)
        if error.status_code == 400 and "parsing the body" in str(error.detail):
            return wire_errors.malformed_json(request_id, 0, "the body cannot be read")
        return wire_errors.plain_error(
            request_id, error.status_code, "http_error", str(error.detail)
        )
    return None
