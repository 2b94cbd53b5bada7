"""Log window of the Overview: errors and warnings as they come, folded away when not wanted."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from nicegui import app, context, ui

from components.live import on_batch, on_return
from components.logs.log_view import LogCalls, LogView
from components.logs.rows import line_rows
from components.primitives.button import icon_button
from components.primitives.card import card
from components.primitives.toolbar import Segment
from components.words import tr
from services.logs.types import LogFilter, LogLevel

if TYPE_CHECKING:
    from services.console import Console

SHOWN = 100
EVERY_S = 0.5
HEIGHT = "264px"
_KEY = "log_window"


class LogWindow:
    """One window; whether it is open and which level it shows are remembered for the user."""

    def __init__(self, console: "Console") -> None:
        """Draw it."""
        self._console = console
        self._client = context.client
        known = _remembered()
        level = known.get("level", "")
        self._wanted = LogFilter(LogLevel(level) if level in list(LogLevel) else LogLevel.WARNING)
        self._is_open = known.get("open", True) is not False
        self._seq = 0
        with card(tr("Log"), toolbar=self._tools, tight=True):
            self._view = LogView(LogCalls(self._jump), height=HEIGHT, compact=True)
        self._unfold()
        self._load()
        on_batch(console.logs.changed, lambda _: self._follow(), EVERY_S)
        on_return(self._load)

    def _tools(self) -> None:
        levels = {
            str(LogLevel.WARNING): tr("Errors + warnings"),
            str(LogLevel.ERROR): tr("Errors"),
            str(LogLevel.INFO): tr("Everything"),
        }
        self._level = Segment(levels, str(self._wanted.level), self._choose, name=tr("Level"))
        ui.link(tr("All logs"), "/logs").classes("gb-link t-meta")
        self._fold = icon_button(
            "expand_more", tr("Show or hide the log"), self._toggle, small=True
        ).mark("fold-log")

    def _toggle(self) -> None:
        self._is_open = not self._is_open
        _remembered()["open"] = self._is_open
        self._unfold()

    def _unfold(self) -> None:
        self._view.set_visibility(self._is_open)
        self._level.set_visibility(self._is_open)
        self._fold.set_icon("sym_o_expand_less" if self._is_open else "sym_o_expand_more")
        self._fold.props["aria-expanded"] = "true" if self._is_open else "false"

    def _choose(self, level: str) -> None:
        self._wanted = LogFilter(LogLevel(level))
        _remembered()["level"] = level
        self._load()

    def _load(self) -> None:
        self._seq = self._console.logs.seq
        self._view.show(self._rows(self._console.logs.recent(self._wanted.level, SHOWN)))
        self._view.foot("")

    def _follow(self) -> None:
        news = self._console.logs.since(self._seq, self._wanted)
        self._seq = news.seq
        if news.entries or news.missed:
            self._view.push(self._rows(reversed(news.entries)), news.missed)

    async def _jump(self, request: str, at_ms: int) -> None:
        found = await self._console.logs.traces.find(
            request, datetime.fromtimestamp(at_ms / 1000, UTC)
        )
        with self._client:
            ui.navigate.to(found.address or f"/logs?level=INFO&request={quote(request)}")

    def _rows(self, entries: Any) -> list[dict[str, Any]]:
        return line_rows(entries, self._console.settings.preferences.e2e_timezone)


def _remembered() -> dict[str, Any]:
    user = cast("dict[str, Any]", app.storage.user)
    return cast("dict[str, Any]", user.setdefault(_KEY, {}))
