"""The real shell over the preview's console, met by a simulated user."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

from nicegui import Client
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from gymbro_ui.shell import shell
from services.mapping.types import MappedModel, Scope
from services.suppliers.types import ProbeResult, ProbeState
from tests.support import preview_data as data
from tests.support.preview import build


def a_mapped(name: str, *, is_demo: bool = False) -> MappedModel:
    """Return a mapped key."""
    return MappedModel(name, name, (name,), f"mapping:{name}", Scope.MAPPING, is_demo=is_demo)


class Kept:
    """Stands for a service whose `save` only keeps what it was given."""

    def __init__(self) -> None:
        self.saved: list[Any] = []

    async def save(self, edit: Any) -> Any:
        self.saved.append(edit)
        return edit


def a_console(**state: bool) -> Any:
    """Return the preview's console with suppliers, models and mappings that keep what is saved."""
    console = build(**state)
    mapped = [a_mapped("demo", is_demo=True)] if state.get("bare") else []
    if not state.get("bare"):
        mapped = [a_mapped(key, is_demo=provider == "Demo") for key, provider in data.MODELS]
    console.mapping.mapped = lambda **_: tuple(mapped)
    models = Kept()
    console.models.save, console.models.saved = models.save, models.saved
    mappings = Kept()
    console.mapping.save = mappings.save
    console.mapping.saved = mappings.saved

    async def probe(**given: Any) -> ProbeResult:
        console.probed.append(given)
        return ProbeResult(ProbeState.ONLINE, 231, ("m-large", "m-small"))

    console.probed = []
    console.suppliers = SimpleNamespace(probe=probe)
    return console


@asynccontextmanager
async def visitor(console: Any) -> AsyncGenerator[User]:
    """Yield a user before the shell over that console, whose tabs are closed at the end.

    The simulation alone leaves them open: what is told after it would begin work nobody ends.
    """
    async with user_simulation(partial(shell, console)) as user:
        try:
            yield user
        finally:
            for client in tuple(Client.instances.values()):
                client.delete()


@asynccontextmanager
async def operator(**state: bool) -> AsyncGenerator[tuple[User, Any]]:
    """Yield a user before that console and the console."""
    console = a_console(**state)
    async with visitor(console) as user:
        yield user, console
