"""Way back: which view of the list this window saw last, so that a run's page leads back to it."""

from typing import cast

from nicegui import context

from gymbro_ui.pages.executions.filters import Filters, address

_LAST = "executions_list"


def keep_list(filters: Filters) -> None:
    """Remember the view for as long as the window keeps its connection."""
    context.client.storage[_LAST] = address(filters)


def last_list() -> str:
    """Return the address of the view seen last, else of the whole list."""
    stored = cast("dict[str, object]", context.client.storage)
    return str(stored.get(_LAST, address(Filters())))
