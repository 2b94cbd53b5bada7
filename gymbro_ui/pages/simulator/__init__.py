"""Simulator: one conversation as a chosen user, seen event by event, judged and kept."""

from typing import TYPE_CHECKING

from components.primitives.skeleton import skeleton_rows
from gymbro_ui.chat_and_load import tabs

if TYPE_CHECKING:
    from services.console import Console


async def render(_console: "Console") -> None:
    """Draw the page at once and fill it when its history is read."""
    tabs("chat")
    skeleton_rows(6)
