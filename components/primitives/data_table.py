"""Data table: columns and rows as data, one element, keys j, k and Enter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key of its value in each row, its heading, and how it is set."""

    key: str
    title: str
    end: bool = False  # figures: set to the right
    mono: bool = False
    kind: str = "text"  # text, or look: a mapping of tone, shape, weight, word
    width: str = ""  # CSS width, empty: as needed
    wraps: bool = False  # sentences: they go on in the next line


class DataTable(ui.element, component="data_table.js"):
    """Rows that can be walked with keys and opened; changes come as one message."""

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Sequence[Mapping[str, Any]],
        *,
        name: str,
        none: str,
        on_open: Callable[[str], Any] | None = None,
        compact: bool = False,
    ) -> None:
        """Show the rows; each needs an `id`; `none` stands where there are no rows."""
        super().__init__()
        self._on_open = on_open
        self._props.update(
            {
                "columns": [
                    {
                        "key": c.key,
                        "title": c.title,
                        "end": c.end,
                        "mono": c.mono,
                        "kind": c.kind,
                        "width": c.width,
                        "wraps": c.wraps,
                    }
                    for c in columns
                ],
                "rows": [dict(row) for row in rows],
                "name": name,
                "none": none,
                "opens": on_open is not None,
                "compact": compact,
            }
        )
        self.on("open", self._opened)

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the rows."""
        self._props["rows"] = [dict(row) for row in rows]
        self.update()

    async def _opened(self, event: GenericEventArguments) -> None:
        if self._on_open is not None:
            result = self._on_open(str(event.args))
            if hasattr(result, "__await__"):
                await result
