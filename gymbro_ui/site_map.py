"""Site map: PAGES, the one table from which menu, routes, palette and page tests are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from components.words import word
from gymbro_ui.pages import dashboard, e2e, settings


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its address, its English title and group, its icon, and what draws it."""

    path: str
    title: str  # msgid
    icon: str  # Material Symbols outlined
    render: Callable[[Any], Awaitable[None] | None]  # gets the Console
    group: str = ""  # msgid; pages of one group stand together in the menu
    key: str = ""  # letter after g
    is_red: bool = False  # carries the red dot while a mapped model is red


PAGES: tuple[Page, ...] = (
    Page("/", word("Overview"), "monitoring", dashboard.render, key="o", is_red=True),
    Page(
        "/e2e",
        word("E2E records"),
        "grid_on",
        e2e.render,
        group=word("Models & checks"),
        key="e",
        is_red=True,
    ),
    Page("/settings", word("Settings"), "tune", settings.render, group=word("Console"), key="s"),
)


def page_at(path: str) -> Page | None:
    """Return the page of a path, its query and a closing slash left out."""
    plain = path.partition("?")[0].partition("#")[0].rstrip("/") or "/"
    return next((page for page in PAGES if page.path == plain), None)
