"""Drawer: a sheet of 440 px at the right edge, the whole width on a small screen."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.primitives.button import icon_button
from components.words import tr


class Drawer(ui.element):
    """A sheet beside the page; fill `body` with `with drawer.body:`."""

    def __init__(self, name: str, on_close: Callable[[], object] | None = None) -> None:
        """Start closed."""
        super().__init__("aside")
        self.classes("gb-drawer").props("role=dialog tabindex=-1 data-open=false")
        self.props["aria-label"] = name
        self._on_close = on_close
        self._is_open = False
        with self:
            with ui.element("header").classes("gb-drawer__head"):
                self.head = ui.element("div").classes("gb-row gb-grow")
                icon_button("close", tr("Close (Esc)"), self.close)
            self.body = ui.element("div").classes("gb-drawer__body")
        self.on("keydown", self._key, ["key"])

    @property
    def is_open(self) -> bool:
        """Whether it shows now."""
        return self._is_open

    def open(self) -> None:
        """Slide in."""
        self._is_open = True
        self.props["data-open"] = "true"
        self.update()

    def close(self) -> None:
        """Slide out and say so."""
        if self.is_open:
            self._is_open = False
            self.props["data-open"] = "false"
            self.update()
            if self._on_close is not None:
                self._on_close()

    def _key(self, event: GenericEventArguments) -> None:
        if event.args.get("key") == "Escape":
            self.close()
