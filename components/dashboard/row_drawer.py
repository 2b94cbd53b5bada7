"""Row drawer: the rows a figure was counted from, page by page, the newest first."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from nicegui import ui

from components.primitives.button import button
from components.primitives.data_table import Column, DataTable
from components.primitives.drawer import Drawer
from components.primitives.formats import clock_text, count_text, duration_text
from components.words import tr, trn
from services.stats.types import CallPage, CallRow, UserPage, UserRow

_USER_MOST = 9  # characters of a user's id in the narrow drawer
Row = UserRow | CallRow
Older = Callable[[Row | None], Awaitable[UserPage | CallPage | None]]


class RowDrawer(Drawer):
    """One list at a time."""

    def __init__(self, endpoint_names: Callable[[], Mapping[int, str]], zone: str) -> None:
        """Start closed; `endpoint_names` gives the present names by number."""
        super().__init__(tr("What was counted"))
        self._names = endpoint_names
        self._zone = zone
        self._older: Older | None = None
        self._rows: list[Row] = []
        self._total = 0

    async def list(self, title: str, about: str, total: int, now: datetime, older: Older) -> None:
        """Open with the first page; `total` is the figure the rows make up."""
        self._older, self._rows, self._total, self._now = older, [], total, now
        self.head.clear()
        with self.head:
            ui.label(title).classes("t-section t-clip")
        self.body.clear()
        with self.body:
            ui.label(about).classes("t-meta c-muted")
            self._sum = ui.label("").classes("t-table t-strong")
            self._table = ui.element("div")
            self._more = button(tr("Older rows"), self._next, small=True)
        self.open()
        await self._next()

    async def _next(self) -> None:
        assert self._older is not None  # list() comes first
        page = await self._older(self._rows[-1] if self._rows else None)
        if page is None or self.is_deleted:
            return
        self._rows += page.rows
        self._more.set_visibility(page.has_more)
        self._table.clear()
        with self._table:
            self._draw()
        self._sum.set_text(self._counted())

    def _counted(self) -> str:
        calls = [row for row in self._rows if isinstance(row, CallRow)]
        shown = sum(row.count for row in calls) if calls else len(self._rows)
        if shown >= self._total:
            return trn("{n} counted, all shown", "{n} counted, all shown", self._total)
        return tr("{shown} of {n} shown", shown=count_text(shown), n=count_text(self._total))

    def _draw(self) -> None:
        if self._rows and isinstance(self._rows[0], UserRow):
            columns = (
                Column("at", tr("Last request")),
                Column("user", tr("User"), mono=True),
                Column("who", tr("Whose")),
            )
        else:
            columns = (
                Column("at", tr("Minute")),
                Column("model", tr("Model")),
                Column("count", tr("Calls"), end=True),
                Column("good", tr("Good"), end=True),
                Column("mean", tr("Mean"), end=True),
                Column("user", tr("User"), mono=True),
            )
        rows = [self._row(number, row) for number, row in enumerate(self._rows)]
        DataTable(columns, rows, name=tr("What was counted"), none=tr("No row"), compact=True)

    def _row(self, number: int, row: Row) -> dict[str, object]:
        if isinstance(row, UserRow):
            return {
                "id": str(number),
                "at": clock_text(row.last_at, self._zone, self._now),
                "user": row.user_id,
                "who": origin_word(row.origin),
            }
        endpoint = self._names().get(row.endpoint_id or 0, "")
        return {
            "id": str(number),
            "at": clock_text(row.minute_at, self._zone, self._now),
            "model": f"{row.model} · {endpoint}" if endpoint else row.model,
            "count": count_text(row.count),
            "good": count_text(row.success),
            "mean": duration_text(row.latency_ms / row.count if row.count else None),
            "user": short_user(row.user_id),
        }


def short_user(user_id: str) -> str:
    """Return an id that fits a column."""
    return user_id if len(user_id) <= _USER_MOST else f"{user_id[: _USER_MOST - 1]}…"


def origin_word(origin: str) -> str:
    """Return whose traffic it is."""
    words = {
        "app": tr("app user"),
        "console": tr("console"),
        "e2e": tr("E2E and load tests"),
        "test": tr("test users"),
    }
    return words.get(origin, origin)
