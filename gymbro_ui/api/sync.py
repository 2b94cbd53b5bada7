"""/api/v1/llm/…/sync and /llm/status/supabase: what is carried between here and Supabase."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import endpoint_row, moment
from gymbro_ui.api.wire_errors import WireError, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.executions.types import Execution, Trigger
from services.supabase.types import Link
from services.sync.types import Direction, SyncKind

if TYPE_CHECKING:
    from services.console import Console

WAIT_S = 60.0  # then the answer is 202 and the work goes on
_STATUS = {Link.ONLINE: "online", Link.OFFLINE: "offline", Link.DISABLED: "disabled"}


class SyncBody(BaseModel):
    """How far a sync may go; without a body it pushes what is new and deletes nothing."""

    direction: Direction = Direction.PUSH
    overwrite: bool = False
    delete_missing: bool = False
    kinds: Annotated[list[SyncKind], Field(min_length=1, max_length=3)] | None = None


def router(console: "Console") -> APIRouter:
    """Return the routes of the sync; the state of Supabase is public."""
    api = APIRouter(prefix="/api/v1/llm", tags=["sync"], route_class=WireRoute, responses=REFUSALS)
    _add_status(api, console)
    _add_kinds(api, console)
    return api


def _add_status(api: APIRouter, console: "Console") -> None:
    @api.get("/status/supabase")
    async def status(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say whether the project answered the last time it was asked."""
        cloud = console.cloud
        view = cloud.supabase.view
        if view.link is Link.UNKNOWN:
            await cloud.keep_alive.once()
            view = cloud.supabase.view
        data: dict[str, Any] = {
            "status": _STATUS.get(view.link, "offline"),
            "detail": str(cloud.supabase.detail) or str(_STATUS.get(view.link, "unknown")),
        }
        if view.latency_ms is not None:
            data["latency_ms"] = view.latency_ms
        synced_at = await cloud.sync.last_synced_at()
        if synced_at is not None:
            data["last_synced_at"] = moment(synced_at)
        return envelope(request_id_of(request.scope), data)


def _add_kinds(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/models/{endpoint_id}/sync")
    async def sync_model(  # pyright: ignore[reportUnusedFunction]
        endpoint_id: RowId, request: Request, body: SyncBody | None = None, caller: Caller = admin
    ) -> Response:
        """Sync one endpoint and return it with what became of it."""
        if console.models.endpoint(endpoint_id) is None:
            raise WireError(404, "not_found", "endpoint not found", is_admin_route=True)
        params = _params(body, SyncKind.MODEL) | {"local_keys": [str(endpoint_id)]}
        found = await _carry_out(console, caller, params)
        endpoint = console.models.endpoint(endpoint_id)
        row = None if endpoint is None else endpoint_row(endpoint)
        return _answer(request, found, row)

    @api.post("/models/sync")
    async def sync_models(  # pyright: ignore[reportUnusedFunction]
        request: Request, body: SyncBody | None = None, caller: Caller = admin
    ) -> Response:
        """Sync every endpoint."""
        found = await _carry_out(console, caller, _params(body, SyncKind.MODEL))
        return _answer(request, found)

    @api.post("/model-groups/sync")
    @api.post("/model-groups/sync-to-supabase")
    async def sync_mappings(  # pyright: ignore[reportUnusedFunction]
        request: Request, body: SyncBody | None = None, caller: Caller = admin
    ) -> Response:
        """Sync every mapping."""
        found = await _carry_out(console, caller, _params(body, SyncKind.MAPPING))
        return _answer(request, found)

    @api.post("/prompts/sync")
    async def sync_prompts(  # pyright: ignore[reportUnusedFunction]
        request: Request, body: SyncBody | None = None, caller: Caller = admin
    ) -> Response:
        """Sync every prompt's head."""
        found = await _carry_out(console, caller, _params(body, SyncKind.PROMPT))
        return _answer(request, found)


def _params(body: SyncBody | None, kind: SyncKind) -> dict[str, Any]:
    wanted = body or SyncBody()
    return {
        "direction": str(wanted.direction),
        "overwrite": wanted.overwrite,
        "delete_missing": wanted.delete_missing,
        "kinds": [str(one) for one in wanted.kinds or [kind]],
    }


async def _carry_out(console: "Console", caller: Caller, params: Mapping[str, Any]) -> Execution:
    """Return the sync's execution once it has ended, or as it stands after a minute."""
    if not console.cloud.sync.is_configured:
        raise WireError(503, "supabase_disabled", "Supabase is not set up", is_admin_route=True)
    ended = asyncio.Event()
    mine: list[str] = []

    def hear(execution: Execution) -> None:
        if execution.execution_id in mine and execution.status.is_final:
            ended.set()

    stop = console.executions.changed.subscribe(hear)
    try:
        started = await console.executions.start(
            "sync", params, trigger=Trigger.API, started_by=caller.user_id
        )
        mine.append(started.execution_id)
        found = await console.executions.get(started.execution_id)
        if not found.status.is_final:
            async with asyncio.timeout(WAIT_S):
                await ended.wait()
    except TimeoutError:
        pass
    finally:
        stop()
    return await console.executions.get(mine[0])


def _answer(request: Request, found: Execution, row: dict[str, Any] | None = None) -> Response:
    """Return 200 with what was done, 202 while it goes on, or E2 424 with why it failed."""
    request_id = request_id_of(request.scope)
    known = ("pulled", "pushed", "queued", "conflicts", "skipped", "refused")
    data: dict[str, Any] = {
        "execution_id": found.id,
        "status": str(found.status),
        **{name: found.meta.get(name) for name in known if name in found.meta},
    }
    if not found.status.is_final:
        return envelope(request_id, data, code=202)
    if found.error:
        data["error"] = found.error
    if found.error and "pushed" not in found.meta:
        raise WireError(
            424,
            found.error_kind or "sync_failed",
            found.error,
            is_admin_route=True,
            extra={"execution_id": found.id},
        )
    return envelope(request_id, data if row is None else {**row, "sync": data})
