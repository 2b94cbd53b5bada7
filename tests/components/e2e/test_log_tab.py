"""The stored log of a message in the drawer, and the note when none is kept."""

from nicegui import ui
from nicegui.testing import user_simulation

from components.e2e.log_tab import log_tab
from components.words import speaking
from services.gateway.types import StoredLog
from tests.support.clock import START

LOG = StoredLog(
    "one sentence", "one reply", "completed", "", "m-1", 1200, START, {"system_version_no": 3}
)


async def test_the_log_shows_what_was_asked_assembled_and_answered() -> None:
    def root() -> None:
        with speaking("en"):
            log_tab(LOG, "UTC")

    async with user_simulation(root) as user:
        await user.open("/")
        for text in ("one sentence", "one reply", "Finished", "1.20 s", "system_version_no", "m-1"):
            await user.should_see(text)


async def test_without_a_log_it_says_why() -> None:
    def root() -> None:
        with speaking("en"):
            log_tab(None, "UTC")
        ui.label("end")

    async with user_simulation(root) as user:
        await user.open("/")
        await user.should_see("No log of this message is kept here")
