"""Processes of a benchmark: started on one core, waited for, measured in CPU seconds, ended."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
LOAD_CORE = _CORES[0]  # the mock supplier and the load generator
TOOL_CORE = _CORES[-1]  # what is measured
EVERY_CORE = ",".join(map(str, _CORES))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_core(core: int | str, command: Sequence[str]) -> list[str]:
    """The command pinned to one core (or `0,1`), where the machine can do that."""
    pin = shutil.which("taskset")
    return [pin, "-c", str(core), *command] if pin else list(command)


@contextmanager
def running(
    command: Sequence[str],
    *,
    core: int | str,
    url: str,
    env: Mapping[str, str] | None = None,
    wait_s: float = 60,
) -> Generator[int]:
    """Start the command, wait until the URL answers, give its pid, end it and its children."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            on_core(core, command),
            cwd=ROOT,
            env={**_plain_environment(), **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(process, url, wait_s, output)
            yield process.pid
        finally:
            _end(process)


def _wait_until_it_answers(process, url: str, wait_s: float, output) -> None:
    until = time.monotonic() + wait_s
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:  # 503: it listens, but is not ready
                return
            time.sleep(0.05)
        except OSError:
            time.sleep(0.05)
        else:
            return
    output.seek(0)
    tail = output.read()[-3000:].decode("utf-8", "replace")
    raise RuntimeError(f"{process.args} does not answer on {url}:\n{tail}")


def _end(process) -> None:
    for number, patience_s in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        return


def _plain_environment() -> dict[str, str]:
    """Ours without pytest's marks, by which NiceGUI would take the child for a screen test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def cpu_seconds(pid: int) -> float:
    """CPU seconds of the process and its descendants until now (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(_ticks(member) for member in _family(pid)) / ticks


def memory_mb(pid: int) -> float:
    """Resident memory of the process and its descendants in MB (Linux)."""
    pages = sum(
        int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in _family(pid)
    )
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def shared_memory_mb(pid: int) -> float:
    """Memory of the process and its descendants in MB, pages they share counted once (Linux)."""
    total_kb = 0
    for member in _family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += sum(int(row.split()[1]) for row in rollup.splitlines() if row[:4] == "Pss:")
    return total_kb * 1024 / 1e6


def _family(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found = [pid]
    for member in found:  # grows while it is walked: children of children too
        found += [child for child, parent in parents.items() if parent == member]
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
