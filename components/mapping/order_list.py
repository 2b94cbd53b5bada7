"""Order list: models in the order they are tried; drag them, or use the keyboard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.words import tr


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One model; a note with a tone says why it is not routed to."""

    name: str
    note: str = ""
    tone: str = ""


class OrderList(ui.element, component="order_list.js"):
    """The first one is the default; a change is told and shown at once."""

    def __init__(self, item_of: Callable[[str], OrderItem], on_order: Callable[[], Any]) -> None:
        """Start empty; `item_of` says how a model stands."""
        super().__init__()
        self._item_of = item_of
        self._on_order = on_order
        self._names: tuple[str, ...] = ()
        self._props["items"] = []
        self._props["words"] = {
            "name": tr("Models in the order they are tried"),
            "first": tr("Default"),
            "up": tr("Move up (Alt+↑)"),
            "down": tr("Move down (Alt+↓)"),
            "remove": tr("Remove (Del)"),
            "removed": tr("{name} removed"),
            "place": tr("{n} of {total}"),
            "none": tr("No model yet"),
        }
        self.on("order", self._ordered)

    @property
    def names(self) -> tuple[str, ...]:
        """The models in their order."""
        return self._names

    def show(self, names: Sequence[str]) -> None:
        """Show these models."""
        self._names = tuple(dict.fromkeys(names))
        items = [self._item_of(name) for name in self._names]
        self._props["items"] = [{"name": i.name, "note": i.note, "tone": i.tone} for i in items]

    def add(self, name: str) -> None:
        """Put a model at the end."""
        if name and name not in self._names:
            self.show((*self._names, name))
            self._on_order()

    def _ordered(self, event: GenericEventArguments) -> None:
        given = cast("list[Any]", event.args) if isinstance(event.args, list) else []
        wanted = [name for name in dict.fromkeys(given) if name in self._names]
        self.show(wanted)
        self._on_order()
