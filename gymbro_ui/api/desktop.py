"""/api/v1/desktop: a second start raises the window of the console that runs, or gets one opened."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, operator_caller
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute

if TYPE_CHECKING:
    from services.console import Console

Value = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class Session(BaseModel):
    """Where the caller's windows are shown: variables of its graphical session."""

    model_config = ConfigDict(extra="forbid")
    display: Value = Field(default="", alias="DISPLAY")
    wayland: Value = Field(default="", alias="WAYLAND_DISPLAY")
    authority: Value = Field(default="", alias="XAUTHORITY")
    runtime: Value = Field(default="", alias="XDG_RUNTIME_DIR")
    language: Value = Field(default="", alias="LANG")


def router(console: "Console") -> APIRouter:
    """Return the route; it is for the operator's token alone."""
    api = APIRouter(
        prefix="/api/v1/desktop", tags=["desktop"], route_class=WireRoute, responses=REFUSALS
    )
    operator = Depends(operator_caller(console))

    @api.post("/window", dependencies=[operator])
    async def window(request: Request, body: Session) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Raise the window of this console, or open one; say why where neither can be."""
        given = {name: value for name, value in body.model_dump(by_alias=True).items() if value}
        reason = await console.desktop.show(given)
        data = {"shown": reason is None, "reason": str(reason or "")}
        return envelope(request_id_of(request.scope), data)

    return api
