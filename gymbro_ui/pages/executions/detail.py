"""One run's page: state, progress, cancel, output, timeline, parts; right at any moment one comes."""

import re
from typing import TYPE_CHECKING

from nicegui import context, ui

from components.primitives.empty import empty
from components.words import tr
from gymbro_ui.pages.executions.view import RunView
from services.executions.types import Execution
from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

# A text id or a number; nothing else is looked for in the store.
_KEY = re.compile(r"exe_[0-9A-Za-z]{1,36}|[1-9][0-9]{0,17}")


async def render_one(console: "Console") -> None:
    """Draw the run of the present address, or say that there is none."""
    path = context.client.sub_pages_router.current_path
    key = path.partition("?")[0].partition("#")[0].rstrip("/").rsplit("/", 1)[-1]
    found = await _find(console, key)
    if found is None:
        _nothing(key)
        return
    view = RunView(console, found)
    view.draw()
    await view.load()


async def _find(console: "Console", key: str) -> Execution | None:
    if not _KEY.fullmatch(key):
        return None
    try:
        return await console.executions.get(key)
    except NotFoundError:
        return None


def _nothing(key: str) -> None:
    text = tr(
        "Nothing is known under {key}. It may have been removed with the old history.", key=key[:60]
    )
    with empty(tr("There is no such run"), text, symbol="search_off"):
        ui.link(tr("All executions"), "/executions").classes("gb-link")
