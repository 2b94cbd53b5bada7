"""Threshold list: what must hold over the whole run, as rows of a form."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.loadtest.metrics import METRIC_SPECS, metric_options, shown_limit, stored_limit
from components.loadtest.row_list import Cell, RowList
from components.primitives.field import Field
from components.words import tr


class ThresholdList:
    """A field with a row for each threshold."""

    def __init__(self, begin: Sequence[Mapping[str, Any]], changed: Callable[[], Any]) -> None:
        """Draw it with these thresholds of a plan."""
        self.field = Field(
            tr("Thresholds: what must hold over the whole run"),
            tr("Without one: at most 5 % of the calls may fail, and one must succeed"),
        )
        cells = [
            Cell("metric", tr("Figure"), options=metric_options()),
            Cell("limit", tr("Limit")),
        ]
        rows = [
            {"metric": one["metric"], "limit": shown_limit(one["metric"], one["limit"])}
            for one in begin
        ]
        fresh = {"metric": next(iter(METRIC_SPECS)), "limit": 5}
        with self.field:
            self._rows = RowList(cells, rows, fresh, tr("Add a threshold"), changed)
            self.field.hold(self._rows)

    def values(self) -> list[dict[str, Any]]:
        """Return them as a plan keeps them."""
        return [
            {"metric": row["metric"], "limit": stored_limit(row["metric"], row.get("limit"))}
            for row in self._rows.rows
        ]
