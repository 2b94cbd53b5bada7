"""Latest runs: the newest executions of every kind as one small table."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, clock_text, duration_text, moment_text
from components.status.looks import EXECUTION_LOOKS, look_props, trigger_word
from components.words import tr
from services.executions.types import Execution


class LatestRuns(DataTable):
    """The table; `show` replaces its rows."""

    def __init__(self, on_open: Callable[[str], Any]) -> None:
        """Stand without rows."""
        super().__init__(
            [
                Column("at", tr("Started")),
                Column("kind", tr("Kind")),
                Column("by", tr("Started by")),
                Column("state", tr("State"), kind="look"),
                Column("result", tr("Result")),
                Column("took", tr("Took"), end=True),
            ],
            [],
            name=tr("Latest runs"),
            none=tr("Nothing ran yet"),
            on_open=on_open,
            compact=True,
        )


def latest_rows(executions: Sequence[Execution], zone: str, now: datetime) -> list[dict[str, Any]]:
    """Return one row an execution, in the order given."""
    return [_row(one, zone, now) for one in executions]


def _row(one: Execution, zone: str, now: datetime) -> dict[str, Any]:
    started = one.started_at or one.created_at
    return {
        "id": one.execution_id,
        "at": clock_text(started, zone, now),
        "at_title": moment_text(started, zone),
        "kind": tr(one.label),
        "by": trigger_word(one.trigger),
        "state": look_props(EXECUTION_LOOKS[one.status]),
        "result": result_text(one),
        "took": took_text(one, now),
    }


def result_text(one: Execution) -> str:
    """Return `40/40 · 3 ✕`, the reason it ended badly, or a dash."""
    judged, good = one.meta.get("judged"), one.meta.get("good")
    failed = judged - good if isinstance(judged, int) and isinstance(good, int) else 0
    parts = [tr("{done} of {total}", done=one.done, total=one.total)] if one.total else []
    if failed > 0:
        parts.append(f"{failed} ✕")
    if one.error:
        parts.append(one.error[:120])
    return " · ".join(parts) or NOTHING


def took_text(one: Execution, now: datetime) -> str:
    """Return how long it took, or has taken so far."""
    if one.started_at is None:
        return NOTHING
    end = one.finished_at or (now if not one.status.is_final else None)
    return duration_text((end - one.started_at).total_seconds() * 1000) if end else NOTHING
