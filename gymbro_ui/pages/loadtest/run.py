"""Run page: one load test, followed live; right at any moment one comes."""

import re
from typing import TYPE_CHECKING

from nicegui import context, ui

from components.primitives.empty import empty
from components.words import tr
from gymbro_ui.chat_and_load import tabs
from gymbro_ui.pages.loadtest.filters import PATH
from gymbro_ui.pages.loadtest.finder import FinderPage
from gymbro_ui.pages.loadtest.view import LoadRunView
from services.executions.types import Execution
from services.foundation.errors import NotFoundError
from services.loadtest.types import FINDER_KIND, LoadRun

if TYPE_CHECKING:
    from services.console import Console

_KEY = re.compile(r"exe_[0-9a-z]{1,36}")


async def render_one(console: "Console") -> None:
    """Draw the run of the present address, or say that there is none."""
    path = context.client.sub_pages_router.current_path
    key = path.partition("?")[0].partition("#")[0].rstrip("/").rsplit("/", 1)[-1]
    tabs("load")
    ui.link(tr("← All load tests"), PATH).classes("gb-link t-meta lt-back")
    execution = await _execution(console, key)
    if execution is not None and execution.execution_type == FINDER_KIND:
        search = FinderPage(console, execution, await console.loadtest.finder.finding(key))
        search.draw()
        return
    run = await _find(console, key)
    if run is None:
        text = tr("Nothing is known under {key}. It may have been deleted.", key=key[:60])
        with empty(tr("There is no such load test"), text, symbol="search_off"):
            ui.link(tr("All load tests"), PATH).classes("gb-link")
        return
    view = LoadRunView(console, run)
    view.draw()
    await view.load()


async def _execution(console: "Console", key: str) -> Execution | None:
    if not _KEY.fullmatch(key):
        return None
    try:
        return await console.executions.get(key)
    except NotFoundError:
        return None  # its row may have aged away before its figures


async def _find(console: "Console", key: str) -> LoadRun | None:
    if not _KEY.fullmatch(key):
        return None
    try:
        return console.loadtest.live(key) or await console.loadtest.run(key)
    except NotFoundError:
        return None
