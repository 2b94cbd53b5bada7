"""Filter bar: kind, state, text and time of the runs that are shown."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from components.executions.rows import Kinds
from components.primitives.formats import zone_of
from components.primitives.toolbar import Segment
from components.status.looks import EXECUTION_LOOKS
from components.words import tr

Change = Callable[[Mapping[str, Any]], Any]
_LOCAL = "%Y-%m-%dT%H:%M"


class FilterBar(ui.element):
    """Controls that tell each change as names and values: kinds, states, text, window, start, end."""

    def __init__(self, kinds: Kinds, zone: str, on_change: Change) -> None:
        """Show everything until `show` says otherwise."""
        super().__init__("div")
        self.classes("ex-bar").props("role=search")
        self._zone = zone
        self._on_change = on_change
        self._is_showing = False
        names = {key: tr(kind.label) for key, kind in kinds.items()}
        states = {str(state): look.label for state, look in EXECUTION_LOOKS.items()}
        self._options = {"kinds": names, "states": states}
        with self:
            self._sought = self._search()
            self._kinds = self._choice(tr("Kind"), tr("All kinds"), names, "kinds")
            self._states = self._choice(tr("State"), tr("All states"), states, "states")
            windows = {
                "all": tr("All time"),
                "1h": tr("1 h"),
                "24h": tr("24 h"),
                "7d": tr("7 d"),
                "30d": tr("30 d"),
                "between": tr("From – to"),
            }
            self._window = Segment(
                windows, "all", lambda value: self._tell(window=value), name=tr("Time")
            )
            with ui.element("div").classes("gb-row") as self._between:
                self._start = self._moment(tr("From"), "start")
                ui.label("–").classes("c-faint")
                self._end = self._moment(tr("To"), "end")

    def show(self, values: Mapping[str, Any]) -> None:
        """Show these choices without telling them."""
        self._is_showing = True
        try:
            for name, select in (("kinds", self._kinds), ("states", self._states)):
                chosen = [str(value) for value in values[name]]
                known = self._options[name]
                select.set_options({**{c: c for c in chosen}, **known}, value=chosen)
                self._show_all_word(select, chosen)
            self._sought.value = values["text"]
            self._window.choose(values["window"])
            self._start.value = self._local(values["start"])
            self._end.value = self._local(values["end"])
            self._between.set_visibility(values["window"] == "between")
        finally:
            self._is_showing = False

    def _search(self) -> ui.input:
        made = ui.input(
            placeholder=tr("Search id, name, error, input"),
            on_change=lambda event: self._tell(text=str(event.value or "")),
        )
        made.props("debounce=300 clearable type=search maxlength=200").classes("ex-search")
        made.props["aria-label"] = tr("Search runs")
        with made.add_slot("prepend"):
            ui.icon("sym_o_search")
        return made

    def _choice(
        self, name: str, all_word: str, options: Mapping[str, str], field: str
    ) -> ui.select:
        made = ui.select(
            dict(options),
            value=[],
            multiple=True,
            clearable=True,
            on_change=lambda event: self._chosen(made, field, event.value),
        )
        made.classes("ex-choice").props["aria-label"] = name
        made.props["data-all"] = all_word
        self._show_all_word(made, [])
        return made

    def _chosen(self, select: ui.select, field: str, value: object) -> None:
        chosen = [str(one) for one in value] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        self._show_all_word(select, chosen)
        self._tell(**{field: tuple(chosen)})

    def _show_all_word(self, select: ui.select, chosen: list[str]) -> None:
        word = None if chosen else str(select.props["data-all"])  # pyright: ignore[reportUnknownArgumentType]
        if select.props.get("display-value") != word:
            select.props["display-value"] = word
            select.update()

    def _moment(self, name: str, field: str) -> ui.input:
        made = ui.input(on_change=lambda event: self._tell(**{field: self._utc(event.value)}))
        made.props("type=datetime-local debounce=500").classes("ex-moment")
        made.props["aria-label"] = name
        return made

    def _tell(self, **changes: Any) -> Any:
        if "window" in changes:
            self._between.set_visibility(changes["window"] == "between")
        return None if self._is_showing else self._on_change(changes)

    def _local(self, at: datetime | None) -> str:
        return f"{at.astimezone(zone_of(self._zone)):{_LOCAL}}" if at is not None else ""

    def _utc(self, value: object) -> datetime | None:
        try:
            local = datetime.fromisoformat(str(value or "")).replace(tzinfo=zone_of(self._zone))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
