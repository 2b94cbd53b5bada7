"""The simulator's pages over real conversations with a FakeUpstream, met by a simulated user."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User

from db.engine import Database
from services.settings.types import Env
from tests.support.dialogs_desk import DialogsDesk, dialogs_desk
from tests.support.pages import a_console, visitor
from tests.support.upstream import FakeUpstream


@asynccontextmanager
async def simulator(
    database: Database, env: Env, upstream: FakeUpstream
) -> AsyncGenerator[tuple[User, DialogsDesk]]:
    """Yield a user before a console whose conversations are real."""
    async with dialogs_desk(database, env, upstream) as desk:
        console = a_console()
        console.dialogs, console.targets = desk.dialogs, desk.targets
        console.identities, console.prompts = desk.identities, desk.prompts
        async with visitor(console) as user:
            yield user, desk


def the(user: User, kind: type[Any]) -> Any:
    """Return the newest element of that kind."""
    with user:
        return list(ElementFilter(kind=kind))[-1]


def every(user: User, kind: type[Any]) -> list[Any]:
    """Return all elements of that kind."""
    with user:
        return list(ElementFilter(kind=kind))


async def send(user: User, desk: DialogsDesk, text: str, *, model: str = "a") -> str:
    """Write a message, choose the model, press send; return the id of the turn."""
    await user.should_see(marker="model", retries=40)
    before = {row.dialog_id for row in desk.dialogs._live.values()}  # pyright: ignore[reportPrivateUsage]
    for element in user.find(marker="model").elements:
        element.set_options([model], value=model)  # type: ignore[attr-defined]
    user.find(marker="message").clear().type(text)
    for element in user.find(marker="send").elements:
        form = element.parent_slot.parent.parent_slot.parent  # type: ignore[union-attr]
        for listener in list(form._event_listeners.values()):
            if listener.type.startswith("submit"):
                form._handle_event({"id": form.id, "listener_id": listener.id, "args": {}})
    async with asyncio.timeout(10):
        while True:
            new = [
                one
                for one in desk.dialogs._live.values()  # pyright: ignore[reportPrivateUsage]
                if one.dialog_id not in before
            ]
            if new:
                return new[0].dialog_id
            await asyncio.sleep(0.01)
