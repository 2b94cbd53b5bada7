"""/api/v1/llm/tests: test users and the prompts a server would use (contract 7.4)."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import admin_error, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.foundation.errors import NotFoundError
from services.identities.types import SavedUser, SignIn
from services.settings.types import OutputProtocol

if TYPE_CHECKING:
    from services.console import Console

MOCK_KEY = "test-key-mock"
_WORDS = {  # our words for a failed sign-in to those of the contract
    "anonymous_auth_failed": "supabase_anon_signup_failed",
    "supabase_admin_create_user_failed": "supabase_admin_create_user_failed",
    "supabase_login_missing_access_token": "supabase_missing_access_token",
    "mail_api_error": "mail_api_error",
    "mail_api_invalid_email": "mail_api_invalid_email",
}


class AnonBody(BaseModel):
    """Whose token; `force_new` makes another user of today."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str | None, Field(max_length=5_000, repr=False)] = None
    force_new: bool = False


class MailBody(BaseModel):
    """How a test user is named; the mail key decides where its address comes from."""

    model_config = ConfigDict(extra="forbid")

    mail_api_key: Annotated[str | None, Field(max_length=1_000, repr=False)] = None
    username_prefix: Annotated[str, Field(max_length=60)] = "gymbro-test-01"
    email_domain: Annotated[str, Field(max_length=120)] = ""
    force_new: bool = False


def router(console: "Console") -> APIRouter:
    """Return the routes of test users, all for admins."""
    api = APIRouter(
        prefix="/api/v1/llm/tests", tags=["test users"], route_class=WireRoute, responses=REFUSALS
    )
    _add_tokens(api, console)
    _add_users(api, console)
    _add_prompts(api, console)
    return api


def _add_tokens(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/anon-token")
    async def anon_token(body: AnonBody, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return a token of today's anonymous test user."""
        target = console.targets.current
        saved = console.identities.saved
        known = {user.id for user in await saved.all()}
        user, signed = await saved.anonymous(target, force_new=body.force_new)
        if signed.token is None:
            return _refused(request, signed)
        is_new = user is not None and user.id not in known
        data = _token(signed) | {
            "mode": "anonymous",
            "user": {"id": signed.token.user_id, "is_anonymous": signed.token.is_anonymous},
            "note": "created_today" if is_new else "refreshed_today",
        }
        return envelope(request_id_of(request.scope), data)

    @api.post("/create-mail-user")
    async def create(body: MailBody, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Make a registered test user that stays; the key `test-key-mock` needs no mail service."""
        saved = console.identities.saved
        key = body.mail_api_key or console.env.mail_api_key
        if not key:
            return admin_error(request_id_of(request.scope), 400, "mail_api_key_missing")
        user, signed = await saved.create(
            console.targets.current,
            prefix=body.username_prefix,
            domain=body.email_domain,
            mail_key="" if key == MOCK_KEY else key,
        )
        if user is None or signed.token is None:
            return _refused(request, signed)
        mode = "mock" if key == MOCK_KEY else "permanent"
        data = _user_token(user, signed) | {"mode": mode, "password": saved.password(user.id)}
        return envelope(request_id_of(request.scope), data)


def _add_users(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/mail-users")
    async def mail_users(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        _: Caller = admin,
    ) -> Response:
        """List the registered test users, newest first."""
        found = await console.identities.saved.all(limit, kind="mail")
        items = [_row(user) for user in found]
        return envelope(request_id_of(request.scope), {"items": items, "total": len(items)})

    @api.post("/mail-users/{user_id}/refresh")
    async def refresh(user_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return a fresh token of a saved test user."""
        saved = console.identities.saved
        try:
            user = await saved.get(user_id)
        except NotFoundError:
            return admin_error(request_id_of(request.scope), 404, "test_user_not_found")
        if not user.has_refresh_token and not saved.password(user_id):
            return admin_error(request_id_of(request.scope), 400, "refresh_token_missing")
        signed = await saved.sign_in(console.targets.current, user_id)
        if signed.token is None:
            return _refused(request, signed, "supabase_refresh_failed")
        data = _user_token(user, signed) | {
            "mode": "permanent",
            "password": saved.password(user_id),
            "note": "refreshed",
        }
        return envelope(request_id_of(request.scope), data)


def _add_prompts(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/active-prompts")
    async def active_prompts(  # pyright: ignore[reportUnusedFunction]
        request: Request, output_protocol: OutputProtocol | None = None, _: Caller = admin
    ) -> Response:
        """Return what the gateway would put in front of a conversation now."""
        protocol = output_protocol or console.settings.app.app_output_protocol
        active = console.prompts.active(protocol)
        suffix = "" if protocol is OutputProtocol.THINKINGML else "_jsonseq_v1"
        system = active.system_text or "You are GymBro's AI assistant."
        parts = [system, active.tools_text] if active.tools and active.tools_text else [system]
        data = {
            "output_protocol": str(protocol),
            "prompt_type_system": f"system{suffix}",
            "prompt_type_tools": f"tools{suffix}",
            "system_prompt": active.system_text,
            "tools_prompt": active.tools_text,
            "effective_system_message": "\n\n".join(parts),
            "tools_schema_count": len(active.tools),
            "notes": [] if active.system_id else ["no_active_system_prompt"],
        }
        return envelope(request_id_of(request.scope), data)


def _refused(request: Request, signed: SignIn, word: str = "") -> Response:
    """Return 424: proxies replace bodies of 5xx; the body says 502."""
    said = word or _WORDS.get(signed.error, "supabase_token_exchange_failed")
    answer = admin_error(request_id_of(request.scope), 502, said, detail=signed.detail)
    answer.status_code = 424
    return answer


def _row(user: SavedUser) -> dict[str, Any]:
    return {
        "id": user.id,
        "label": user.label,
        "email": user.email,
        "username": user.username,
        "user_id": user.user_id,
        "created_at": moment(user.created_at),
        "last_used_at": moment(user.last_used_at),
        "last_refreshed_at": moment(user.last_refreshed_at),
        "has_refresh_token": user.has_refresh_token,
    }


def _token(signed: SignIn) -> dict[str, Any]:
    token = signed.token
    assert token is not None  # asked for only with one
    return {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "expires_in": 3600,
        "token_type": "bearer",
    }


def _user_token(user: SavedUser, signed: SignIn) -> dict[str, Any]:
    return _token(signed) | {
        "test_user_id": user.id,
        "user_id": user.user_id,
        "email": user.email,
        "username": user.username,
    }
