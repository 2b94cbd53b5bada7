"""/api/v1/llm/model-groups: mappings from keys and scopes to models."""

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller, permanent_caller
from gymbro_ui.api.catalogue import mapping_row
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.mapping.types import ImportPlan, MappingEdit, Scope

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
Name = Annotated[str, Field(max_length=300)]


class GroupBody(BaseModel):
    """One mapping under its scope and key; `tenant` is read as mapping."""

    model_config = ConfigDict(protected_namespaces=())

    scope_type: Literal["user", "premium_user", "prompt", "module", "mapping", "tenant", "global"]
    scope_key: Annotated[str, Field(min_length=1, max_length=270)]
    name: Name = ""
    default_model: Name = ""
    candidates: Annotated[list[Name], Field(max_length=2_000)] = []
    is_active: bool = True
    metadata: dict[str, Any] = {}

    def to_edit(self) -> MappingEdit:
        """Return the edit for the service."""
        scope = Scope.MAPPING if self.scope_type == "tenant" else Scope(self.scope_type)
        return MappingEdit(
            scope_type=scope,
            scope_key=self.scope_key,
            name=self.name,
            default_model=self.default_model,
            candidates=tuple(self.candidates),
            is_active=self.is_active,
            metadata=self.metadata,
        )


def router(console: "Console") -> APIRouter:
    """Return the routes of mappings."""
    api = APIRouter(
        prefix="/api/v1/llm", tags=["mappings"], route_class=WireRoute, responses=REFUSALS
    )
    _add_rows(api, console)
    _add_switches(api, console)
    return api


def _add_rows(api: APIRouter, console: "Console") -> None:
    """Add listing, saving and import."""
    admin = Depends(admin_caller(console))

    @api.get("/model-groups")
    async def list_groups(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, Depends(permanent_caller(console))],
        scope_type: Annotated[str, Query(max_length=20)] = "",
        scope_key: Annotated[str, Query(max_length=270)] = "",
    ) -> Response:
        """List every mapping, inactive ones too."""
        wanted = "mapping" if scope_type == "tenant" else scope_type
        rows = [
            mapping_row(mapping)
            for mapping in console.mapping.all()
            if wanted in ("", mapping.scope_type) and scope_key in ("", mapping.scope_key)
        ]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.post("/model-groups")
    async def save(body: GroupBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a mapping under its scope and key."""
        mapping = await console.mapping.save(body.to_edit())
        _audit(request, caller, "saved", mapping.id)
        return envelope(request_id_of(request.scope), mapping_row(mapping))

    @api.post("/model-groups/import-local-json")
    async def import_json(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        body: Annotated[dict[str, Any] | list[Any], Body()],
        dry_run: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        caller: Caller = admin,
    ) -> Response:
        """Store the rows of an export that are new or different; dry_run only says which."""
        plan = console.mapping.plan_import(json.dumps(body).encode())
        if not dry_run and plan.edits:
            await console.mapping.save_many(plan.edits, source="import")
            _audit(request, caller, "imported", f"{len(plan.edits)} mappings")
        return envelope(request_id_of(request.scope), _plan_row(plan))


def _add_switches(api: APIRouter, console: "Console") -> None:
    """Add what is done to one mapping; its id may hold slashes, so these come last."""
    admin = Depends(admin_caller(console))

    @api.post("/model-groups/{mapping_id:path}/activate")
    async def activate(  # pyright: ignore[reportUnusedFunction]
        mapping_id: str,
        request: Request,
        default_model: Annotated[Name, Body(embed=True)] = "",
        caller: Caller = admin,
    ) -> Response:
        """Switch a mapping on, with another first choice if one is named."""
        mapping = await console.mapping.activate(mapping_id, default_model)
        _audit(request, caller, "activated", mapping.id)
        return envelope(request_id_of(request.scope), mapping_row(mapping))

    @api.delete("/model-groups/{mapping_id:path}")
    async def delete(mapping_id: str, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Remove a mapping; start data that is deleted stays deleted."""
        await console.mapping.delete(mapping_id)
        _audit(request, caller, "deleted", mapping_id)
        return envelope(request_id_of(request.scope), {"id": mapping_id})


def _plan_row(plan: ImportPlan) -> dict[str, Any]:
    return {
        "added": [f"{edit.scope_type}:{edit.scope_key}" for edit in plan.added],
        "changed": [one.before.id for one in plan.changed],
        "same": plan.same,
        "skipped": [{"id": one.name, "reason": str(one.reason)} for one in plan.skipped],
    }


def _audit(request: Request, caller: Caller, what: str, subject: str) -> None:
    request_id = request_id_of(request.scope)
    _log.info("mapping %r %s by %s, request %s", subject, what, caller.user_id, request_id)
