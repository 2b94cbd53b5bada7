"""Figures: the strip under the head; says up to when it is true and which way it came."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.primitives.formats import zone_of
from components.theme.apply import add_sheet
from components.words import tr

add_sheet(Path(__file__).with_name("figures.css"))
KEYS = ("actives", "requests", "connectivity", "jwt", "e2e")


class FigureStrip(ui.element, component="figures.js"):
    """Five figures; each opens what it was counted from."""

    def __init__(self, on_open: Callable[[str], Any]) -> None:
        """Stand empty until `show`."""
        super().__init__()
        self._on_open = on_open
        self._props["words"] = {
            "title": tr("Figures"),
            "as_of": tr("as of {at}"),
            "push": tr("pushed every {s} s"),
            "poll": tr("fetched every {s} s"),
            "stale": tr("stale since {at}: the console tells nothing new"),
        }
        self._props["tiles"] = []
        self._props["facts"] = None
        self.on("open", self._opened)

    def show(
        self,
        tiles: Sequence[dict[str, Any]],
        *,
        as_of: datetime,
        zone: str,
        pace_s: float,
        is_pushed: bool,
        left_out: str = "",
    ) -> None:
        """Draw the present figures; the next ones are due after `pace_s`."""
        self._props["tiles"] = list(tiles)
        self._props["facts"] = {
            "as_of": f"{as_of.astimezone(zone_of(zone)):%H:%M:%S}",
            "pace_s": pace_s,
            "way": "push" if is_pushed else "poll",
            "left": left_out,
        }
        self.update()

    async def _opened(self, event: GenericEventArguments) -> None:
        if event.args in KEYS:
            result = self._on_open(str(event.args))
            if hasattr(result, "__await__"):
                await result
