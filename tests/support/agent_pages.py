"""What page tests of agents and workflows do: open, find, fire, read tables and toasts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.primitives.data_table import DataTable
from components.primitives.field import Field
from components.primitives.toast import Toasts
from tests.support.pages import operator


def each(user: User, kind: type[Any]) -> list[Any]:
    with user:
        return list(ElementFilter(kind=kind))


def fire(element: Any, event: str, args: Any) -> None:
    """Let the element's listener run as if the browser had sent the event."""
    for listener in list(element._event_listeners.values()):
        if listener.type.partition(".")[0] == event:
            element._handle_event({"id": element.id, "listener_id": listener.id, "args": args})


def toasts(user: User) -> list[str]:
    return [item["text"] for stack in each(user, Toasts) for item in stack._items]


def table(user: User, name: str) -> list[dict[str, Any]]:
    found = next(one for one in each(user, DataTable) if one._props["name"] == name)
    return found._props["rows"]


def field(user: User, label: str) -> Field:
    return next(one for one in each(user, Field) if one.label == label)


def submit(user: User) -> None:
    """Send the form of the open dialog."""
    forms = [
        one for one in each(user, ui.element) if one.tag == "form" and "gb-form" in one.classes
    ]
    fire(forms[-1], "submit", {})


@asynccontextmanager
async def page(path: str, **state: bool) -> AsyncGenerator[tuple[User, Any]]:
    async with operator(**state) as (user, console):
        await user.open(path)
        yield user, console
