"""Who calls: from the request's headers to a verified Caller, or the exact refusal."""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.requests import Request

from gymbro_ui.api.wire_errors import WireError, request_id_of
from services.accounts.types import Caller, TokenRefusedError, UserType
from services.foundation.actor import act_as
from services.gateway.types import Address

if TYPE_CHECKING:
    from services.console import Console


def bearer_token(headers: Headers) -> str:
    """Return the token of `Authorization: Bearer <token>`, or an empty text."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and " " not in token else ""


async def authenticate(console: "Console", headers: Headers, peer: str) -> Caller:
    """Return the caller; raise WireError 401 with the word of contract 8, or a cooldown's 429.

    `peer` is the address of the connection itself.
    """
    address = console.gateway.address_of(peer, headers)
    token = bearer_token(headers)
    if not token:
        raise _refused(console, address, "unauthorized")
    caller = console.verifier.cached(token)
    if caller is None:
        try:
            caller = await console.verifier.verify(token)
        except TokenRefusedError as error:
            raise _refused(console, address, error.code, error.detail) from error
    return caller


async def caller_of(console: "Console", request: Request) -> Caller:
    """Return the caller of an ordinary route after the guards let it in; raise WireError."""
    caller = await authenticate(console, request.headers, peer_of(request.scope))
    console.gateway.admit(
        caller,
        console.gateway.address_of(peer_of(request.scope), request.headers),
        request.headers.get("user-agent", ""),
    )
    refuse_reading_token(caller, request.method)
    # Changes and log lines say by whom; a GET that would change something is refused at the store.
    act_as(caller.user_id, request_id_of(request.scope), may_change=not caller.is_read_only)
    return caller


def refuse_reading_token(caller: Caller, method: str) -> None:
    """Return when the caller may use that method; raise WireError 403 for a token that only reads."""
    if caller.is_read_only and method not in ("GET", "HEAD"):
        raise WireError(403, "read_only_token", "This token only reads")


async def operator_of(console: "Console", request: Request) -> Caller:
    """Return the caller when it came with the operator's or an API token; raise WireError 403."""
    caller = await caller_of(console, request)
    if caller.is_operator:
        return caller
    raise WireError(403, "operator_required", "Only with the operator's token or an API token")


async def admin_of(console: "Console", request: Request) -> Caller:
    """Return the caller when it is an llm admin; raise WireError 403 otherwise (contract 9.2)."""
    caller = await caller_of(console, request)
    if caller.is_admin or caller.is_operator:
        return caller
    if caller.user_type is UserType.ANONYMOUS and console.env.policy_gate:
        raise WireError(403, "ANONYMOUS_ACCESS_DENIED", "Anonymous users cannot do this")
    raise WireError(403, "llm_admin_required")


def peer_of(scope: MutableMapping[str, Any]) -> str:
    """Return the address the connection came from, empty when unknown."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _refused(console: "Console", address: Address, code: str, detail: str = "") -> WireError:
    console.gateway.note_refused_token(address)
    return WireError(401, code, code, extra={"detail": detail} if detail else None)
