"""Table rows: the matrix as words, for readers and screen readers that prefer a table."""

from collections.abc import Sequence
from typing import Any

from components.e2e.grid import RowLine, arrange, tail_latency
from components.e2e.payload import column_title
from components.e2e.ranking import EMPTY, merge
from components.primitives.data_table import Column
from components.primitives.formats import duration_text, share_text, zone_of
from components.status.looks import cell_look, look_props
from components.status.providers import provider_word
from components.words import tr
from services.e2e.types import CODE_STATUS, Matrix, MatrixRow

SHOWN = 8  # launches a page of the table shows


def table_columns(matrix: Matrix, zone: str, back: int) -> list[Column]:
    """Return the columns: model, figures, and eight launches ending `back` before the newest."""
    launches = _shown(matrix, back)
    return [
        Column("model", tr("Model"), width="200px"),
        Column("provider", tr("Provider")),
        Column("judged", tr("Judged"), end=True),
        Column("share", tr("Success"), end=True),
        Column("p50", "p50", end=True),
        Column("tail", tr("p95/max"), end=True),
        *(
            Column(f"at{index}", column_title(matrix.columns[index], zone_of(zone)), kind="look")
            for index in reversed(launches)
        ),
    ]


def table_rows(matrix: Matrix, back: int, sort: str = "worst") -> list[dict[str, Any]]:
    """Return one row a model in the matrix's own order; newest launches first."""
    launches = _shown(matrix, back)
    order = [line.index for line in arrange(matrix.rows, sort) if isinstance(line, RowLine)]
    return [_row(matrix.rows[index], launches) for index in order]


def _gone(model_key: str) -> str:
    return f"{model_key} ({tr('not mapped any more')})"


def _shown(matrix: Matrix, back: int) -> Sequence[int]:
    end = max(0, len(matrix.columns) - back)
    return range(max(0, end - SHOWN), end)


def _row(row: MatrixRow, launches: Sequence[int]) -> dict[str, Any]:
    codes = merge(row.cells.values()) if row.cells else ""
    tail, _ = tail_latency(row)
    made: dict[str, Any] = {
        "id": row.model_key,
        "model": row.model_key if row.is_mapped else _gone(row.model_key),
        "provider": provider_word(row.provider),
        "judged": f"{row.judged}/{row.cells_total}",
        "share": share_text(row.good, row.judged),
        "p50": duration_text(row.p50_ms),
        "tail": duration_text(tail),
    }
    for index in launches:
        code = codes[index] if index < len(codes) else EMPTY
        made[f"at{index}"] = look_props(cell_look(CODE_STATUS.get(code)))
    return made
