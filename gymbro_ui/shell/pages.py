"""Pages: the area in which one page replaces another, and what stands there when none can."""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui

from components.primitives.empty import empty, problem
from components.words import sentence, tr
from gymbro_ui.site_map import DETAILS, PAGES, Page
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)


class Pages(ui.sub_pages):
    """The routes of the site map; an unknown address gets our words, a failing page its reason."""

    def __init__(self, console: "Console") -> None:
        """Show the page of the present address."""
        super().__init__({page.path: _builder(page, console) for page in (*PAGES, *DETAILS)})
        self.classes("gb-page__sub")

    def _render_404(self) -> None:
        path = self._router.current_path.partition("?")[0][:200]
        text = tr("The address {path} leads nowhere.", path=path)
        with empty(tr("There is no such page"), text, symbol="explore_off"):
            ui.link(tr("Go to the overview"), "/").classes("gb-link")


def _builder(page: Page, console: "Console") -> Callable[[], Awaitable[None] | None]:
    def build() -> Awaitable[None] | None:
        with ui.element("div").classes("gb-page__body") as body:
            try:
                result = page.render(console)
            except Exception as error:  # noqa: BLE001  # boundary: one page must not take the frame
                _fail(body, error, build)
                return None
        return None if result is None else _finish(body, result, build)

    return build


async def _finish(
    body: ui.element, result: Awaitable[None], build: Callable[[], Awaitable[None] | None]
) -> None:
    try:
        with body:
            await result
    except Exception as error:  # noqa: BLE001  # boundary: one page must not take the frame
        _fail(body, error, build)


def _fail(body: ui.element, error: Exception, build: Callable[[], Awaitable[None] | None]) -> None:
    """Say the reason where it is one for people; a fault of ours goes to the log with its trace."""
    if isinstance(error, ConsoleError):
        reason = sentence(error.message)
    else:
        _log.error("a page could not be drawn", exc_info=error)
        reason = tr(
            "A fault in the console ({kind}). The log has the details.", kind=type(error).__name__
        )
    if body.is_deleted or body.client.is_deleted:
        return
    body.clear()

    async def again() -> None:
        slot = body.parent_slot
        if slot is None:
            return
        with slot:
            body.delete()
            result = build()
        if result is not None:
            await result

    with body:
        problem(tr("This page could not be shown"), reason, again)
