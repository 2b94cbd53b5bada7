"""Big table: thousands of rows as one element; searched, sorted and drawn in the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import orjson
from nicegui import ui
from nicegui.events import GenericEventArguments

from components.live import can_push
from components.primitives.formats import age_words
from components.theme.apply import add_sheet
from components.words import tr

add_sheet(Path(__file__).with_name("big_table.css"))

ROW_PX = 36
_PATCHED_MOST = 0.25  # a larger share of changed rows travels as a whole


@dataclass(frozen=True, slots=True)
class BigColumn:
    """One column; kind is text, name (with tags and a twist), look, chips, switch or age.

    Beside `key` a row may hold `key_title` (its tooltip) and, for a name, `key_tags`.
    """

    key: str
    title: str
    kind: str = "text"
    width: str = ""  # CSS width; empty: a share of what is left
    end: bool = False
    mono: bool = False
    from_px: int = 0  # shown from this width of the table on


@dataclass(frozen=True, slots=True)
class RowAct:
    """An icon at the end of each row; `only` shows it where the row's `can` has its key."""

    key: str
    icon: str
    name: str
    kid: bool = False  # on the lines under a row
    only: bool = False
    tone: str = ""
    letter: str = ""  # the key that does it on the focused row


@dataclass(frozen=True, slots=True)
class Acted:
    """Somebody used a switch or an icon; `kid` is the text of the line under the row."""

    row_id: str
    act: str
    value: bool
    kid: str


@dataclass(frozen=True, slots=True)
class TableCalls:
    """What the page does."""

    open: Callable[[str], Any]
    act: Callable[[Acted], Any]
    pick: Callable[[tuple[str, ...]], Any] | None = None  # rows can be chosen when it is there


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a row has, and how high the table may grow (CSS)."""

    columns: Sequence[BigColumn]
    acts: Sequence[RowAct]
    height: str


@dataclass(frozen=True, slots=True)
class TableWords:
    """The words of one table, in the page's language."""

    name: str
    search: str  # empty: another place asks, and no search stands here
    none: str  # there are no rows at all
    facets: Mapping[str, str]  # key to label; rows name theirs in `facets`; `all` is every row


class BigTable(ui.element, component="big_table.js"):
    """The rows travel as one text, so that neither side wraps thousands of values."""

    def __init__(
        self,
        shape: TableShape,
        words: TableWords,
        calls: TableCalls,
        *,
        find: str = "",
        only: str = "",
    ) -> None:
        """Start empty; buttons put inside stand in the toolbar."""
        super().__init__()
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._calls = calls
        self._props["packed"] = "[]"
        self._props["columns"] = [_column(column) for column in shape.columns]
        self._props["acts"] = [asdict(act) for act in shape.acts]
        self._props["facets"] = [{"key": k, "label": label} for k, label in words.facets.items()]
        self._props["words"] = _words(words)
        self._props["name"] = words.name
        self._props["selects"] = calls.pick is not None
        self._props["height"] = shape.height
        self._props["px"] = ROW_PX
        self._props["find"] = find[:200]
        self._props["only"] = only if only in words.facets else ""
        self.on("open", self._opened)
        self.on("act", self._acted)
        self.on("pick", self._picked)

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the rows, each with an `id`; a few changed ones travel alone."""
        before, self._rows = self._rows, {str(row["id"]): row for row in rows}
        changed = [row for key, row in self._rows.items() if before.get(key) != row]
        is_small = len(changed) <= len(rows) * _PATCHED_MOST and list(before) == list(self._rows)
        if not changed and len(before) == len(self._rows) and is_small:
            return
        packed = orjson.dumps(list(rows)).decode()
        if is_small and can_push(self.client):
            self.run_method("patch", orjson.dumps(changed).decode())
            with self._props.suspend_updates():  # for a browser that loads the page anew
                self._props["packed"] = packed
            return
        self._props["packed"] = packed

    def redraw(self, row_id: str) -> None:
        """Show the row as it is known here, whatever the browser made of it."""
        if row_id in self._rows and can_push(self.client):
            self.run_method("patch", orjson.dumps([self._rows[row_id]]).decode())

    def show_only(self, facet: str) -> None:
        """Show the rows of one facet."""
        self._props["only"] = facet

    def unpick(self) -> None:
        """Choose no row."""
        if can_push(self.client):
            self.run_method("clear")

    def _opened(self, event: GenericEventArguments) -> Any:
        key = str(event.args)
        return self._calls.open(key) if key in self._rows else None

    def _acted(self, event: GenericEventArguments) -> Any:
        args = cast("Mapping[str, Any]", event.args if isinstance(event.args, dict) else {})
        key = str(args.get("id"))
        if key not in self._rows:
            return None
        acted = Acted(
            key, str(args.get("act")), args.get("value") is True, str(args.get("kid") or "")
        )
        return self._calls.act(acted)

    def _picked(self, event: GenericEventArguments) -> Any:
        ids = cast("list[Any]", event.args) if isinstance(event.args, list) else []
        known = tuple(str(one) for one in ids if str(one) in self._rows)
        return self._calls.pick(known) if self._calls.pick is not None else None


def _column(column: BigColumn) -> dict[str, Any]:
    values = asdict(column)
    values["from"] = values.pop("from_px")
    return values


def _words(words: TableWords) -> dict[str, Any]:
    return {
        "search": words.search,
        "none": words.none,
        "nothing": tr("Nothing is like that"),
        "facets": tr("Shown"),
        "count": tr("{n} of {total}"),
        "acts": tr("Actions"),
        "all": tr("Choose all that are found"),
        "pick": tr("Choose"),
        "expand": tr("Show what is inside"),
        "ages": age_words(),
    }
