"""Filters of the log: level, text, user, request, logger, time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from components.primitives.field import Field, text_field
from components.primitives.formats import zone_of
from components.primitives.toolbar import Segment
from components.words import tr
from services.logs.types import LogLevel

Change = Callable[[Mapping[str, Any]], Any]
_LOCAL = "%Y-%m-%dT%H:%M"
TEXTS = ("text", "user", "request", "logger")


class LogFilterBar(ui.element):
    """Tells each change as names and values: level, window, start, end and the four texts."""

    def __init__(self, values: Mapping[str, Any], zone: str, on_change: Change) -> None:
        """Show the present choices; times are in the zone."""
        super().__init__("div")
        self.classes("lo-filters gb-filters").props("role=search")
        self._zone = zone
        self._on_change = on_change
        self._is_showing = False
        with self:
            self._level = self._choice(tr("Level"), _levels(), "level", values)
            self._window = self._choice(tr("Time"), _windows(), "window", values)
            with ui.element("div").classes("gb-row") as self._between:
                self._start = self._moment(tr("From"), "start")
                ui.label("–").classes("c-faint")
                self._end = self._moment(tr("To"), "end")
            self._texts = {
                "text": self._typed("text", tr("Text"), tr("Search the lines")),
                "request": self._typed(
                    "request", tr("Request or run"), tr("Id of a request or run")
                ),
                "user": self._typed("user", tr("User"), tr("User id")),
                "logger": self._typed("logger", tr("Logger"), tr("Logger")),
            }
            self._texts["text"].classes("lo-find")
        self.show(values)

    def show(self, values: Mapping[str, Any]) -> None:
        """Show these choices without telling them."""
        self._is_showing = True
        try:
            self._level.choose(values["level"])
            self._window.choose(values["window"])
            for name, field in self._texts.items():
                field.control.value = values[name]
            self._start.value = self._local(values["start"])
            self._end.value = self._local(values["end"])
            self._between.set_visibility(values["window"] == "between")
        finally:
            self._is_showing = False

    def _choice(
        self, label: str, choices: Mapping[str, str], name: str, values: Mapping[str, Any]
    ) -> Segment:
        return Segment(choices, values[name], lambda value: self._tell(**{name: value}), name=label)

    def _typed(self, name: str, label: str, hint: str) -> Field:
        field = text_field(label, "", placeholder=hint)
        field.control.props("debounce=300 clearable maxlength=200").mark(f"log-{name}")

        def changed(event: ValueChangeEventArguments[Any]) -> Any:
            return self._tell(**{name: str(event.value or "").strip()})

        field.control.on_value_change(changed)
        return field

    def _moment(self, label: str, name: str) -> ui.input:
        made = ui.input(on_change=lambda event: self._tell(**{name: self._utc(event.value)})).props(
            "type=datetime-local debounce=300"
        )
        made.classes("ex-moment").props["aria-label"] = label
        return made

    def _tell(self, **changes: Any) -> Any:
        if self._is_showing:
            return None
        if "window" in changes:
            self._between.set_visibility(changes["window"] == "between")
        return self._on_change(changes)

    def _local(self, at: datetime | None) -> str:
        return f"{at.astimezone(zone_of(self._zone)):{_LOCAL}}" if at is not None else ""

    def _utc(self, value: object) -> datetime | None:
        try:
            local = datetime.strptime(str(value or ""), _LOCAL)  # noqa: DTZ007  # its zone follows
        except ValueError:
            return None
        return local.replace(tzinfo=zone_of(self._zone)).astimezone(UTC)


def _levels() -> dict[str, str]:
    return {
        str(LogLevel.WARNING): tr("Errors + warnings"),
        str(LogLevel.ERROR): tr("Errors"),
        str(LogLevel.INFO): tr("Everything"),
    }


def _windows() -> dict[str, str]:
    return {
        "all": tr("All time"),
        "1h": tr("1 h"),
        "24h": tr("24 h"),
        "7d": tr("7 d"),
        "between": tr("From – to"),
    }
