"""A page with the largest matrix, whose cells change ten times a second: python -m … PORT."""

import sys
import time
from itertools import count
from typing import Any

from nicegui import app, ui

from components.e2e.matrix import MatrixCalls, MatrixGrid
from components.e2e.payload import Frame, matrix_data
from components.live import on_batch
from components.theme import apply as theme
from services.accounts.types import UserType
from services.e2e.types import CellChange, CellStatus
from services.foundation.signals import Signal
from tests.support.e2e_views import STEP, a_matrix, off_spans

MODELS, LAUNCHES = 100, 100
CHANGES_PER_S = 10
_matrix = a_matrix(MODELS, LAUNCHES)
_changed: Signal[CellChange] = Signal("cell_changed")
_emitted: dict[int, float] = {}  # number of a change to the wall time in ms it was emitted at
_patched: dict[int, dict[int, float]] = {}  # page to number of its patch to that time
_pages, _numbers = count(1), count(1)


@ui.page("/")
def page() -> None:
    number = next(_pages)
    times = _patched[number] = {}
    ui.add_head_html(f"<script>window.pageNumber = {number}</script>")
    nothing = MatrixCalls(*(lambda *_: None,) * 5)
    with ui.element("div").classes("gb-page__body"), ui.element("div").classes("gx-box"):
        grid = MatrixGrid(nothing)
        frame = Frame("Asia/Shanghai", STEP, off_spans(_matrix.columns))
        grid.show(matrix_data(_matrix, frame))

    def draw(changes: list[CellChange]) -> None:
        if grid.patch(changes):
            times[grid.sequence] = _emitted[changes[0].done]

    on_batch(_changed, draw)


@app.get("/sent/{number}")
def sent(number: int) -> dict[int, float]:
    return _patched.get(number, {})


def tick() -> None:
    """Change one cell of the newest launch; the change's `done` carries its number."""
    number = next(_numbers)
    row = _matrix.rows[number % MODELS]
    status = (CellStatus.FAILED, CellStatus.OK)[number // MODELS % 2]
    user = tuple(UserType)[number % 2]
    _emitted[number] = time.time() * 1000
    _changed.emit(CellChange(LAUNCHES, row.model_key, user, status, number, number, 200))


if __name__ in {"__main__", "__mp_main__"}:
    theme.install()
    app.on_startup(lambda: app.timer(1 / CHANGES_PER_S, tick))
    options: dict[str, Any] = {**theme.RUN_OPTIONS, "storage_secret": "bench"}
    ui.run(host="127.0.0.1", port=int(sys.argv[1]), show=False, **options)
