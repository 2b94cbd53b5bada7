"""Row list: a few rows of small numbers and choices that can be added and taken away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.words import tr

MOST = 20
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row: a number, or a choice when there are options."""

    name: str
    label: str
    unit: str = ""
    options: Mapping[str, str] | None = None


class RowList(ui.element):
    """The rows, told after each change."""

    def __init__(
        self, cells: Sequence[Cell], rows: Sequence[Mapping[str, Any]], fresh: Row, add: str,
        changed: Callable[[], Any],
    ) -> None:  # fmt: skip
        """Show the rows; `fresh` is what the button `add` puts after them."""
        super().__init__("div")
        self.classes("lt-rows")
        self._cells = cells
        self._fresh = fresh
        self._changed = changed
        self._add_word = add
        self.rows: list[Row] = [dict(row) for row in rows]
        self._draw()

    def offer(self, cells: Sequence[Cell], rows: Sequence[Mapping[str, Any]], fresh: Row) -> None:
        """Show other rows of another kind."""
        self._cells, self._fresh = cells, fresh
        self.rows = [dict(row) for row in rows]
        self._draw()

    def _draw(self) -> None:
        self.clear()
        with self:
            for no, row in enumerate(self.rows, 1):
                self._draw_row(no, row)
            if len(self.rows) < MOST:
                button(self._add_word, self._add, icon="add", kind="quiet", small=True)

    def _draw_row(self, no: int, row: Row) -> None:
        with ui.element("div").classes("lt-rows__one"):
            ui.label(str(no)).classes("c-faint t-meta lt-rows__no")
            for cell in self._cells:
                self._draw_cell(cell, row, no)
            icon_button("close", tr("Take away"), partial(self._remove, row), small=True)

    def _draw_cell(self, cell: Cell, row: Row, no: int) -> None:
        if cell.options is not None:
            control: Any = ui.select(dict(cell.options), value=row.get(cell.name))
        else:
            control = ui.number(value=row.get(cell.name), suffix=cell.unit or None)
            control.props("inputmode=decimal debounce=200")
        control.props["aria-label"] = f"{cell.label} {no}"
        control.classes("lt-rows__cell")
        control.on_value_change(partial(self._keep, row, cell.name))

    def _keep(self, row: Row, name: str, event: Any) -> None:
        row[name] = event.value
        self._changed()

    def _add(self) -> None:
        self.rows.append(dict(self.rows[-1] if self.rows else self._fresh))
        self._draw()
        self._changed()

    def _remove(self, row: Row) -> None:
        self.rows = [one for one in self.rows if one is not row]
        self._draw()
        self._changed()
