"""Head of the catalogue: endpoint states, mapping coverage, the periodic probe."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from components.models.rows import state_of
from components.primitives.formats import age_words, epoch_ms, moment_text
from components.primitives.status_dot import Age, StatusDot
from components.status.looks import ENDPOINT_LOOKS
from components.theme.apply import add_sheet
from components.words import tr, trn
from services.mapping.types import Coverage
from services.models.types import Endpoint, EndpointState, MonitorView

add_sheet(Path(__file__).with_name("models.css"))

_ORDER = (
    EndpointState.OFFLINE,
    EndpointState.SIGN_IN_FAILED,
    EndpointState.MODELS_NOT_LISTED,
    EndpointState.CHECKING,
    EndpointState.UNKNOWN,
    EndpointState.ONLINE,
)
PACES_S = (60, 300, 600, 1_800, 3_600)


@dataclass(frozen=True, slots=True)
class HeadCalls:
    """What the page does: show the troubled endpoints, the mapping's problems, change the pace."""

    problems: Callable[[], Any]
    mapping: Callable[[], Any]
    pace: Callable[[int], Any]  # seconds; 0 switches it off


class CatalogueHead(ui.element):
    """Three answers side by side; every figure leads to its rows."""

    def __init__(self, calls: HeadCalls, view: MonitorView, zone: str) -> None:
        """Draw the frame; show() and watch() fill it."""
        super().__init__("div")
        self.classes("mo-head")
        self._zone = zone
        with self:
            with _part(tr("Endpoints"), calls.problems):
                self._states = ui.element("div").classes("gb-row gb-wrap gap-12")
            with _part(tr("Mapping coverage"), calls.mapping):
                self._coverage = ui.element("div").classes("gb-row gb-wrap gap-12")
            with ui.element("div").classes("mo-head__part"):
                ui.label(tr("Automatic probe")).classes("mo-head__name")
                with ui.element("div").classes("gb-row gap-12"):
                    self._pace = ui.select(
                        _paces(), value=_pace_of(view), on_change=lambda e: calls.pace(int(e.value))
                    ).classes("mo-pace")
                    self._pace.props["aria-label"] = tr("Automatic probe")
                    self._last = ui.label("").classes("t-meta c-muted")
                    self._age = Age(None, age_words())
                    self._age.classes("t-meta c-muted")
        self.watch(view)

    def show(
        self, endpoints: Sequence[Endpoint], checking: Collection[int], coverage: Coverage
    ) -> None:
        """Draw states and coverage."""
        active = [endpoint for endpoint in endpoints if endpoint.is_active]
        counts = Counter(state_of(endpoint, checking) for endpoint in active)
        self._states.clear()
        with self._states:
            for state in _ORDER:
                if counts[state]:
                    look = ENDPOINT_LOOKS[str(state)]
                    text = f"{look.label} {counts[state]}"
                    StatusDot(look.tone, look.shape, look.weight, text)
            off = len(endpoints) - len(active)
            if off:
                ui.label(tr("{n} off", n=off)).classes("t-meta c-faint")
            if not endpoints:
                ui.label(tr("None yet")).classes("c-faint")
        self._show_coverage(coverage)

    def watch(self, view: MonitorView) -> None:
        """Draw the periodic probe."""
        if self._pace.value != _pace_of(view):
            self._pace.set_options(_paces(), value=_pace_of(view))
        self._last.set_text("" if view.last_run_at is None else tr("last"))
        moment = moment_text(view.last_run_at, self._zone)
        self._age.count_from(epoch_ms(view.last_run_at), moment if view.last_run_at else "")
        self._age.set_visibility(view.last_run_at is not None)

    def _show_coverage(self, coverage: Coverage) -> None:
        self._coverage.clear()
        with self._coverage:
            share = tr("{n} of {total} keys get a model", n=coverage.routable, total=coverage.keys)
            is_whole = coverage.routable == coverage.keys and coverage.keys > 0
            look = ("ok", "tick", "tint") if is_whole else ("slow", "half", "outline")
            if not coverage.keys:
                look = ("none", "hollow", "plain")
            StatusDot(*look, share)
            for n, text in (
                (coverage.dangling, tr("{n} dangling", n=coverage.dangling)),
                (coverage.unusable, tr("{n} without endpoint", n=coverage.unusable)),
                (coverage.blocked, tr("{n} blocked", n=coverage.blocked)),
            ):
                if n:
                    ui.label(text).classes("gb-badge").props["data-tone"] = "slow"
            if coverage.demo:
                text = tr("{n} by the demo", n=coverage.demo)
                ui.label(text).classes("gb-badge gb-badge--line")


def _part(name: str, on_click: Callable[[], Any]) -> ui.element:
    with ui.element("button").classes("mo-head__part mo-head__link").props("type=button") as part:
        ui.label(name).classes("mo-head__name")
    part.on("click", on_click)
    return part


def _paces() -> dict[int, str]:
    words = {0: tr("Off")}
    for seconds in PACES_S:
        words[seconds] = trn("every {n} minute", "every {n} minutes", seconds // 60)
    return words


def _pace_of(view: MonitorView) -> int:
    """Return the offered pace that is nearest; a program may have set any other."""
    if not view.is_running:
        return 0
    return min(PACES_S, key=lambda seconds: abs(seconds - view.interval_s))
