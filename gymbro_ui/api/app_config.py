"""/api/v1/llm/app/config: the settings that steer the gateway (contract 6.4)."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from gymbro_ui.api.access import admin_caller
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.foundation.errors import InputError
from services.foundation.redact import mask

if TYPE_CHECKING:
    from services.console import Console

_EXA_SECRET = "app/web_search_exa_api_key"  # the name of a secret, not its value
_EXA_FIELD = "web_search_exa_api_key"
_QUOTA_FIELD = "model_daily_quota"
_APP_FIELDS = (
    "default_result_mode",
    "prompt_mode",
    "app_output_protocol",
    "web_search_enabled",
    "web_search_provider",
)


def config_router(console: "Console") -> APIRouter:
    """Return the two routes, for admins."""
    api = APIRouter(route_class=WireRoute)
    admin = Depends(admin_caller(console))

    @api.get("/app/config")
    async def read(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the settings; the Exa key is masked."""
        return envelope(request_id_of(request.scope), _shown(console))

    @api.post("/app/config")
    async def write(  # pyright: ignore[reportUnusedFunction]
        request: Request, patch: Annotated[dict[str, Any], Body()], _: Caller = admin
    ) -> Response:
        """Change the given keys only."""
        try:
            await _change(console, patch)
        except InputError as error:
            raise _refused(error, patch) from error
        return envelope(request_id_of(request.scope), _shown(console))

    return api


async def _change(console: "Console", patch: Mapping[str, Any]) -> None:
    unknown = [name for name in patch if name not in (*_APP_FIELDS, _EXA_FIELD, _QUOTA_FIELD)]
    if unknown:
        raise RequestValidationError(
            [
                {
                    "type": "extra_forbidden",
                    "loc": ("body", name),
                    "msg": "Extra inputs are not permitted",
                    "input": patch[name],
                }
                for name in unknown[:50]
            ]
        )
    key = patch.get(_EXA_FIELD)
    if _EXA_FIELD in patch and not _is_key(key):
        raise InputError("Must be a text without blanks", field=_EXA_FIELD)
    if _QUOTA_FIELD in patch:
        await console.gateway.change_quota(patch[_QUOTA_FIELD])
    await console.settings.change_app({n: patch[n] for n in _APP_FIELDS if n in patch})
    if _EXA_FIELD in patch:
        await asyncio.to_thread(console.secrets.put, _EXA_SECRET, key or "")


def _is_key(key: Any) -> bool:
    return key is None or (
        isinstance(key, str) and len(key) <= 500 and all("!" <= ch <= "~" for ch in key)
    )


def _shown(console: "Console") -> dict[str, Any]:
    app = console.settings.app
    masked = console.secrets.masked(_EXA_SECRET)
    source = "db" if masked else "none"
    if not masked and console.env.exa_api_key:
        masked, source = mask(console.env.exa_api_key), "env"
    return {
        **{name: getattr(app, name) for name in _APP_FIELDS},
        f"{_EXA_FIELD}_masked": masked,
        f"{_EXA_FIELD}_source": source,
        _QUOTA_FIELD: console.gateway.quota_limits,
    }


def _refused(error: InputError, patch: Mapping[str, Any]) -> RequestValidationError:
    return RequestValidationError(
        [
            {
                "type": "value_error",
                "loc": ("body", error.field),
                "msg": f"Value error, {error}",
                "input": patch.get(error.field),
            }
        ]
    )
