"""FastAPI dependencies for the rights of contract 1.5, and the id that paths carry."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Request

from gymbro_ui.api.callers import admin_of, caller_of, operator_of
from gymbro_ui.api.wire_errors import WireError
from services.accounts.types import Caller, UserType

if TYPE_CHECKING:
    from services.console import Console

RowId = Annotated[int, Path(ge=1, le=2_147_483_647)]
CallerOf = Callable[[Request], Awaitable[Caller]]
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": text}
    for status, text in {
        400: "refused",
        401: "token refused",
        403: "not for this user",
        404: "no such thing",
        409: "something is in the way",
        413: "body too large",
        422: "input refused",
        429: "too many requests",
        503: "not possible now",
    }.items()
}


def any_caller(console: "Console") -> CallerOf:
    """Return the dependency for every valid token, anonymous too."""

    async def depend(request: Request) -> Caller:
        return await caller_of(console, request)

    return depend


def permanent_caller(console: "Console") -> CallerOf:
    """Return the dependency for every token that is not anonymous."""

    async def depend(request: Request) -> Caller:
        caller = await caller_of(console, request)
        if caller.user_type is UserType.ANONYMOUS:
            raise WireError(403, "forbidden")
        return caller

    return depend


def admin_caller(console: "Console") -> CallerOf:
    """Return the dependency for llm admins (contract 9.2)."""

    async def depend(request: Request) -> Caller:
        return await admin_of(console, request)

    return depend


def operator_caller(console: "Console") -> CallerOf:
    """Return the dependency for the operator's token and full API tokens, not for users' JWTs."""

    async def depend(request: Request) -> Caller:
        return await operator_of(console, request)

    return depend
