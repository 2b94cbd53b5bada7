"""Pace form: how changes reach the pages, and how often figures without an event are refreshed."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.field import Field, number_field
from components.rights import for_operators
from components.settings.schedule_values import plain
from components.words import tr
from services.settings.types import Preferences


class PaceForm(ui.element):
    """A switch and two numbers, saved at once, or when one leaves its field or presses Enter."""

    def __init__(
        self,
        preferences: Preferences,
        save: Callable[[dict[str, Any], dict[str, Field]], Awaitable[object]],
    ) -> None:
        """Show the present pace."""
        super().__init__("div")
        self.classes("gb-form")
        self._now = preferences
        self._save = save
        with self:
            self._push = ui.switch(
                tr("Keep one connection open, so that changes arrive by themselves"),
                value=preferences.push_enabled,
                on_change=self._switched,
            ).classes("gb-form__wide")
            ui.label(
                tr("Off: pages fetch changes by polling, for a proxy that spoils open connections.")
            ).classes("gb-field__hint gb-form__wide gb-form__under")
            self._fields = {
                "websocket_push_interval": number_field(
                    tr("Over the open connection"),
                    preferences.websocket_push_interval,
                    low=1,
                    high=300,
                    unit="s",
                ),
                "http_poll_interval": number_field(
                    tr("While polling"), preferences.http_poll_interval, low=5, high=600, unit="s"
                ),
            }
            for_operators(self._push)
            for name, field in self._fields.items():
                for_operators(field.control)
                field.control.on("change", partial(self._changed, name))

    def load(self, preferences: Preferences) -> None:
        """Show another pace."""
        self._now = preferences
        self._push.value = preferences.push_enabled
        for name, field in self._fields.items():
            field.control.value = getattr(preferences, name)

    async def _switched(self) -> None:
        value = bool(self._push.value)
        if value != self._now.push_enabled:
            await self._save({"push_enabled": value}, {})

    async def _changed(self, name: str) -> None:
        value = plain(self._fields[name].control.value)
        if value != getattr(self._now, name):
            await self._save({name: value}, {name: self._fields[name]})
