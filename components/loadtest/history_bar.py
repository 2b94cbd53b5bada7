"""History bar: state, model, service, time and text of the load tests that are shown."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.loadtest.words import state_look
from components.primitives.toolbar import Segment
from components.words import tr
from services.loadtest.types import RunState

_ANY = ""


class HistoryBar(ui.element):
    """Controls that tell each change as names and values: state, model, target, window, text."""

    def __init__(
        self,
        values: Mapping[str, Any],
        models: Mapping[str, str],
        targets: Mapping[int, str],
        on_change: Callable[[dict[str, Any]], Any],
    ) -> None:
        """Show these choices."""
        super().__init__("div")
        self.classes("lt-bar").props("role=search")
        self._on_change = on_change
        states = {_ANY: tr("All states")} | {str(s): state_look(s).label for s in RunState}
        keys = {_ANY: tr("All models")} | dict(models)
        if values["model"]:
            keys.setdefault(values["model"], values["model"])
        services = {_ANY: tr("All services")} | {str(key): name for key, name in targets.items()}
        with self:
            self._search(values["text"])
            self._choice(tr("State"), states, values["state"], "state")
            self._choice(tr("Model"), keys, values["model"], "model")
            chosen = _ANY if values["target"] is None else str(values["target"])
            self._choice(tr("Service under test"), services, chosen, "target")
            windows = {"all": tr("All time"), "24h": tr("24 h"), "7d": tr("7 d"), "30d": tr("30 d")}
            Segment(
                windows, values["window"], lambda value: self._tell(window=value), name=tr("Time")
            )

    def _search(self, text: str) -> None:
        made = ui.input(
            value=text,
            placeholder=tr("Search id, message, model, error"),
            on_change=lambda event: self._tell(text=str(event.value or "").strip()),
        )
        made.props("debounce=300 clearable type=search maxlength=200").classes("lt-bar__text")
        made.props["aria-label"] = tr("Search load tests")
        with made.add_slot("prepend"):
            ui.icon("sym_o_search")

    def _choice(self, name: str, options: dict[str, str], value: str, field: str) -> None:
        made = ui.select(
            options,
            value=value if value in options else _ANY,
            on_change=lambda event: self._chosen(field, str(event.value or "")),
        )
        made.classes("lt-bar__one").props["aria-label"] = name

    def _chosen(self, field: str, value: str) -> Any:
        if field == "target":
            return self._tell(target=int(value) if value else None)
        return self._tell(**{field: value})

    def _tell(self, **changes: Any) -> Any:
        return self._on_change(changes)
