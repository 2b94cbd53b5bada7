"""Board: the matrix or its table twin, with skeleton, empty and error states."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.e2e.matrix import MatrixCalls, MatrixGrid
from components.e2e.payload import Frame, matrix_data
from components.e2e.table_rows import SHOWN, table_columns, table_rows
from components.primitives.button import button
from components.primitives.data_table import DataTable
from components.primitives.empty import empty, problem
from components.primitives.skeleton import skeleton_rows
from components.words import tr
from gymbro_ui.pages.e2e.filters import Filters
from services.e2e.types import CellChange, Matrix


@dataclass(frozen=True, slots=True)
class BoardCalls:
    """What the page does for the board."""

    matrix: MatrixCalls
    open_model: Callable[[str], Any]
    clear_models: Callable[[], Any]
    widen: Callable[[], Any]
    retry: Callable[[], Any]


class Board:
    """Draws what the filters ask for; the grid element stays while its data changes."""

    def __init__(self, calls: BoardCalls) -> None:
        """Stand as a skeleton until the first result."""
        self._calls = calls
        self._grid: MatrixGrid | None = None
        self._back = 0
        self._box = ui.element("div").classes("gx-box")
        self.wait()

    @property
    def grid(self) -> MatrixGrid | None:
        """The matrix element while it is what shows."""
        return self._grid

    def wait(self) -> None:
        """Show grey rows."""
        self._empty_box()
        with self._box, ui.element("div").style("padding:16px"):
            skeleton_rows(12, "20px")

    def fail(self, reason: str) -> None:
        """Show why nothing can be shown."""
        self._empty_box()
        with self._box:
            problem(tr("The results could not be read"), reason, self._calls.retry)

    def show(self, matrix: Matrix, filters: Filters, frame: Frame, *, has_models: bool) -> None:
        """Show the result."""
        if not matrix.rows or not matrix.columns:
            self._show_nothing(filters, has_models=has_models)
        elif filters.mode == "table":
            self._show_table(matrix, filters, frame)
        else:
            self._show_grid(matrix, filters, frame)

    def patch(self, changes: list[CellChange]) -> bool:
        """Change single cells; return False when the whole must be shown again."""
        return self._grid.patch(changes) if self._grid is not None else False

    def density(self, *, is_compact: bool) -> None:
        """Change the height of the rows."""
        if self._grid is not None:
            self._grid.set_compact(is_compact=is_compact)

    def _empty_box(self) -> None:
        self._grid = None
        self._box.clear()

    def _show_grid(self, matrix: Matrix, filters: Filters, frame: Frame) -> None:
        if self._grid is None:
            self._empty_box()
            with self._box:
                self._grid = MatrixGrid(self._calls.matrix, view=filters.view)
        self._grid.set_view(filters.view)
        self._grid.show(matrix_data(matrix, frame))

    def _show_table(self, matrix: Matrix, filters: Filters, frame: Frame) -> None:
        self._empty_box()
        self._back = min(self._back, max(0, len(matrix.columns) - SHOWN))

        def turn(step: int) -> None:
            self._back = max(0, min(len(matrix.columns) - 1, self._back + step))
            self._show_table(matrix, filters, frame)

        with self._box:
            with ui.element("div").classes("gx-tablehead"):
                ui.label(tr("Newest launch first; Enter opens a model")).classes("t-meta c-faint")
                ui.element("div").classes("gb-grow")
                newer = button(tr("Newer"), lambda: turn(-SHOWN), icon="chevron_left", small=True)
                newer.set_enabled(self._back > 0)
                older = button(tr("Older"), lambda: turn(SHOWN), icon="chevron_right", small=True)
                older.set_enabled(self._back + SHOWN < len(matrix.columns))
            DataTable(
                table_columns(matrix, frame.zone, self._back),
                table_rows(matrix, self._back, filters.sort),
                name=tr("End-to-end results: models by launches"),
                none=tr("No model"),
                on_open=self._calls.open_model,
                compact=True,
            ).classes("gx-table")

    def _show_nothing(self, filters: Filters, *, has_models: bool) -> None:
        self._empty_box()
        with self._box:
            if not has_models:
                with empty(
                    tr("Nothing to judge"),
                    tr(
                        "No model is mapped yet. Add a supplier first; then every model is checked."
                    ),
                    symbol="hub",
                ):
                    ui.link(tr("Add a supplier"), "/").classes("gb-link")
            elif filters.models:
                with empty(
                    tr("No result of these models"),
                    tr("They were not asked within this time."),
                    symbol="filter_alt_off",
                ):
                    button(tr("Show all models"), self._calls.clear_models)
            else:
                with empty(
                    tr("No launch in this time"),
                    tr("Run one now, or look further back."),
                    symbol="grid_on",
                ):
                    button(tr("Show 30 days"), self._calls.widen)
