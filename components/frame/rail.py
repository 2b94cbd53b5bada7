"""Rail: where one can go, and where something is red."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from components.primitives.button import icon, icon_button
from components.words import tr


@dataclass(frozen=True, slots=True)
class Place:
    """One entry; title and group are in the page's language."""

    path: str
    title: str
    icon: str
    group: str = ""
    key: str = ""


class Rail(ui.element):
    """The list of pages at the left edge; `small` shows icons only."""

    def __init__(
        self, places: Sequence[Place], path: str, *, small: bool, on_fold: Callable[[bool], object]
    ) -> None:
        """Mark the entry of `path`; `on_fold` hears whether it is folded to icons."""
        super().__init__("nav")
        self.classes("gb-rail")
        self.props["aria-label"] = tr("Pages")
        self._small = small
        self._on_fold = on_fold
        self._items: dict[str, ui.link] = {}
        with self:
            self._brand()
            with ui.element("div").classes("gb-rail__list"):
                group = ""
                for place in places:
                    if place.group and place.group != group:
                        ui.label(place.group).classes("gb-rail__group")
                    group = place.group
                    self._items[place.path] = self._item(place)
            with ui.element("div").classes("gb-rail__foot"):
                self._fold = icon_button("", tr("Fold the menu"), self._toggle)
        self._draw_fold()
        self.go(path)

    def go(self, path: str) -> None:
        """Mark the entry of that path as the one that is open."""
        for at, item in self._items.items():
            if at == path:
                item.props["aria-current"] = "page"
            else:
                item.props.pop("aria-current", None)
            item.update()

    def redden(self, paths: Sequence[str]) -> None:
        """Put the red dot on these entries and on no other."""
        for at, item in self._items.items():
            wanted = "true" if at in paths else "false"
            if item.props.get("data-red") != wanted:
                item.props["data-red"] = wanted
                item.update()

    def _brand(self) -> None:
        with ui.element("div").classes("gb-rail__brand"):
            with ui.element("svg").props('viewBox="0 0 24 24" aria-hidden=true'):
                ui.element("rect").props('width=24 height=24 rx=6 fill="var(--accent)"')
                ui.element("path").props(
                    'd="M5 12.5h3l2-5 3.4 9.5 2.1-4.5H19" fill=none stroke="var(--on-accent)" '
                    "stroke-width=1.8 stroke-linecap=round stroke-linejoin=round"
                )
            ui.label("GymBro").classes("gb-rail__label")

    def _item(self, place: Place) -> ui.link:
        with ui.link(target=place.path).classes("gb-rail__item", remove="nicegui-link") as item:
            icon(place.icon)
            ui.label(place.title).classes("gb-rail__label t-clip")
            ui.element("span").classes("gb-rail__dot").props(
                f'role=img title="{tr("Something here is red")}"'
            )
            item.props["title"] = f"{place.title}  (g {place.key})" if place.key else place.title
        return item

    def _toggle(self) -> None:
        self._small = not self._small
        self._draw_fold()
        self._on_fold(self._small)

    def _draw_fold(self) -> None:
        name = "left_panel_open" if self._small else "left_panel_close"
        self._fold.props["icon"] = f"sym_o_{name}"
        self._fold.update()
