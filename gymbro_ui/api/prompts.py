"""/api/v1/llm/prompts: prompts, their versions, and which are active."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import prompt_row, version_row
from gymbro_ui.api.wire_errors import WireError, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.prompts.types import Prompt, PromptEdit, PromptType

if TYPE_CHECKING:
    from services.console import Console

Short = Annotated[str, Field(max_length=200)]


class PromptBody(BaseModel):
    """What a client stores of a prompt; what is not sent stays as it is."""

    name: Short | None = None
    prompt_type: PromptType | None = None
    content: Annotated[str, Field(max_length=200_000)] | None = None
    tools_json: list[Any] | dict[str, Any] | None = None
    version: Annotated[str, Field(max_length=50)] | None = None
    category: Annotated[str, Field(max_length=100)] | None = None
    description: Annotated[str, Field(max_length=5_000)] | None = None
    is_active: bool | None = None
    message: Annotated[str, Field(max_length=500)] = ""
    parent_no: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None

    def to_edit(self, prompt_id: int | None, edited_by: str) -> PromptEdit:
        """Return the edit for the service."""
        return PromptEdit(
            id=prompt_id,
            name=self.name,
            prompt_type=self.prompt_type,
            content=self.content,
            tools_json=self.tools_json,
            version=self.version,
            category=self.category,
            description=self.description,
            edited_by=edited_by[:200],
            message=self.message,
            parent_no=self.parent_no,
        )

    @property
    def changes_text(self) -> bool:
        """Whether anything but the active mark is sent."""
        return bool(self.model_fields_set - {"is_active", "message", "parent_no"})


def router(console: "Console") -> APIRouter:
    """Return the routes of prompts, all for admins."""
    api = APIRouter(
        prefix="/api/v1/llm", tags=["prompts"], route_class=WireRoute, responses=REFUSALS
    )
    _add_list(api, console)
    _add_heads(api, console)
    _add_versions(api, console)
    return api


def _add_list(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/prompts")
    async def list_prompts(  # the contract's query  # pyright: ignore[reportUnusedFunction]
        request: Request,
        prompt_type: Annotated[str, Query(max_length=30)] = "",
        keyword: Annotated[str, Query(max_length=200)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        page_size: Annotated[int, Query(ge=1, le=500)] = 100,
        _: Caller = admin,
    ) -> Response:
        """List the heads of prompts."""
        wanted = keyword.strip().lower()
        found = [
            prompt
            for prompt in console.prompts.all()
            if prompt_type in ("", prompt.prompt_type) and wanted in prompt.name.lower()
        ]
        shown = found[(page - 1) * page_size : page * page_size]
        return envelope(
            request_id_of(request.scope),
            [prompt_row(prompt) for prompt in shown],
            total=len(found),
            page=page,
            page_size=page_size,
        )


def _add_heads(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/prompts")
    async def create(body: PromptBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a new prompt."""
        prompt = await console.prompts.save(body.to_edit(None, caller.user_id))
        if body.is_active:
            prompt = await console.prompts.activate(prompt.id)
        return envelope(request_id_of(request.scope), prompt_row(prompt))

    @api.get("/prompts/{prompt_id}")
    async def read(prompt_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one prompt."""
        return envelope(request_id_of(request.scope), prompt_row(_known(console, prompt_id)))

    @api.put("/prompts/{prompt_id}")
    async def update(  # pyright: ignore[reportUnusedFunction]
        prompt_id: RowId, body: PromptBody, request: Request, caller: Caller = admin
    ) -> Response:
        """Add a version, and answer with it; it goes live with `is_active: true` or its own route."""
        prompt = await _update(console, _known(console, prompt_id), body, caller)
        newest = await console.prompts.version(prompt.id, prompt.newest_no)
        return envelope(request_id_of(request.scope), prompt_row(prompt, newest))

    @api.delete("/prompts/{prompt_id}")
    async def delete(prompt_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Remove a prompt that is not active."""
        await console.prompts.delete(prompt_id)
        return envelope(request_id_of(request.scope), {"id": prompt_id})


def _add_versions(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/prompts/{prompt_id}/activate")
    async def activate(  # pyright: ignore[reportUnusedFunction]
        prompt_id: RowId,
        request: Request,
        version_no: Annotated[int | None, Query(ge=1, le=2_147_483_647)] = None,
        _: Caller = admin,
    ) -> Response:
        """Make this the active prompt of its type, with its newest version unless one is named."""
        prompt = await console.prompts.activate(prompt_id, version_no)
        return envelope(request_id_of(request.scope), prompt_row(prompt))

    @api.get("/prompts/{prompt_id}/versions")
    async def versions(prompt_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List the versions, newest first."""
        rows = [version_row(version) for version in await console.prompts.versions(prompt_id)]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.get("/prompts/{prompt_id}/versions/{version_no}")
    async def version(  # pyright: ignore[reportUnusedFunction]
        prompt_id: RowId, version_no: RowId, request: Request, _: Caller = admin
    ) -> Response:
        """Return one version."""
        found = await console.prompts.version(prompt_id, version_no)
        return envelope(request_id_of(request.scope), version_row(found))

    @api.post("/prompts/{prompt_id}/rollback")
    async def roll_back(  # pyright: ignore[reportUnusedFunction]
        prompt_id: RowId,
        request: Request,
        version_no: Annotated[int, Body(embed=True, ge=1, le=2_147_483_647)],
        caller: Caller = admin,
    ) -> Response:
        """Make an old text the newest version."""
        prompt = await console.prompts.roll_back(
            prompt_id, version_no, edited_by=caller.user_id[:200]
        )
        return envelope(request_id_of(request.scope), prompt_row(prompt))


async def _update(console: "Console", prompt: Prompt, body: PromptBody, caller: Caller) -> Prompt:
    if body.changes_text:
        prompt = await console.prompts.save(body.to_edit(prompt.id, caller.user_id))
    if body.is_active:
        return await console.prompts.activate(prompt.id)
    if body.is_active is False and prompt.is_active:
        return await console.prompts.deactivate(prompt.id)
    return prompt


def _known(console: "Console", prompt_id: int) -> Prompt:
    prompt = console.prompts.get(prompt_id)
    if prompt is None:
        raise WireError(404, "not_found", "prompt not found", is_admin_route=True)
    return prompt
