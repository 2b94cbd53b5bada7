"""Audit: who changed what, before and after, and the way back."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.audit.page import AuditLogPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the newest entries."""
    await AuditLogPage(console).draw()
