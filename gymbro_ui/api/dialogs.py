"""/api/v1/llm/tests/dialog and /dialogs: lead one conversation, read and export what was kept."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.dialogs.types import DialogFilter
from services.e2e.types import CellStatus, Kind
from services.executions.types import Trigger
from services.foundation.errors import InputError

if TYPE_CHECKING:
    from services.console import Console

DialogId = Annotated[str, Path(pattern=r"^exe_[0-9a-z]{18}$")]
Number = Annotated[int, Field(ge=1, le=2_147_483_647)]
_PROMPTS = Literal["server", "stored", "own", "none"]


class DialogBody(BaseModel):
    """The contract's body and what we add; the ranges are those of services.dialogs.rules."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[str, Field(max_length=1_000)]
    message: Annotated[str, Field(max_length=1_000_000)]
    user_type: Literal["anonymous", "permanent"] | None = None
    test_user_id: Number | None = None
    access_token: Annotated[str | None, Field(max_length=20_000, repr=False)] = None
    prompt_id: Number | None = None
    prompt_version_no: Number | None = None
    prompt: _PROMPTS | None = None
    system_prompt: Annotated[str | None, Field(max_length=1_000_000)] = None
    result_mode: Literal["raw_passthrough", "xml_plaintext", "auto"] | None = None
    protocol: Literal["thinkingml_v45", "jsonseq_v1", "none"] | None = None
    tool_choice: Literal["auto", "none"] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: int | None = None
    after: Annotated[str | None, Field(max_length=40)] = None
    target_id: Number | None = None


class Wanted(BaseModel):
    """Which turns: by text, model, verdict, kind and time."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=200)] = ""
    model: Annotated[str, Field(max_length=300)] = ""
    verdict: CellStatus | None = None
    kind: Kind | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    def to_filter(self) -> DialogFilter:
        """Return what the service looks for; raise InputError for a time without a zone."""
        for name in ("created_from", "created_to"):
            at = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise InputError("The time needs a zone, such as Z or +08:00", field=name)
        return DialogFilter(
            text=self.text,
            model=self.model,
            statuses=() if self.verdict is None else (self.verdict,),
            kinds=() if self.kind is None else (self.kind,),
            created_from=self.created_from,
            created_to=self.created_to,
        )


class WantedPage(Wanted):
    """Which turns, and which piece of them."""

    before: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class WantedFile(Wanted):
    """Which turns, and as what file."""

    format: Literal["csv", "json"] = "csv"


def router(console: "Console") -> APIRouter:
    """Return the routes of single conversations, all for admins."""
    api = APIRouter(
        prefix="/api/v1/llm/tests",
        tags=["conversations"],
        route_class=WireRoute,
        responses=REFUSALS,
    )
    _add_acts(api, console)
    _add_reads(api, console)
    return api


def _add_acts(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/dialog", status_code=202)
    async def start(body: DialogBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Send one message as a chosen user; it runs on after the answer."""
        execution = await console.dialogs.start(
            _values(console, body),
            trigger=Trigger.API,
            started_by=caller.email or caller.user_id,
        )
        ids = {"run_id": execution.execution_id, "execution_id": execution.execution_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)

    @api.post("/dialogs/{dialog_id}/cancel", status_code=202)
    async def cancel(dialog_id: DialogId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Ask a turn to end; what had arrived is kept."""
        await console.dialogs.cancel(dialog_id)
        ids = {"run_id": dialog_id, "execution_id": dialog_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)


def _add_reads(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/dialogs")
    async def dialogs(  # pyright: ignore[reportUnusedFunction]
        request: Request, wanted: Annotated[WantedPage, Query()], _: Caller = admin
    ) -> Response:
        """List the kept turns, newest first; go on with `next_before`."""
        page = await console.dialogs.page(
            wanted.to_filter(), before=wanted.before, limit=wanted.limit
        )
        rows = [console.dialogs.record(row, whole=False) for row in page.rows]
        next_before = page.next_before or None
        return envelope(
            request_id_of(request.scope), rows, next_before=next_before, is_partial=page.is_partial
        )

    @api.get("/dialogs/export")
    async def export(wanted: Annotated[WantedFile, Query()], _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the turns of a filter as a file; no cell of the CSV can become a formula."""
        file = await console.dialogs.export(wanted.to_filter(), wanted.format)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, headers=headers, media_type=file.media_type)

    @api.get("/dialogs/{dialog_id}")
    async def dialog(dialog_id: DialogId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one turn with its events, checks and settings."""
        found = await console.dialogs.get(dialog_id)
        return envelope(request_id_of(request.scope), console.dialogs.record(found, whole=True))


def _values(console: "Console", body: DialogBody) -> dict[str, Any]:
    left_out = {"user_type", "access_token", "tool_choice"}
    values = body.model_dump(exclude=left_out, exclude_none=True)
    values["identity"] = body.user_type or "anonymous"
    if body.test_user_id is not None:
        values["identity"] = "saved"
    if body.access_token is not None:
        values["identity"] = "token"
        values["token_key"] = console.dialogs.take_token(body.access_token, body.target_id)
    if body.prompt_id is not None:
        values.setdefault("prompt", "stored")
    elif body.system_prompt:
        values.setdefault("prompt", "own")
    return values | {"uses_tools": body.tool_choice == "auto"}
