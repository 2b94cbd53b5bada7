"""Preview parts: a real log over a folder of its own, with lines as a day brings them."""

import logging
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from services.foundation.actor import acting_as
from services.foundation.clock import SystemClock
from services.logs.service import Logs
from services.logs.traces import Trace

REQUEST = "req_7f3a91c2d4e5"
_LINES: tuple[tuple[int, str, str, str, str], ...] = (
    (30, "services.e2e.launching", "", "exe_1001", "claude: 503 from DeepSeek, tried once more"),
    (40, "services.suppliers.service", "8b6f2a10-anon", REQUEST, "the stream ended before its end"),
    (20, "services.gateway.service", "8b6f2a10-anon", REQUEST, "message msg_4 accepted"),
    (20, "services.outbox.service", "", "", "outbox: 3 pushed, 0 refused, 2 left"),
    (30, "db.engine", "", "", "a write waited 212 ms for the disk"),
    (20, "gymbro_ui.app", "", "", "GymBro Console is ready on http://127.0.0.1:9999"),
)

_OPEN: list[Logs] = []


class PreviewTraces:
    """One request leads to a cell, every run to its page."""

    async def find(self, request_id: str, _at: datetime) -> Trace:
        if request_id.startswith("exe_"):
            return Trace(f"/executions/{request_id}")
        return Trace("/e2e?cell=7") if request_id == REQUEST else Trace()


def preview_logs(settings: Any, now: datetime, *, bare: bool) -> Logs:
    """Return the log; `bare` has not a line."""
    folder = Path(tempfile.mkdtemp(prefix="preview-logs-"))
    own: Any = SimpleNamespace(
        env=SimpleNamespace(logs_dir=folder),
        preferences=settings.preferences,
        changed=settings.changed,
    )
    store: Any = None  # what an id belongs to is made up here
    logs = Logs(own, SystemClock(), list, store)
    made_up: Any = PreviewTraces()
    logs.traces = made_up
    logs.open_file()
    _OPEN.append(logs)  # its file closes with the process, not at some garbage collection in a test
    if not bare:
        for n in range(60):
            say(logs, _LINES[n % len(_LINES)], now - timedelta(minutes=60 - n))
    return logs


def say(logs: Logs, line: tuple[int, str, str, str, str], at: datetime) -> None:
    """Log one line (level, logger, user, request, text) at that time, an error with its traceback."""
    level, name, user, request, text = line
    record = logging.LogRecord(name, level, __file__, 1, text, None, None)
    record.created = at.timestamp()
    if level >= logging.ERROR:
        frames = "\n".join(f'  File "step_{n}.py", line {n}, in go' for n in range(40))
        record.msg = f"{text}\nTraceback (most recent call last):\n{frames}\nOSError: reset"
    with acting_as(user or "console", request):
        logs.handle(record)
