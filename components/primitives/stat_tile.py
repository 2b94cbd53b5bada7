"""Stat tile: one figure with its name and a note."""

from nicegui import ui


class StatTile(ui.element):
    """A figure that can be changed in place."""

    def __init__(self, name: str, value: str, note: str = "", *, tone: str = "") -> None:
        """Show the figure; a tone colours it, the note says what it means."""
        super().__init__("div")
        self.classes("gb-tile")
        with self:
            ui.label(name).classes("gb-tile__name t-clip")
            with ui.element("div").classes("gb-tile__value"):
                self._value = ui.label(value).classes("t-figure")
            self._note = ui.label(note).classes("gb-tile__note t-clip")
        self._tone(tone)

    def show(self, value: str, note: str = "", *, tone: str = "") -> None:
        """Change figure and note."""
        self._value.set_text(value)
        self._note.set_text(note)
        self._tone(tone)

    def _tone(self, tone: str) -> None:
        self._value.props["data-tone"] = tone
        self._value.classes(add="c-tone" if tone else "", remove="" if tone else "c-tone")
