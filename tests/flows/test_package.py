"""The packaged app, built for this system: it serves, judges, loads, and keeps its data."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.operator.ports import find_free_port
from tests.support.builders import until
from tests.support.package import build
from tests.support.process import plain_environment

pytestmark = [
    pytest.mark.package,
    pytest.mark.xdist_group("package"),
    pytest.mark.timeout(1100),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="its data folder is Linux's"),
]
PATIENCE_S = 120.0


class Packaged:
    """The built program with a home folder of its own."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self.program = str(build())
        self.data = home / ".local" / "share" / "GymBro Console"
        self._environment = {**plain_environment(), "HOME": str(home)}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.program, *arguments], env=self._environment, cwd="/", capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    def ask(self, *arguments: str) -> Any:
        """What a command prints as JSON; it must end well."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, port: int, log: Path) -> "subprocess.Popen[bytes]":
        with log.open("wb") as file:
            return subprocess.Popen(
                [self.program, "run", "--no-browser", "--port", str(port)],
                env=self._environment, cwd="/", stdout=file, stderr=file,
            )  # fmt: skip


async def test_the_packaged_app_serves_judges_and_keeps_its_data_in_the_user_folder(
    tmp_path: Path,
) -> None:
    app = Packaged(tmp_path / "home")
    assert "(packaged)" in app.run("--version").stdout
    found = app.ask("doctor")
    assert found["versions"]["installed"] == "packaged"
    assert found["data_dir"] == str(app.data)

    port, log = find_free_port(), tmp_path / "log"
    process = app.start(port, log)
    try:
        await until(lambda: _answers(port) or process.poll() is not None, PATIENCE_S)
        assert process.poll() is None, log.read_text()
        _look_at_the_page(port)
        judged = app.ask("e2e", "--once")
        assert {run["status"] for run in judged["runs"]} == {"success"}
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE_S)
    assert code == 0, log.read_text()
    assert (app.data / "gymbro.sqlite3").is_file()

    elsewhere = tmp_path / "elsewhere"  # --data-dir wins, and a big load has its worker process
    load = app.ask("load", "--users", "201", "--requests", "201", "--data-dir", str(elsewhere))
    assert load["arrangement"] == "worker process"
    assert load["stored"] == 201
    assert (elsewhere / "gymbro.sqlite3").is_file()


def _answers(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/api/v1/healthz"
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _look_at_the_page(port: int) -> None:
    """The page comes in Chinese with its sheet and every script it names."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_S
    ) as client:
        page = client.get("/", headers={"accept-language": "zh"})
        assert page.status_code == 200
        assert "总览" in page.text or "\\u603b\\u89c8" in page.text
        wanted = {part.split('"')[0] for part in page.text.split('="/_nicegui/')[1:]}
        assert len(wanted) > 5
        for name in sorted(wanted):
            answer = client.get(f"/_nicegui/{name}")
            assert answer.status_code == 200, name
