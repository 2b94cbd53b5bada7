"""Executions form: how many runs may go on at once, and how many do right now."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from components.primitives.field import Field, number_field
from components.rights import for_operators
from components.settings.schedule_values import plain
from components.words import tr
from services.executions.types import OpenCounts
from services.settings.types import Preferences


class ExecutionsForm(ui.element):
    """One number, saved when it leaves its field or Enter is pressed."""

    def __init__(
        self,
        preferences: Preferences,
        save: Callable[[dict[str, Any], dict[str, Field]], Awaitable[object]],
    ) -> None:
        """Show the present limit."""
        super().__init__("div")
        self.classes("gb-form")
        self._now = preferences
        self._save = save
        with self:
            self._field = number_field(
                tr("Runs at once"),
                preferences.max_executions,
                low=1,
                high=200,
                hint=tr("1 – 200, over all kinds; parts of a run are not counted"),
            )
            for_operators(self._field.control)
            self._field.control.on("change", self._changed)
            self._open = ui.label("").classes("gb-field__hint gb-form__wide")

    def load(self, preferences: Preferences) -> None:
        """Show another limit."""
        self._now = preferences
        self._field.control.value = preferences.max_executions

    def count(self, counts: OpenCounts) -> None:
        """Say how many run and wait."""
        text = tr("Now: {n} running", n=counts.running)
        if counts.pending:
            text = tr("{now}, {n} waiting in start order", now=text, n=counts.pending)
        self._open.set_text(text)

    async def _changed(self) -> None:
        value = plain(self._field.control.value)
        if value != self._now.max_executions:
            await self._save({"max_executions": value}, {"max_executions": self._field})
