"""Samples of the console's process: /proc for memory, handles and threads, /metrics for tasks, rows by count."""

import re
import sqlite3
import time
from pathlib import Path

import httpx

from tests.soak.verdict import Sample

_COUNTED = (
    "executions",
    "execution_events",
    "e2e_mapped_model_results",
    "ai_prompt_tests",
    "gateway_messages",
    "conversation_logs",
)


class Sampler:
    """One process, sampled until it ends; `lost` counts moments at which it gave no answer."""

    def __init__(self, pid: int, url: str, store: Path, began: float) -> None:
        self._proc = Path("/proc") / str(pid)
        self._url = url
        self._store = store
        self._began = began
        self.lost = 0

    async def take(self, client: httpx.AsyncClient) -> Sample | None:
        """Return what it holds now; None while it does not answer."""
        try:
            answer = await client.get(f"{self._url}/metrics")
            numbers = dict(
                re.findall(r"^(gymbro_\w+(?:\{[^}]*\})?) (\S+)$", answer.text, re.MULTILINE)
            )
            status = (self._proc / "status").read_text()
            return Sample(
                at_s=time.monotonic() - self._began,
                rss_mb=int(_field(status, "VmRSS")) / 1024,
                handles=len(list((self._proc / "fd").iterdir())),
                threads=int(_field(status, "Threads")),
                tasks=int(float(numbers["gymbro_tasks"])),
                rows=count_rows(self._store),
                is_quiet=float(numbers['gymbro_executions{state="running"}']) == 0,
            )
        except (httpx.HTTPError, OSError, KeyError, sqlite3.Error):
            self.lost += 1
            return None


def _field(status: str, name: str) -> str:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    return found.group(1) if found else "0"


def count_rows(store: Path) -> int:
    """Return the rows of the tables that grow with the work."""
    with opened(store) as database:
        asked = " UNION ALL ".join(f"SELECT count(*) FROM {name}" for name in _COUNTED)
        return sum(row[0] for row in database.execute(asked))


class opened:  # noqa: N801  # reads as a verb in `with`
    """A reader of the store that is closed at the end and never writes."""

    def __init__(self, store: Path) -> None:
        self._database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10)

    def __enter__(self) -> sqlite3.Connection:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()
