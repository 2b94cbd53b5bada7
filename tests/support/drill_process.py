"""The real console with drill kinds as a process, and what a test asks of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.support.process import ROOT, ConsoleProcess


class DrillProcess(ConsoleProcess):
    """`python -m tests.support.drill_console run`."""

    def __init__(
        self, data_dir: Path, port: int, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            data_dir,
            port,
            environment={"PYTHONPATH": str(ROOT), **(environment or {})},
            program=("-m", "tests.support.drill_console"),
        )

    def drill(self, **params: Any) -> list[str]:
        """Start drills; return their ids."""
        return self._post("/drill/start", params)["ids"]

    def open_gate(self) -> None:
        """Let every drill of the kind gate end, and return when they have."""
        self._post("/drill/together", {})

    def one(self, key: str) -> dict[str, Any]:
        """How a run is by the server's own account."""
        return httpx.get(f"{self.url}/drill/one/{key}", timeout=10, trust_env=False).json()

    def open_ids(self) -> list[str]:
        """What runs and waits."""
        return httpx.get(f"{self.url}/drill/open", timeout=10, trust_env=False).json()["ids"]

    def end_all(self) -> None:
        """Cancel what runs and return when nothing does."""
        self._post("/drill/end", {})

    def settings(self, **changes: Any) -> None:
        """Change preferences as the settings page does."""
        self._post("/drill/settings", changes)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = httpx.post(self.url + path, json=dict(body), timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()
