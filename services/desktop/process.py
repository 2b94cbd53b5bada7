"""Process: the window's process as the console sees it: started, told, heard, ended."""

import asyncio
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from services.desktop.types import Order
from services.foundation.program import own_command
from services.settings.env import with_environment

COMMAND = "window"
END_S = 5.0
_LINES_KEPT = 40
_FLAGS = "QTWEBENGINE_CHROMIUM_FLAGS"
# Chromium inside Qt must speak with nobody but the console.
_SILENT = (
    "--disable-background-networking --disable-component-update --disable-sync"
    " --disable-domain-reliability --no-first-run"
)


class WindowProcess:
    """One window, from its start to its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process that runs; use `start`."""
        self._process = process
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)  # the last of its standard error

    @classmethod
    async def start(cls, order: Order, session: Mapping[str, str]) -> "WindowProcess":
        """Return the process that was given its order; raise OSError when there can be none."""
        process = await asyncio.create_subprocess_exec(
            *own_command(COMMAND),
            env=with_environment(_environment(session)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **_apart(),
        )
        window = cls(process)
        window.say(asdict(order))
        return window

    def say(self, values: Mapping[str, Any]) -> None:
        """Tell it something; one that is gone does not hear it."""
        pipe = self._process.stdin
        if pipe is not None and not pipe.is_closing():
            with suppress(OSError):
                pipe.write(json.dumps(values).encode() + b"\n")

    async def hear(self) -> dict[str, Any] | None:
        """Return the next thing it says, None once it has ended."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            with suppress(ValueError):
                values = json.loads(line)
                if isinstance(values, dict):
                    return values  # pyright: ignore[reportUnknownVariableType]  # JSON's
        return None

    async def keep_lines(self) -> None:
        """Read its standard error to the end."""
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self.lines.append(line.decode("utf-8", "replace"))

    async def end(self) -> int:
        """Close it and return its exit code; one that stays is killed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                return await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()


def _environment(session: Mapping[str, str]) -> dict[str, str]:
    flags = f"{session.get(_FLAGS, '')} {_SILENT}".strip()
    values = {**session, _FLAGS: flags}
    if sys.platform.startswith("linux"):
        values["PYWEBVIEW_GUI"] = (
            "qt"  # the first to try: GTK's lacks what services.desktop.qt adds
        )
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        values["QTWEBENGINE_DISABLE_SANDBOX"] = "1"  # Chromium refuses to start as root otherwise
    return values


def _apart() -> dict[str, Any]:
    """Ctrl+C in the terminal is for the console, which closes the window itself."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
