"""Log view: the newest lines, followed live; what is read stays still until one goes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from nicegui import ui
from nicegui.events import GenericEventArguments

from components.live import can_push
from components.theme.apply import add_sheet
from components.words import tr

add_sheet(Path(__file__).with_name("logs.css"))
FIELDS = ("request", "user", "logger")
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LogCalls:
    """What the page does; `jump` gets a request id and the time of its line in ms."""

    jump: Callable[[str, int], Any]
    older: Callable[[], Any] | None = None
    reload: Callable[[], Any] | None = None
    again: Callable[[], Any] | None = None  # read further back; lines between were let go
    only: Callable[[Mapping[str, str]], Any] | None = None


class LogView(ui.element, component="log_view.js"):
    """One element, whatever number of lines; buttons put inside stand in its bar."""

    def __init__(self, calls: LogCalls, *, height: str, compact: bool = False) -> None:
        """Start empty and busy; `height` is CSS."""
        super().__init__()
        self._calls = calls
        self._no = 0
        self._props["first"] = {"no": 0, "lines": "[]", "paused": False}
        self._props["foot"] = {"text": "", "more": False, "busy": True}
        self._props["height"] = height
        self._props["compact"] = compact
        self._props["words"] = _words()
        for name, heard in (
            ("jump", self._jumped),
            ("older", self._asked_older),
            ("reload", self._asked_reload),
            ("only", self._asked_only),
        ):
            self.on(name, heard)

    def show(self, rows: Rows, *, paused: bool = False) -> None:
        """Replace every line, the newest first."""
        self._no += 1
        self._props["first"] = {"no": self._no, "lines": _packed(rows), "paused": paused}

    def push(self, rows: Rows, missed: int) -> None:
        """Add new lines, the newest first, and how many more there were."""
        if can_push(self.client):
            self.run_method("push", orjson.dumps({"lines": rows, "missed": missed}).decode())

    def append(self, rows: Rows) -> None:
        """Add older lines at the end."""
        if can_push(self.client):
            self.run_method("append", _packed(rows))

    def foot(self, text: str, *, more: bool = False, busy: bool = False) -> None:
        """Say what is beyond the last line."""
        self._props["foot"] = {"text": text, "more": more, "busy": busy}

    def _jumped(self, event: GenericEventArguments) -> Any:
        request, at = _of(event.args, "request"), event.args.get("at")
        return self._calls.jump(request, at) if request and isinstance(at, int) else None

    def _asked_older(self, event: GenericEventArguments) -> Any:
        call = self._calls.again if event.args == "cut" else self._calls.older
        return call() if call is not None else None

    def _asked_reload(self, _: GenericEventArguments) -> Any:
        return self._calls.reload() if self._calls.reload is not None else None

    def _asked_only(self, event: GenericEventArguments) -> Any:
        wanted = {name: value for name in FIELDS if (value := _of(event.args, name))}
        return self._calls.only(wanted) if wanted and self._calls.only is not None else None


def _of(args: Any, name: str) -> str:
    value = args.get(name) if isinstance(args, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # a browser's
    return value[:200] if isinstance(value, str) else ""


def _packed(rows: Rows) -> str:
    return orjson.dumps(list(rows)).decode()


def _words() -> dict[str, str]:
    return {
        "name": tr("Log lines, newest first"),
        "pause": tr("Pause"),
        "follow": tr("Follow again"),
        "paused": tr("Paused · {n} came meanwhile"),
        "missed": tr("{n} not shown: they came too fast; the file has them"),
        "shown": tr("Following · {n} shown"),
        "fresh": tr("{n} new lines"),
        "copy": tr("Copy what is shown"),
        "lines": tr("+{n} lines"),
        "time": tr("Time"),
        "user": tr("User"),
        "request": tr("Request or run"),
        "logger": tr("Logger"),
        "whole": tr("The whole text"),
        "jump": tr("Open its run"),
        "same": tr("Lines of this request"),
        "sameUser": tr("Lines of this user"),
        "sameLogger": tr("Lines of this logger"),
        "older": tr("Older lines"),
        "none": tr("No line here matches"),
        "loading": tr("Reading the log …"),
    }
