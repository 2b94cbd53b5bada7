"""Pace form: how often figures without an event of their own are refreshed."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.field import Field, number_field
from components.settings.schedule_values import plain
from components.words import tr
from services.settings.types import Preferences


class PaceForm(ui.element):
    """Two numbers, saved when one leaves its field or presses Enter."""

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
            for name, field in self._fields.items():
                field.control.on("change", partial(self._changed, name))

    def load(self, preferences: Preferences) -> None:
        """Show another pace."""
        self._now = preferences
        for name, field in self._fields.items():
            field.control.value = getattr(preferences, name)

    async def _changed(self, name: str) -> None:
        value = plain(self._fields[name].control.value)
        if value != getattr(self._now, name):
            await self._save({name: value}, {name: self._fields[name]})
