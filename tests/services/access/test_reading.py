"""Who only reads is refused at every service that acts, whatever page or route asked it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from gymbro_ui.connection import try_target
from services.console import Console, build_console
from services.e2e.types import LaunchRequest
from services.foundation.actor import acting_as
from services.foundation.errors import NotAllowedError
from services.models.types import EndpointEdit
from services.settings.types import Env
from services.targets.types import TargetEdit

Act = Callable[[Console], Awaitable[Any]]
EDIT = EndpointEdit(name="a", base_url="https://a.example", model="m", api_key="sk-k-123456")
TARGET = TargetEdit(
    id=None, name="t", api_base="https://t.example/api/v1", auth_url="https://t.example"
)
ACTS: dict[str, Act] = {
    "save a provider": lambda c: c.models.save(EDIT),
    "look at a provider": lambda c: c.suppliers.probe(
        base_url="https://a.example", protocol="openai", api_key="k", timeout_s=1
    ),
    "change a setting": lambda c: c.settings.change({"retention_days": 3}),
    "change the gateway": lambda c: c.settings.change_app({"web_search_enabled": True}),
    "select a target": lambda c: c.targets.select(1),
    "save a target": lambda c: c.targets.save(TARGET),
    "test a target": lambda c: try_target(c, TARGET),
    "start an E2E": lambda c: c.e2e.start(LaunchRequest()),
    "start an execution": lambda c: c.executions.start("probe", {}),
    "cancel an execution": lambda c: c.executions.cancel("exe_1"),
    "cancel several": lambda c: c.executions.cancel_many(["exe_1"]),
    "run again": lambda c: c.executions.run_again("exe_1"),
    "switch the monitor": lambda c: c.monitor.switch(is_on=False),
    "test Supabase": lambda c: c.cloud.supabase.test(),
    "acknowledge": lambda c: c.e2e.acknowledge(),
    "write the journal back": lambda c: c.journal.replay(),
    "block a model": lambda c: c.models.set_blocked(["m"]),
}
MAY_MISS = ("run again",)


@pytest.fixture
async def console(env: Env) -> AsyncIterator[Console]:
    made = build_console(env, one_shot=True)
    yield made
    await made.executions.stop()
    await made.tasks.stop(1.0)
    await made.suppliers.close()
    await made.identities.close()
    made.close_now()


async def test_every_act_is_refused(console: Console) -> None:
    went_through: list[str] = []
    before = (console.models.endpoints, console.settings.preferences, console.targets.all())
    with acting_as("viewer", may_change=False):
        for name, act in ACTS.items():
            try:
                await act(console)
            except NotAllowedError:
                continue
            except Exception as error:  # noqa: BLE001  # another refusal came first: it must be known
                if name in MAY_MISS:
                    continue
                went_through.append(f"{name}: {error!r}")
                continue
            went_through.append(name)
    assert went_through == []
    assert before == (console.models.endpoints, console.settings.preferences, console.targets.all())


async def test_the_console_itself_goes_on_writing(console: Console) -> None:
    """Counters and the like are written by tasks of the console, not of whoever looks."""
    with acting_as("viewer", may_change=False):
        await console.database.read(lambda _: None)
        with pytest.raises(NotAllowedError):
            await console.database.write(lambda _: None)
    await console.database.write(lambda _: None)
