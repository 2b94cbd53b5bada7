"""Asked: what the address of a page asks it to do beside being shown."""

from collections.abc import Callable
from typing import Any

from nicegui import context, ui

from components.rights import may_change

_NEW = "do=new"


def when_asked_for_new(begin: Callable[[], Any]) -> None:
    """Call `begin` once the page stands, where its address asks for the form of a new thing.

    Whoever only reads is never asked: the form would refuse in the end.
    """
    query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
    if _NEW in query.split("&") and may_change():
        ui.timer(0, begin, once=True)
