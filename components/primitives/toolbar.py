"""Toolbar: a row of actions, and one row of choices of which one is chosen."""

from collections.abc import Callable, Mapping

from nicegui import ui


def toolbar(name: str = "") -> ui.element:
    """Return the row; fill it with `with`."""
    row = ui.element("div").classes("gb-toolbar").props("role=toolbar")
    if name:
        row.props["aria-label"] = name
    return row


def spacer() -> ui.element:
    """Return what pushes the rest of a row to its end."""
    return ui.element("div").classes("gb-grow")


class Segment(ui.element, component="segment.js"):
    """A few choices side by side, one chosen; arrow keys move."""

    def __init__(
        self,
        choices: Mapping[str, str],
        value: str,
        on_change: Callable[[str], object],
        *,
        name: str,
    ) -> None:
        """Offer value-to-label choices; `name` is what a screen reader says."""
        super().__init__()
        self._known = frozenset(choices)
        self._props["choices"] = [{"value": v, "label": label} for v, label in choices.items()]
        self._value = value
        self._props["chosen"] = value
        self._props["name"] = name
        self._on_change = on_change
        self.on("choose", self._chosen)

    @property
    def value(self) -> str:
        """What is chosen now."""
        return self._value

    def choose(self, value: str) -> None:
        """Show another choice without calling back."""
        self._value = value
        self._props["chosen"] = value
        self.update()

    def _chosen(self, event: object) -> None:
        value = getattr(event, "args", "")
        if value in self._known and value != self.value:
            self.choose(value)
            self._on_change(value)
