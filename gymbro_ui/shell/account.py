"""Account: who is signed in on this page, and the ways out."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.frame.top_bar import AccountMenu
from components.settings.access_lists import ROLE_WORDS
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.visitors import present_visitor

if TYPE_CHECKING:
    from services.console import Console


def account_menu(console: "Console") -> AccountMenu | None:
    """Return the menu of who is signed in, or None where nobody had to."""
    visitor = present_visitor()
    if not visitor.session_id:
        return None

    async def sign_out() -> None:
        """The gate leads every tab of the session to the sign-in."""
        await act(lambda: console.access.signing.end_own(visitor))

    async def sign_out_everywhere() -> None:
        await act(lambda: console.access.signing.sign_out_everywhere(visitor))

    return AccountMenu(
        name=visitor.name,
        role=tr(ROLE_WORDS[visitor.role]),
        settings=lambda: ui.navigate.to("/settings#access"),
        sign_out=sign_out,
        sign_out_everywhere=sign_out_everywhere,
    )
