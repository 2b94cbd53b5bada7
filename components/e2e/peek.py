"""Peek: the few facts of a cell that the hover card shows."""

from collections.abc import Sequence

from components.primitives.formats import duration_text
from components.status.looks import cause_word, user_type_word
from components.status.reasons import reason_text
from components.words import tr
from services.e2e.types import Cell

REASON_MOST = 140


def peek_lines(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return (name, value) lines; with several cells each line names its user type."""
    lines: list[tuple[str, str]] = []
    for cell in cells:
        mark = f" · {user_type_word(cell.user_type)}" if len(cells) > 1 else ""
        if cell.error:
            lines.append((tr("Reason") + mark, reason_text(cell.error)[:REASON_MOST]))
        if side := cause_word(cell.cause):
            lines.append((tr("Cause") + mark, side))
        if cell.latency_ms is not None:
            value = duration_text(cell.latency_ms)
            if cell.ttft_ms is not None:
                value += f" (TTFT {duration_text(cell.ttft_ms)})"
            lines.append((tr("Latency") + mark, value))
    if cells and cells[0].request_id:
        lines.append((tr("Request id"), cells[0].request_id))
    return lines
