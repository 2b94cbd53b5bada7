"""An original GymBro database, read only."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from services.foundation.errors import InputError

RUNS = "e2e_mapped_model_runs"
_COLUMNS = (
    "run_id", "user_type", "auth_mode", "prompt_text", "prompt_mode", "result_mode",
    "models_total", "models_success", "models_failed", "started_at", "finished_at",
    "duration_ms", "status", "error_summary", "results_json", "created_at",
)  # fmt: skip
OTHERS = (  # what later versions of the import will take
    "ai_endpoints", "ai_prompts", "ai_prompt_tests", "llm_model_mappings", "llm_app_settings",
    "dashboard_config", "user_activity_stats", "ai_request_stats", "conversation_logs",
    "llm_test_users",
)  # fmt: skip


class Original:
    """The file of an original server, open for reading alone."""

    def __init__(self, path: Path) -> None:
        """Open it; raise InputError where it is no such database."""
        self._path = path
        if not path.is_file():
            raise InputError("There is no file {path}", field="from", path=str(path))
        try:
            self._file = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
            self._file.row_factory = sqlite3.Row
            self._tables = self._names()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        if "alembic_version" in self._tables or RUNS not in self._tables:
            self.close()
            raise InputError(
                "{path} is no database of the original GymBro server", field="from", path=str(path)
            )

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def runs(self) -> Iterator[Mapping[str, Any]]:
        """Yield every E2E run, oldest first, with None for a column an older server lacked."""
        try:
            with closing(
                self._file.execute(f"SELECT * FROM {RUNS} ORDER BY id")
            ) as found:  # a constant
                for row in found:
                    names = set(row.keys())
                    yield {name: row[name] if name in names else None for name in _COLUMNS}
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def left(self) -> dict[str, int]:
        """Return how many rows each table holds that is not taken yet."""
        try:
            counts = {
                name: int(
                    self._file.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                )  # a constant
                for name in OTHERS
                if name in self._tables
            }
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return {name: count for name, count in counts.items() if count}

    def _names(self) -> set[str]:
        found = self._file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {str(row[0]) for row in found}

    def _unreadable(self, error: sqlite3.Error) -> InputError:
        return InputError(
            "{path} cannot be read: {reason}", field="from", path=str(self._path), reason=str(error)
        )
