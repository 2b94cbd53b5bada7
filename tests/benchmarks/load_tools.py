"""One run of each load tool on its core: ours, Locust, wrk; and what the mock says of it."""

import json
import os
import re
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.processes import LOAD_CORE, ROOT, TOOL_CORE, on_core

STREAMS = 1_000  # from here on a run is paced
TOKENS = 64
IDEAL_S = 0.2 + (TOKENS - 1) * 0.02  # of one stream


def engine(base: str, **order: Any) -> dict[str, Any]:
    """One run of ours on its core."""
    full = json.dumps({"api_base": f"{base}/api/v1", **order})
    command = [sys.executable, "-m", "tests.benchmarks.load_engine", full]
    done = subprocess.run(on_core(TOOL_CORE, command), cwd=ROOT, capture_output=True, text=True,
                          check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def measured(base: str, streams: int, calls: int, empty_s: float) -> dict[str, Any]:
    """Ours in the worker, with the mock's truth beside it."""
    get(f"{base}/reset")
    found = engine(base, users=streams, requests=calls, ramp_s=IDEAL_S, is_worker=True)
    truth = get(f"{base}/truth")
    found["streams_most"] = truth["streams_most"]
    # the ramp at the begin and the last streams are no full load
    found["per_s"] = calls / (found["elapsed_s"] - IDEAL_S)
    found["ms_each"] = 1000 * (found["cpu_s"] - empty_s) / calls
    for at in ("p50", "p99"):
        found[f"ttft_error_{at}"] = found["ttft"][at] - truth["ttft"][at]
    return found


def locust(base: str, users: int, calls: int, pace: float = 0.0) -> dict[str, Any]:
    spawn = str(max(1, round(users / IDEAL_S))) if users >= STREAMS else str(users)
    command = [str(peers.HOME / "bin" / "locust"), "-f",
               str(Path(__file__).with_name("locust_peer.py")), "--headless", "-u", str(users),
               "-r", spawn, "-H", base, "--only-summary", "--skip-log",
               "--run-time", "90s"]  # fmt: skip
    env = {**os.environ, "LOAD_CALLS": str(calls), "LOAD_PACE": str(pace)}
    done = subprocess.run(on_core(TOOL_CORE, command), capture_output=True, text=True, env=env,
                          check=False, timeout=300)  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"done"')]
    if not lines:
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    return json.loads(lines[-1])


def wrk(base: str, connections: int, seconds: int) -> dict[str, float]:
    """One GET of a stream each, again and again; empty where wrk cannot be had."""
    program = peers.wrk_command()
    if not program:
        return {}
    get(f"{base}/reset")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
               f"{base}/api/v1/messages/w/events"]  # fmt: skip
    done = subprocess.run(on_core(TOOL_CORE, command), capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
    assert found is not None, done.stdout
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    calls, took_s = int(found[1]), float(found[2])
    return {"calls": calls, "cpu_s": cpu_s, "per_s": _carried(base) or calls / took_s}


def _carried(base: str) -> float:
    """Streams a second by the mock's count of tokens, 0 without a pace.

    wrk's own count cannot tell: all its streams end in waves, so 6 s hold 3 or 4 of them, and the
    same load reads as 660 or as 880 a second where nobody can have more than STREAMS / IDEAL_S = 685.
    Tokens count what was open at its end too.
    """
    truth = get(f"{base}/truth")
    is_paced = truth["window_s"] > 2 * IDEAL_S and truth["streams_most"] >= STREAMS
    return truth["tokens"] / TOKENS / truth["window_s"] if is_paced else 0.0


@contextmanager
def paced(folder: Path) -> Generator[str]:
    with peers.mock_supplier(
        folder, core=LOAD_CORE, tokens=TOKENS, gap_ms=20, first_ms=200
    ) as base:
        yield base
        time.sleep(0.1)


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())
