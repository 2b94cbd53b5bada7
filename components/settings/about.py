"""About: versions, absolute paths with what chose them, and licences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui

from components.settings.secret_row import fact_row
from components.words import tr


@dataclass(frozen=True, slots=True)
class Path:
    """One place on disk."""

    name: str
    path: str
    chosen_by: str = ""


def about(paths: Sequence[Path], versions: Mapping[str, str]) -> None:
    """Draw the facts."""
    with ui.element("dl").classes("gb-facts"):
        for place in paths:
            fact_row(place.name, place.path, copy=True)
            if place.chosen_by:
                with ui.element("dt"):
                    ui.label("")
                with ui.element("dd"):
                    ui.label(tr("Chosen by {source}", source=place.chosen_by)).classes(
                        "t-meta c-faint"
                    )
        for name, version in versions.items():
            fact_row(name, version)
    text = tr(
        "GymBro Console is free software under the MIT licence. It stands on NiceGUI (MIT), "
        "FastAPI (MIT), SQLAlchemy (MIT), Quasar (MIT), Vue (MIT), ECharts (Apache 2.0) and "
        "Material Symbols (Apache 2.0)."
    )
    ui.label(text).classes("t-meta c-faint")
