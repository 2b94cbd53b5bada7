"""/api/v1/access: accounts, sessions and tokens of the console, for its operators' programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, operator_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.access.types import Account, ApiToken, OpenSession, Role, TokenKind
from services.accounts.types import Caller
from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

Name = Annotated[str, Path(max_length=40)]


class AccountBody(BaseModel):
    """A password, and a role for a new account or another one for an old."""

    model_config = ConfigDict(extra="forbid")
    password: Annotated[str, Field(max_length=1_000)]
    role: Role | None = None


class TokenBody(BaseModel):
    """What a new token is for; without days it has no end."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=80)]
    kind: TokenKind = TokenKind.READ_ONLY
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


def router(console: "Console") -> APIRouter:
    """Return the routes; they take the operator's token and full API tokens, no user's JWT."""
    api = APIRouter(
        prefix="/api/v1/access", tags=["access"], route_class=WireRoute, responses=REFUSALS
    )
    operator = Depends(operator_caller(console))
    _add_accounts(api, console, operator)
    _add_the_rest(api, console, operator)
    return api


def _add_accounts(api: APIRouter, console: "Console", operator: Any) -> None:
    access = console.access

    def account_of(name: str) -> Account:
        found = next((one for one in access.accounts() if one.name == name.lower()), None)
        if found is None:
            raise NotFoundError("There is no account {name}", name=name)
        return found

    @api.put("/accounts/{name}")
    async def put_account(  # pyright: ignore[reportUnusedFunction]
        name: Name, body: AccountBody, request: Request, _: Caller = operator
    ) -> Response:
        """Make the account, or give it this password and role; its sign-ins end."""
        made = await access.admin.put_account(name, body.role, body.password)
        data = {**account_row(account_of(name.strip())), "made": made}
        return envelope(request_id_of(request.scope), data)

    @api.delete("/accounts/{name}")
    async def delete_account(name: Name, request: Request, _: Caller = operator) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Delete the account and end its sign-ins."""
        await access.admin.delete_account(account_of(name).id)
        return envelope(request_id_of(request.scope), None)


def _add_the_rest(api: APIRouter, console: "Console", operator: Any) -> None:
    access = console.access

    @api.get("")
    async def show(request: Request, _: Caller = operator) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return from where the console is reached, and everybody who may use it; no secret."""
        data = {
            "exposure": asdict(access.exposure),
            "accounts": [account_row(one) for one in access.accounts()],
            "sessions": [session_row(one) for one in access.open_sessions()],
            "tokens": [token_row(one) for one in access.tokens()],
        }
        return envelope(request_id_of(request.scope), data)

    @api.delete("/sessions/{session_id}")
    async def end_session(  # pyright: ignore[reportUnusedFunction]
        session_id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
        request: Request,
        _: Caller = operator,
    ) -> Response:
        """End one sign-in."""
        await access.admin.end_session(session_id)
        return envelope(request_id_of(request.scope), None)

    @api.post("/tokens")
    async def make_token(body: TokenBody, request: Request, _: Caller = operator) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Make a token; its secret is in this answer and nowhere else."""
        made = await access.admin.make_token(body.name, body.kind, body.days)
        data = {**token_row(made.token), "secret": made.secret}
        return envelope(request_id_of(request.scope), data)

    @api.delete("/tokens/{token_id}")
    async def revoke_token(token_id: RowId, request: Request, _: Caller = operator) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Refuse the token from now on."""
        revoked = await access.admin.revoke_token(token_id)
        return envelope(request_id_of(request.scope), token_row(revoked))


def account_row(one: Account) -> dict[str, Any]:
    """Return an account as it travels."""
    return {
        "name": one.name,
        "role": one.role,
        "created_at": moment(one.created_at),
        "password_changed_at": moment(one.password_changed_at),
        "last_sign_in_at": moment(one.last_sign_in_at),
    }


def session_row(one: OpenSession) -> dict[str, Any]:
    """Return a session as it travels."""
    return {
        "id": one.id,
        "account": one.name,
        "role": one.role,
        "address": one.address,
        "agent": one.agent,
        "created_at": moment(one.created_at),
        "last_seen_at": moment(one.last_seen_at),
        "ends_at": moment(one.ends_at),
    }


def token_row(one: ApiToken) -> dict[str, Any]:
    """Return a token as it travels, without its secret."""
    return {
        "id": one.id,
        "name": one.name,
        "prefix": one.prefix,
        "kind": one.kind,
        "created_by": one.created_by,
        "created_at": moment(one.created_at),
        "expires_at": moment(one.expires_at),
        "last_used_at": moment(one.last_used_at),
        "revoked_at": moment(one.revoked_at),
    }
