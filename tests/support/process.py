"""The real program as a process: start, ask, stop, kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "main.py"


def plain_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The machine's environment without what a developer or pytest may have set."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {**found, "SECRETS_STORE": "file", **(extra or {})}


class ConsoleProcess:
    """`python main.py run` on a free port and a data folder of its own."""

    def __init__(
        self,
        data_dir: Path,
        port: int,
        *,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        program: Sequence[str] = (str(MAIN),),
    ) -> None:
        self._program = program
        self.data_dir = data_dir
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._environment = plain_environment(environment)
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None
        self._log = data_dir.parent / f"{data_dir.name}.log"

    def start(self, seconds: float = 60) -> Self:
        """Return when the health route answers."""
        command = [sys.executable, *self._program, "run", "--no-browser", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), *self._options]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self._environment, cwd="/", stdout=log, stderr=log
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.is_ready():
                return self
            time.sleep(0.05)
        raise RuntimeError(f"not ready; exit code {self.process.poll()}:\n{self.log()}")

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/healthz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM, seconds: float = 25) -> int:
        """Send the signal and return the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise RuntimeError(f"did not stop in {seconds} s:\n{self.log()}") from None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def doctor(self) -> dict[str, Any]:
        answer = run_command("doctor", "--json", "--show-secrets", "--data-dir", str(self.data_dir))
        return json.loads(answer.stdout)

    def operator(self) -> httpx.Client:
        """A client with the operator's token."""
        token = (self.data_dir / "secrets" / "operator.token").read_text().strip()
        return httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )


def run_command(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    seconds: float = 100,
) -> "subprocess.CompletedProcess[str]":
    """Run `python main.py …` to its end."""
    return subprocess.run(
        [sys.executable, str(MAIN), *arguments],
        env=plain_environment(environment),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
