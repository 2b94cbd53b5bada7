"""Log form: what is recorded, how much of it is in memory, and how big the files become."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from components.primitives.field import Field, choice_field, number_field
from components.rights import for_operators
from components.settings.upkeep_panels import Numbers, size_text
from components.words import tr, trn
from services.logs.types import LogFileState
from services.settings.types import Preferences

Save = Callable[[dict[str, Any], dict[str, Field]], Awaitable[object]]


class LogForm(ui.element):
    """Saves each value by itself; it acts on the next line."""

    def __init__(self, now: Preferences, save: Save) -> None:
        """Show the present values; tell() adds the size of the files."""
        super().__init__("div")
        self.classes("gb-col")
        self._now, self._save = now, save
        with self:
            fields = {
                "log_retention_size": number_field(
                    tr("Lines kept in memory, for each level"),
                    now.log_retention_size,
                    low=10,
                    high=1000,
                ),
                "log_file_mb": number_field(
                    tr("Size of a file"), now.log_file_mb, low=1, high=200, unit="MB"
                ),
                "log_files_kept": number_field(
                    tr("Full files kept"), now.log_files_kept, low=1, high=50
                ),
            }
            self._numbers = Numbers(fields, now, save)
            with self._numbers:
                hint = tr("This and what is worse; pages can show less, never more")
                levels = {
                    "DEBUG": tr("DEBUG: everything, for finding a fault"),
                    "INFO": tr("INFO: what happens"),
                    "WARNING": tr("WARNING: what may become a fault"),
                    "ERROR": tr("ERROR: faults only"),
                }
                self._level = choice_field(tr("What is recorded"), levels, now.log_level, hint=hint)
            for_operators(self._level.control)
            self._level.control.on_value_change(self._chosen)
            self._state = ui.label("").classes("t-meta c-muted t-wrap")

    def load(self, now: Preferences) -> None:
        """Show other values."""
        self._now = now
        self._numbers.load(now)
        self._level.control.value = now.log_level

    def tell(self, state: LogFileState) -> None:
        """Say how much room the files take now."""
        text = trn(
            "{n} file, {size}", "{n} files, {size}", state.files, size=size_text(state.size_bytes)
        )
        self._state.set_text(f"{text} · {state.folder}")

    async def _chosen(self) -> None:
        value = str(self._level.control.value)
        if value != self._now.log_level:
            await self._save({"log_level": value}, {"log_level": self._level})
