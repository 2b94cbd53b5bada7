"""A load test in a console that may open few files: calls fail in their class, nothing else does."""

import time
from pathlib import Path
from typing import Any

from tests.conftest import find_free_port
from tests.support.process import MAIN, ConsoleProcess

FEW = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
sys.argv[0] = {str(MAIN)!r}
sys.path.insert(0, {str(MAIN.parent)!r})
runpy.run_path({str(MAIN)!r}, run_name="__main__")
"""


def load(console: ConsoleProcess, **body: Any) -> dict[str, Any]:
    with console.operator() as operator:
        end = time.monotonic() + 60
        while True:
            started = operator.post("/llm/tests/load", json={"model": "fast", **body})
            if started.status_code != 409 or time.monotonic() > end:
                break
            time.sleep(0.2)  # the one before is closed, its execution not quite yet
        assert started.status_code == 202, started.text
        while time.monotonic() < end:
            found = operator.get(f"/llm/tests/runs/{started.json()['run_id']}").json()["data"]
            if found["status"] not in ("pending", "running"):
                return found
            time.sleep(0.2)
    raise AssertionError("it does not end")


def test_files_that_run_out_in_a_load_test_fail_its_calls_and_nothing_else(tmp_path: Path) -> None:
    console = ConsoleProcess(tmp_path / "data", find_free_port(), program=("-c", FEW)).start()
    try:
        group = {"scope_type": "mapping", "scope_key": "fast", "default_model": "demo-fast"}
        with console.operator() as operator:
            operator.post("/llm/model-groups", json=group).raise_for_status()
        found = load(console, concurrency=100, batch_size=150)
        counts = found["summary"]["counts"]
        assert found["status"] == "failed"
        assert counts["errored"] > 0
        assert sum(counts.values()) == 150
        assert found["stored"] == 150  # by the journal where the store could not open its file
        after = load(console, concurrency=2, batch_size=4)
        assert (after["status"], after["summary"]["counts"]["success"]) == ("succeeded", 4)
    finally:
        assert console.stop() == 0
    assert "Traceback" not in console.log(), console.log()
