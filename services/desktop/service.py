"""Desktop: the one native window of this console: opened, raised, asked before it closes."""

import asyncio
import logging
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_urlsafe

from services.desktop.process import WindowProcess
from services.desktop.readiness import why_not
from services.desktop.rules import last_words, why_ended
from services.desktop.types import PATH, Order, Work
from services.foundation.clock import Clock
from services.foundation.messages import Message, say
from services.foundation.tasks import Tasks
from services.settings.env import read_session
from services.settings.types import Env

_log = logging.getLogger(__name__)
SHOWN_S = 90.0  # a cold machine reads 300 MB of Qt first
IDLE_S = 0.2
TITLE = "GymBro Console"
_ICON = Path(__file__).with_name("icon.png")


def _nobody() -> bool:
    return False


class Desktop:
    """Policy of the window: what its close button does, and what happens where there is none."""

    def __init__(self, env: Env, clock: Clock, tasks: Tasks, work: Work) -> None:
        """Keep what is needed; no window is opened before start() or show()."""
        self._env = env
        self._clock = clock
        self._tasks = tasks
        self._work = work
        self._opening = asyncio.Lock()
        self._window: WindowProcess | None = None
        self._watch: asyncio.Task[None] | None = None
        self._reason: Message | None = None
        self._is_stopping = False
        self._is_closing = False
        self.is_waiting = False  # it quits when nothing runs any more
        self.ends_console = env.native_window  # one opened later leaves the console as it was
        self.language = "zh"  # of what the window's system dialogs say
        self.key = token_urlsafe(24)  # what the window's own pages carry as a cookie
        self.ask: Callable[[], bool] = _nobody  # asks in its page; False when no page can
        self.ask_plainly: Callable[[], tuple[str, str]] = lambda: (TITLE, "")
        self.leave: Callable[[], None] = lambda: None  # stops the console

    @property
    def is_open(self) -> bool:
        """Whether there is a window now."""
        return self._window is not None

    @property
    def notices(self) -> list[Message]:
        """Why the pages are in a browser although a window was wanted."""
        if self._reason is None or not self._env.native_window:
            return []
        return [
            say(
                "No window of its own: {reason}. The pages are in the browser.", reason=self._reason
            )
        ]

    async def start(self) -> None:
        """Open the window when one was asked for on the command line, without waiting for it."""
        if self._env.native_window:
            self._tasks.start(self._open_or_browse(), "native window")

    async def stop(self) -> None:
        """Close the window; it keeps its place."""
        self._is_stopping = True
        self.close()
        if self._watch is not None:
            await asyncio.wait([self._watch], timeout=8.0)

    async def show(self, session: Mapping[str, str]) -> Message | None:
        """Raise the window, or open one in that session; return why there can be none."""
        async with self._opening:
            if self._window is not None and not self._is_closing:
                self._window.say({"do": "raise"})
                return None
            if self._is_stopping:
                return say("the console is stopping")
            self._reason = why_not(session) or await self._open(session)
            return self._reason

    def close(self) -> None:
        """Close the window without a question; the console goes on."""
        self.is_waiting = False
        if self._window is not None:
            self._is_closing = True
            self._window.say({"do": "close"})

    # -- what the operator chose when asked

    def quit(self) -> None:
        """Close the window and stop the console."""
        self.close()
        self.leave()

    def quit_when_idle(self) -> None:
        """Quit as soon as nothing runs any more; `stay` takes it back."""
        if not self.is_waiting:
            self.is_waiting = True
            self._tasks.start(self._quit_when_idle(), "quit when idle")

    async def cancel_and_quit(self) -> None:
        """Ask every run to end, then quit; what they have done is kept."""
        await self._work.cancel_many([one.execution_id for one in self._work.running()])
        self.quit_when_idle()

    def keep_running(self) -> None:
        """Close the window and let the console go on without one."""
        self.ends_console = False
        self.close()
        _log.warning(
            "the window is closed and the console goes on: %s; start it with --native again for a"
            " window, stop it with Ctrl+C", self._env.public_url,
        )  # fmt: skip

    def stay(self) -> None:
        """Go on as before."""
        self.is_waiting = False

    # -- the window itself

    async def _open_or_browse(self) -> None:
        reason = await self.show(read_session())
        if reason is not None:
            _log.warning("no window of its own: %s", reason)
            await self._browse()

    async def _browse(self) -> None:
        """Show the pages in the system's browser, unless that is switched off."""
        _log.warning("the console is in the browser: %s", self._env.public_url)
        if self._env.open_browser:
            await asyncio.to_thread(webbrowser.open, self._env.public_url)

    async def _open(self, session: Mapping[str, str]) -> Message | None:
        self.language = "zh" if session.get("LANG", "zh").startswith("zh") else "en"
        order = Order(
            url=f"{self._own_url()}{PATH}?key={self.key}",
            title=TITLE,
            folder=str(self._env.data_dir / "ui" / "window"),
            icon=str(_ICON),
            language=self.language,
        )
        try:
            window = await WindowProcess.start(order, session)
        except OSError as error:
            return say("{words}", words=error.strerror or str(error))
        self._window, self._is_closing = window, False
        shown: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        self._watch = self._tasks.start(self._follow(window, shown), "native window's process")
        try:
            async with asyncio.timeout(SHOWN_S):
                return await asyncio.shield(shown)
        except TimeoutError:
            await window.end()
            return say("it did not show itself in {seconds} s", seconds=int(SHOWN_S))

    def _own_url(self) -> str:
        """The window is on this machine, whatever address others know the console by."""
        host = self._env.host
        name = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # no bind
        return (
            f"http://[{name}]:{self._env.port}"
            if ":" in name
            else f"http://{name}:{self._env.port}"
        )

    async def _follow(self, window: WindowProcess, shown: "asyncio.Future[Message | None]") -> None:
        lines = self._tasks.start(window.keep_lines(), "native window's log")
        told = ""
        try:
            while (values := await window.hear()) is not None:
                if values.get("is") == "failed":
                    told = str(values.get("reason", ""))
                else:
                    self._hear(str(values.get("is")), values, shown)
        finally:
            code = await window.end()
            await asyncio.wait([lines], timeout=1.0)
            self._window = None
        self._ended(code, told or last_words(tuple(window.lines)), shown)

    def _hear(
        self, what: str, values: Mapping[str, object], shown: "asyncio.Future[Message | None]"
    ) -> None:
        if what == "shown" and not shown.done():
            _log.info("the native window is open")
            shown.set_result(None)
        elif what == "asked":
            self._closing_asked()
        elif what == "answered" and values.get("yes") is True:
            self._tasks.start(self.cancel_and_quit(), "cancel and quit")

    def _closing_asked(self) -> None:
        if self._is_stopping or not self.ends_console:
            self.close()
        elif not self._work.running():
            self.quit()
        elif not self.ask() and self._window is not None:
            title, text = self.ask_plainly()
            self._window.say({"do": "ask", "title": title, "text": text})

    def _ended(self, code: int, words: str, shown: "asyncio.Future[Message | None]") -> None:
        if not shown.done():
            shown.set_result(why_ended(code, words))
        elif not self._is_closing and not self._is_stopping:
            self._reason = why_ended(code, words)
            _log.error("the native window ended by itself: %s", self._reason)
            self._tasks.start(self._browse(), "browser for a lost window")
        self._is_closing = False

    async def _quit_when_idle(self) -> None:
        while self.is_waiting and self._work.running():
            await self._clock.sleep(IDLE_S)
        if self.is_waiting:
            self.quit()
