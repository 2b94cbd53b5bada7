"""The real shell with real load tests against a FakeUpstream, met by a simulated user."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from components.primitives.data_table import DataTable
from components.primitives.field import Field
from components.primitives.toolbar import Segment
from db.engine import Database
from services.load_history.service import LoadHistory
from services.settings.types import Env
from tests.support.load_desk import LoadDesk
from tests.support.pages import visitor
from tests.support.preview import build
from tests.support.upstream import FakeUpstream


@asynccontextmanager
async def load_operator(
    database: Database, env: Env
) -> AsyncGenerator[tuple[User, Any, LoadDesk, FakeUpstream]]:
    """Yield a user, the console, its desk and the server that is tested."""
    async with FakeUpstream() as upstream:
        desk = LoadDesk(database, env)
        await desk.aim(upstream)
        console = build()
        for name in ("executions", "settings", "targets", "loadtest", "mapping", "clock"):
            setattr(console, name, getattr(desk, name))
        console.load_history = LoadHistory(database, desk.loadtest)
        console.gateway = SimpleNamespace(read_log=_no_log)
        try:
            async with visitor(console) as user:
                yield user, console, desk, upstream
        finally:
            await desk.stop()


async def _no_log(_message_id: str) -> None:
    return None


def field(user: User, label: str) -> Field:
    """Return the field of that label."""
    (found,) = [one for one in user.find(kind=Field).elements if one.label == label]
    return found


def put(user: User, label: str, value: Any) -> None:
    """Set the control of a field, as typing does."""
    with user:
        field(user, label).control.set_value(value)


def error_of(user: User, label: str) -> str:
    """Return what stands under the field."""
    return field(user, label)._error.text


def choose(user: User, name: str, value: str) -> None:
    """Choose one of a segment."""
    (found,) = [one for one in user.find(kind=Segment).elements if one.props["name"] == name]
    with user:
        found._chosen(SimpleNamespace(args=value))


def buttons(user: User, start: str) -> list[ui.button]:
    """Return the visible buttons whose text begins so."""
    return [b for b in user.find(kind=ui.button).elements if b.text.startswith(start) and b.visible]


def press(user: User, start: str) -> None:
    """Click the one visible button whose text begins so."""
    found = buttons(user, start)
    assert len(found) == 1, [b.text for b in user.find(kind=ui.button).elements]
    UserInteraction(user, set(found), None).click()


def table(user: User, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table by its name."""
    (found,) = [one for one in user.find(kind=DataTable).elements if one.props["name"] == name]
    return list(found.props["rows"])


def rows_by(user: User, name: str, key: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a table by one of their values."""
    return {str(row[key]): row for row in table(user, name)}
