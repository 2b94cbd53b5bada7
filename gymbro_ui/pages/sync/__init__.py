"""Sync with Supabase: look at the differences, choose, apply, see what waits."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.sync.page import SyncPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page; nothing is asked of Supabase before the operator asks."""
    await SyncPage(console).draw()
