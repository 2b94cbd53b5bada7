"""Two real consoles on one real PostgreSQL, with one folder of keys."""

import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import find_free_port
from tests.support.postgres import PostgresServer
from tests.support.process import ConsoleProcess


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Return once it holds; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


class Pair:
    """Consoles a and b; the server is shared by the run, the database is their own."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server = server
        self.database = server.create()
        self.keys = folder / "keys"
        self.environment = {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{server.port}/{self.database}",
            "GYMBRO_SECRETS_DIR": str(self.keys),
        }
        self.a, self.b = (
            ConsoleProcess(folder / name, find_free_port(), environment=self.environment)
            for name in ("a", "b")
        )

    def client(self, console: ConsoleProcess) -> httpx.Client:
        """An operator's client; the token is in the shared folder, so it opens both."""
        token = (self.keys / "operator.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(
            base_url=f"{console.url}/api/v1", headers=headers, timeout=30, trust_env=False
        )

    def role(self, console: ConsoleProcess) -> str:
        return httpx.get(f"{console.url}/api/v1/healthz", timeout=30, trust_env=False).json()[
            "role"
        ]

    @property
    def leader(self) -> ConsoleProcess:
        """The one that leads, once one does."""
        found: list[ConsoleProcess] = []

        def is_found() -> bool:
            found[:] = [one for one in (self.a, self.b) if self.role(one) == "leader"]
            return len(found) == 1

        wait_for(is_found, "one leader")
        return found[0]

    def other(self, console: ConsoleProcess) -> ConsoleProcess:
        return self.b if console is self.a else self.a

    def sql(self, statement: str) -> Sequence[Any]:
        with self.server.connect(self.database) as connection:
            done = connection.execute(statement)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            return done.fetchall() if done.description else []

    def let_a_slot_be_due(self) -> None:
        """Make the schedule a day older, so that one check is due for whoever reads it next."""
        day = "interval '1 day'"
        self.sql(f"UPDATE schedule_slots SET slot_at = slot_at - {day}")
        self.sql(f"UPDATE e2e_launches SET slot_at = slot_at - {day}")
        self.sql(f"UPDATE schedules SET anchor_at = now() - {day}")

    def fired(self) -> list[tuple[datetime, str]]:
        """Slot and state of every slot that was not merely missed, oldest first."""
        return [
            (slot, state)
            for slot, state in self.sql(
                "SELECT slot_at, state FROM schedule_slots ORDER BY slot_at"
            )
            if state != "missed"
        ]

    def slot_launches(self) -> list[tuple[datetime, str]]:
        """Slot and status of every launch of the schedule, oldest first."""
        query = "SELECT slot_at, status FROM e2e_launches WHERE slot_at IS NOT NULL ORDER BY 1"
        return list(self.sql(query))

    def stop(self) -> None:
        for one in (self.a, self.b):
            if one.process is not None and one.process.poll() is None:
                one.process.send_signal(signal.SIGCONT)
                one.stop()
        self.server.drop(self.database)
