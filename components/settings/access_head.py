"""Access head: from where the console can be reached now, who has to sign in, and for how long."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from nicegui import ui

from components.primitives.field import Field, number_field
from components.rights import for_operators
from components.settings.secret_row import fact_row
from components.settings.upkeep_panels import Numbers
from components.theme.apply import add_sheet
from components.words import tr
from services.access.types import Exposure
from services.settings.types import Preferences

Save = Callable[[dict[str, Any], dict[str, Field]], Awaitable[object]]
add_sheet(Path(__file__).with_name("access.css"))


class AccessHead(ui.element):
    """Facts, a switch and two numbers."""

    def __init__(self, now: Preferences, save: Save) -> None:
        """Draw the controls; show() tells how it stands."""
        super().__init__("div")
        self.classes("gb-col gap-16")
        self._now, self._save = now, save
        with self:
            self._facts = ui.element("dl").classes("gb-facts").mark("exposure")
            with ui.element("div").classes("gb-col gap-4"):
                self._here = ui.switch(
                    tr("Who sits at this machine signs in too"),
                    value=now.login_on_loopback,
                    on_change=self._switched,
                ).mark("login-on-loopback")
                self._why = ui.label("").classes("t-meta c-muted gb-access__why")
            fields = {
                "session_idle_hours": number_field(
                    tr("A sign-in ends without anything done after"),
                    now.session_idle_hours,
                    low=1,
                    high=168,
                    unit=tr("hours"),
                ),
                "session_days": number_field(
                    tr("and at the latest after"), now.session_days, low=1, high=90, unit=tr("days")
                ),
            }
            self._numbers = Numbers(fields, now, save)

    def load(self, now: Preferences) -> None:
        """Show other settings."""
        self._now = now
        self._here.value = now.login_on_loopback
        self._numbers.load(now)

    async def _switched(self) -> None:
        value = bool(self._here.value)
        if value != self._now.login_on_loopback:
            await self._save({"login_on_loopback": value}, {})

    def show(self, seen: Exposure) -> None:
        """Tell how the console is reached."""
        self._facts.clear()
        with self._facts:
            fact_row(tr("Listens on"), f"{seen.host}:{seen.port}")
            fact_row(tr("Reached from"), _reach(seen), mono=False)
            fact_row(tr("Public address"), seen.public_url)
            proxies = ", ".join(seen.trusted_proxies) or tr("none")
            fact_row(tr("Trusted proxies"), proxies, mono=bool(seen.trusted_proxies))
            fact_row(tr("Signs in"), _who(seen), mono=False)
        is_forced = seen.is_behind_proxy
        self._here.set_enabled(seen.has_password and not is_forced)
        self._why.set_text(_why(seen))
        for_operators(self._here)


def _reach(seen: Exposure) -> str:
    if seen.is_open_to_others:
        return tr("other machines on the network")
    return (
        tr("this machine, and through a proxy on it")
        if seen.is_behind_proxy
        else tr("this machine only")
    )


def _who(seen: Exposure) -> str:
    return tr("everybody") if seen.asks_here else tr("everybody but who sits at this machine")


def _why(seen: Exposure) -> str:
    if seen.is_behind_proxy:
        return tr("A proxy is named (PUBLIC_URL or TRUSTED_PROXIES): it speaks from this machine.")
    if not seen.has_password:
        return tr("Add an account first, or nobody could come in.")
    return tr("A shared or remotely used machine should ask.")
