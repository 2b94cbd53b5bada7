"""Every failure of the /v1 routes in the shape OpenAI clients read."""

import logging

import orjson

from gymbro_ui.api.messages import Send
from gymbro_ui.api.wire_errors import WireError
from gymbro_ui.api.wire_route import BodyTooLargeError
from services.gateway.types import GatewayError
from services.suppliers.types import SupplierError

_log = logging.getLogger(__name__)
_JSON = (b"content-type", b"application/json")
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CLIENT_FAULTS = (400, 404, 413, 415, 422, 429)  # of a supplier: the request's own fault


class OpenAiError(Exception):
    """A refusal in OpenAI's shape."""

    def __init__(
        self, status: int, code: str, message: str, *, param: str | None = None, wait_s: int = 0
    ) -> None:
        """Keep what the error object says."""
        super().__init__(code)
        self.status = status
        self.wait_s = wait_s
        kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
        self.body = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }


def openai_error(error: Exception) -> OpenAiError:
    """Return the refusal for an expected failure; an unexpected one says nothing of itself."""
    match error:
        case OpenAiError():
            return error
        case SupplierError():
            return _supplier_error(error)
        case GatewayError() | WireError():
            status = 404 if error.code == "model_not_allowed" else error.status
            return OpenAiError(status, error.code, error.message, wait_s=error.retry_after_s or 0)
        case BodyTooLargeError():
            return OpenAiError(413, "body_too_large", "The body is too large")
        case _:
            return OpenAiError(500, "internal_server_error", "Internal server error")


def _supplier_error(error: SupplierError) -> OpenAiError:
    if error.status in _CLIENT_FAULTS:
        status = error.status
    else:
        status = 504 if error.word == "upstream_timeout" else 502
    return OpenAiError(status or 502, error.word, str(error), wait_s=error.retry_after_s)


async def refuse(send: Send, request_id: str, error: Exception) -> None:
    """Answer with the failure in OpenAI's shape; an unexpected one is logged."""
    shaped = openai_error(error)
    if shaped.status == 500:
        _log.error("request %s failed", request_id, exc_info=error)
    extra = ((b"retry-after", str(shaped.wait_s).encode()),) if shaped.wait_s else ()
    await respond(send, shaped.status, orjson.dumps(shaped.body), extra)


async def respond(
    send: Send, status: int, content: bytes, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer with a JSON body."""
    headers = [_JSON, (b"content-length", str(len(content)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
