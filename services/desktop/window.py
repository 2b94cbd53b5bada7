"""Window: the program that shows the console's pages in a window, in a process of its own.

Started by services.desktop.process. The order comes as the first line of standard input, then one
JSON object a line in both directions: in `raise`, `close`, `ask`; out `shown`, `asked`, `answered`,
`failed`. When standard input ends, the console is gone and the window closes.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from services.desktop.qt import QtWindow
from services.desktop.rules import LEAST, fit, read_place
from services.desktop.types import Order, Place, Screen

PLACE_FILE = "window.json"
PROFILE = "profile"
FAILED = 3
_SERVER_S = 60.0
_LOOK_S = 0.05
_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {"global.saveFile": "保存文件", "global.ok": "好", "global.cancel": "取消"},
    "en": {"global.saveFile": "Save file", "global.ok": "OK", "global.cancel": "Cancel"},
}


def main() -> int:
    """Show the window until it is closed; return FAILED when it could not be shown."""
    tell = _Teller(_own_output())
    sys.argv = ["gymbro-console"]  # what the task bar groups windows by
    try:
        order = Order.of(json.loads(sys.stdin.readline()))
        _show(order, tell)
    except Exception as error:  # noqa: BLE001  # boundary: whatever a window system raises is the reason
        tell("failed", reason=f"{type(error).__name__}: {error}"[:300])
        return FAILED
    return 0


def _own_output() -> TextIO:
    """Return the pipe to the console; what libraries print goes to standard error from now on."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


class _Teller:
    """Writes one JSON object a line; threads may share it."""

    def __init__(self, pipe: TextIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def __call__(self, what: str, **values: Any) -> None:
        with self._lock, suppress(OSError, ValueError):  # the console is gone
            self._pipe.write(json.dumps({"is": what, **values}) + "\n")
            self._pipe.flush()


def _show(order: Order, tell: _Teller) -> None:
    _wait_for_server(order.url)
    webview: Any = import_module("webview")  # an optional extra, heavy: it loads the window system
    folder = Path(order.folder)
    folder.mkdir(parents=True, exist_ok=True)
    screens = [Screen(s.x, s.y, s.width, s.height) for s in webview.screens]  # chooses a toolkit
    is_qt = str(webview.renderer).startswith("qt")
    webview.settings["ALLOW_DOWNLOADS"] = not is_qt  # services.desktop.qt asks where to save
    place = fit(_load(folder / PLACE_FILE), screens)
    window = webview.create_window(
        order.title,
        order.url,
        width=place.width,
        height=place.height,
        x=_from_left(place.x, screens),
        y=_from_top(place.y, screens),
        maximized=place.is_maximized,
        min_size=LEAST,
        text_select=True,
        zoomable=True,
        background_color="#F4F6F8",
    )
    desk = _Desk(window, folder, tell)
    window.events.shown += desk.shown
    window.events.closing += desk.closing
    if is_qt:
        window.events.before_show += lambda: desk.dress(order)
    threading.Thread(target=desk.listen, args=(sys.stdin,), name="console", daemon=True).start()
    webview.start(
        private_mode=False,  # the language and look chosen in it are kept
        storage_path=str(folder / PROFILE),
        icon=order.icon or None,
        localization=dict(_WORDS.get(order.language, _WORDS["en"])),
    )


class _Desk:
    """What the console asks of the window and the operator does with it."""

    def __init__(self, window: Any, folder: Path, tell: _Teller) -> None:
        self._window = window
        self._folder = folder
        self._tell = tell
        self._may_close = False
        self._qt: QtWindow | None = None

    def dress(self, order: Order) -> None:
        """Give a Qt window what pywebview leaves out."""
        self._qt = QtWindow(self._window.native, order.url, order.language)

    def shown(self) -> None:
        self._tell("shown")

    def closing(self) -> bool:
        """Return whether it may close; otherwise the console is asked, which says `close`."""
        if not self._may_close:
            self._tell("asked")
            return False
        with suppress(OSError, TypeError):
            _save(self._folder / PLACE_FILE, self._place())
        return True

    def _place(self) -> Place:
        if self._qt is not None:
            return self._qt.place()
        window = self._window
        return Place(int(window.width), int(window.height), int(window.x), int(window.y))

    def listen(self, lines: Iterable[str]) -> None:
        """Do what the console says, until it is gone."""
        for line in lines:
            values = json.loads(line)
            match values["do"]:
                case "raise":
                    self._raise()
                case "ask":
                    self._ask(str(values["title"]), str(values["text"]))
                case _:
                    break
        self._may_close = True
        self._window.destroy()

    def _raise(self) -> None:
        if self._qt is not None:
            self._qt.lift()
            return
        self._window.restore()
        self._window.show()

    def _ask(self, title: str, text: str) -> None:
        def ask() -> None:
            yes = bool(self._window.create_confirmation_dialog(title, text))
            self._tell("answered", yes=yes)

        threading.Thread(target=ask, name="question", daemon=True).start()


def _wait_for_server(url: str) -> None:
    """Return once something listens there; raise TimeoutError after a minute."""
    parts = urlsplit(url)
    end = time.monotonic() + _SERVER_S
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((parts.hostname, parts.port), 1):
            return
        time.sleep(_LOOK_S)  # noqa: TID251  # a process of its own, before its loop
    raise TimeoutError(f"the console did not listen on {url}")


def _from_left(x: int | None, screens: list[Screen]) -> int | None:
    return x if x is None or not screens else x - screens[0].x  # it counts from the first screen


def _from_top(y: int | None, screens: list[Screen]) -> int | None:
    return y if y is None or not screens else y - screens[0].y


def _load(path: Path) -> Place:
    try:
        return read_place(json.loads(path.read_text()))
    except (OSError, ValueError):
        return read_place(None)


def _save(path: Path, place: Place) -> None:
    values = {name: getattr(place, name) for name in Place.__slots__}
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(values))
    fresh.replace(path)
