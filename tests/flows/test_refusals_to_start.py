"""What this machine cannot give is said in a sentence, and a second signal ends at once."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import find_free_port
from tests.support.drill_process import DrillProcess
from tests.support.process import MAIN, ROOT, plain_environment

OLD = """
import runpy, sqlite3, sys
{fake}
sys.argv = ["main.py", "doctor"]
runpy.run_path({main!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        (
            "sys.version_info = (3, 9, 7, 'final', 0)",
            "Python 3.11 or newer is needed, and this is Python 3.9.7.",
        ),
        (
            "sqlite3.sqlite_version_info = (3, 22, 0)",
            "SQLite 3.37.0 or newer is needed, and this is SQLite 3.22.0.",
        ),
    ],
)
def test_a_python_or_sqlite_that_is_too_old_is_named_with_what_is_needed(
    fake: str, said: str
) -> None:
    program = OLD.format(fake=fake, main=str(MAIN))
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=plain_environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (2, f"gymbro-console: {said}\n")


EXPORT = """
import resource, signal, sys
from pathlib import Path
from gymbro_ui.commands.load import keep_export
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
keep_export(Path(sys.argv[1]), b"new" * 10_000)
"""


def test_an_export_that_does_not_fit_leaves_the_file_that_was_there_and_no_half_one(
    tmp_path: Path,
) -> None:
    file = tmp_path / "calls.csv"
    file.write_bytes(b"old")
    answer = subprocess.run(
        [sys.executable, "-c", EXPORT, str(file)],
        cwd=ROOT, env=plain_environment({"PYTHONDONTWRITEBYTECODE": "1"}), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "File too large" in answer.stderr
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.xdist_group("drill-signals")
def test_a_second_signal_ends_a_stop_that_waits_and_nothing_stored_is_lost(
    tmp_path: Path,
) -> None:
    console = DrillProcess(tmp_path / "data", find_free_port()).start()
    try:
        (deaf,) = console.drill(kind="deaf", seconds=60)
        (done,) = console.drill(steps=1)
        deadline = time.monotonic() + 20
        while console.one(done)["status"] != "succeeded" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert console.process is not None
        console.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        begun = time.monotonic()
        assert console.stop(signal.SIGINT) == 0
        assert time.monotonic() - begun < 4  # work that does not hear is waited for 5 s
        console.start()
        assert console.one(done)["status"] == "succeeded"
        assert console.one(deaf)["status"] in ("interrupted", "cancelled")
        assert console.open_ids() == []
        assert "quarantine" not in console.log()
        (running,) = console.drill(steps=600, step_s=0.1)
        begun = time.monotonic()
        assert console.stop(signal.SIGTERM) == 0  # one signal, work that hears
        assert time.monotonic() - begun < 10
        assert stored_states(console)[running] == "interrupted"
    finally:
        console.stop()


def stored_states(console: DrillProcess) -> dict[str, str]:
    """What the file says of each execution after the process is gone."""
    raw = sqlite3.connect(console.data_dir / "gymbro.sqlite3")
    found = dict(raw.execute("SELECT execution_id, status FROM executions").fetchall())
    raw.close()
    return found
