"""The same plan by Locust's own master and two worker processes on loopback, into the same tables.

Part of `make test-locust`, which installs the extra; nothing else here needs Locust.
"""

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import find_free_port
from tests.support.process import ConsoleProcess, run_command

if find_spec("locust") is None:  # not imported here: it would change this process's sockets
    pytest.skip("the extra locust is not installed", allow_module_level=True)
pytestmark = [pytest.mark.xdist_group("locust"), pytest.mark.timeout(180)]
KEYS = (("fast", "demo-fast"), ("bad", "demo-500"), ("slow", "demo-slow"))


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    process = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port()).start()
    with process.operator() as operator:
        for key, model in KEYS:
            row = {"scope_type": "mapping", "scope_key": key, "default_model": model}
            assert operator.post("/llm/model-groups", json=row).status_code == 200
    yield process
    assert process.stop() == 0


def test_two_workers_make_every_call_once(console: ConsoleProcess, tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    answer = run_command(
        "load", "--workers", "locust", "--users", "20", "--requests", "101", "--models", "fast",
        "--json", "--export", str(file), "--data-dir", str(console.data_dir),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    summary = found["summary"]
    assert found["arrangement"] == "Locust"
    assert summary["counts"]["success"] == 101 == sum(summary["counts"].values())
    assert found["stored"] == 101
    assert summary["ttft"]["p95"] > 0
    assert summary["gaps"]["count"] > 0
    calls = json.loads(file.read_text())["results"]
    assert sorted(call["no"] for call in calls) == list(range(1, 102))
    assert {call["no"] % 2 for call in calls} == {0, 1}  # each worker made its share


def test_failures_are_the_classes_they_always_are(console: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--workers", "locust", "--users", "4", "--requests", "8", "--models", "bad",
        "--json", "--data-dir", str(console.data_dir),
    )  # fmt: skip
    assert answer.returncode == 4, answer.stderr
    assert json.loads(answer.stdout)["summary"]["counts"]["errored"] == 8


def test_the_cap_holds_over_all_workers(console: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--workers", "locust", "--users", "12", "--cap", "5", "--requests", "24",
        "--models", "fast", "--json", "--data-dir", str(console.data_dir),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    summary = json.loads(answer.stdout)["summary"]
    assert summary["counts"]["success"] == 24
    assert summary["peak_in_flight"] == 5


def test_seconds_end_the_starts_and_what_runs_may_end(console: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--workers", "locust", "--users", "6", "--seconds", "3", "--models", "fast",
        "--json", "--data-dir", str(console.data_dir),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    counts = found["summary"]["counts"]
    assert counts["success"] >= 6
    assert counts["cancelled"] == counts["errored"] == counts["incomplete"] == 0
    assert found["stored"] == counts["success"]


def test_a_cancel_ends_it_within_two_seconds_and_loses_no_call(console: ConsoleProcess) -> None:
    with console.operator() as operator:
        plan = {"users": 10, "requests": 1000, "model": "slow", "locust_workers": 2}
        run_id = operator.post("/llm/tests/load", json=plan).json()["run_id"]
        path = f"/llm/tests/runs/{run_id}"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            summary = operator.get(path).json()["data"]["summary"]
            if summary and summary["peak_in_flight"] == 10:
                break
            time.sleep(0.1)
        began = time.monotonic()
        operator.post(f"{path}/cancel")
        while operator.get(path).json()["data"]["status"] == "running":
            assert time.monotonic() - began < 5
            time.sleep(0.05)
        assert time.monotonic() - began < 3
        found = operator.get(path).json()["data"]
    counts = found["summary"]["counts"]
    assert found["status"] == "cancelled"
    assert sum(counts.values()) == 1000
    assert found["stored"] == 1000 - counts["not_started"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "5"), "wait for their answers"),
        (("--locust-remote", "1"), "need to know the port"),
    ],
)
def test_what_locust_cannot_do_is_refused(
    console: ConsoleProcess, options: tuple[str, ...], words: str
) -> None:
    answer = run_command(
        "load", "--workers", "locust", "--users", "2", "--models", "fast", *options,
        "--data-dir", str(console.data_dir),
    )  # fmt: skip
    assert answer.returncode == 2
    assert words in answer.stderr
