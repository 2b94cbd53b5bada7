"""`load` and its routes against the embedded gateway with the demo supplier: sums, rows, exit codes."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import ConsoleProcess, run_command

pytestmark = pytest.mark.xdist_group("load_command")
FAST = {"scope_type": "mapping", "scope_key": "fast", "default_model": "demo-fast"}


@pytest.fixture(scope="module")
def mapped(running: ConsoleProcess) -> ConsoleProcess:
    with running.operator() as operator:
        for key, model in (("fast", "demo-fast"), ("bad", "demo-500"), ("slow", "demo-slow")):
            body = {**FAST, "scope_key": key, "default_model": model}
            assert operator.post("/llm/model-groups", json=body).status_code == 200
    return running


def load(console: ConsoleProcess, **body: Any) -> dict[str, Any]:
    """One load test through the routes, to its end."""
    with console.operator() as operator:
        started = operator.post("/llm/tests/load", json=body)
        assert started.status_code == 202, started.text
        run_id = started.json()["run_id"]
        end = time.monotonic() + 60
        found: dict[str, Any] = {}
        while time.monotonic() < end:
            found = operator.get(f"/llm/tests/runs/{run_id}").json()["data"]
            if found["status"] not in ("pending", "running"):
                return found
            time.sleep(0.1)
    raise AssertionError(found)


@pytest.mark.parametrize("users", [1, 10, 200])
def test_sums_are_right_and_every_call_is_stored(mapped: ConsoleProcess, users: int) -> None:
    found = load(mapped, concurrency=users, batch_size=users, model="fast")
    assert found["status"] == "succeeded", found["error"]
    summary = found["summary"]
    assert summary["counts"]["success"] == users == sum(summary["counts"].values())
    assert found["stored"] == users
    assert summary["sign_ins"] == -(-users // 2)
    with mapped.operator() as operator:
        path = f"/llm/tests/runs/{found['run_id']}/results"
        page = operator.get(path, params={"limit": 50, "offset": users - 1}).json()
        assert (page["total"], len(page["data"])) == (users, 1)
        assert page["data"][0]["index"] == users
        listed = operator.get("/llm/tests/runs", params={"limit": 1}).json()
        assert listed["data"][0]["run_id"] == found["run_id"]
        execution = operator.get(f"/executions/{found['run_id']}").json()["data"]
        assert execution["execution_type"] == "load_test"
        assert "TTFT" in execution["output"]


def test_the_command_holds_exports_and_prints_json(mapped: ConsoleProcess, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    answer = run_command(
        "load", "--users", "5", "--requests", "20", "--models", "fast", "--json",
        "--export", str(file), "--message", "=1+1", "--data-dir", str(mapped.data_dir),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["summary"]["counts"]["success"] == found["stored"] == 20
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
    assert [int(row["no"]) for row in rows] == list(range(1, 21))
    assert {row["message"] for row in rows} == {"'=1+1"}


def test_a_broken_threshold_ends_with_4(mapped: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--users", "4", "--requests", "400", "--models", "bad",
        "--stop-error-share", "0.5", "--data-dir", str(mapped.data_dir),
    )  # fmt: skip
    assert answer.returncode == 4, answer.stderr
    assert "of the calls failed" in answer.stderr
    assert "errored" in answer.stdout
    with mapped.operator() as operator:  # S4.43: the monitor knows of it without a probe of its own
        calls = operator.get("/llm/monitor/status").json()["data"]["calls"]
    assert sum(counts["failures"] for counts in calls) >= 4


@pytest.mark.parametrize(
    "options",
    [("--users", "0"), ("--users", "1001"), ("--users", "1", "--rate", "0"), ()],
)
def test_bad_use_ends_with_2(mapped: ConsoleProcess, options: tuple[str, ...]) -> None:
    answer = run_command("load", *options, "--data-dir", str(mapped.data_dir))
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr


def test_a_second_one_is_refused_and_a_cancel_ends_the_first(mapped: ConsoleProcess) -> None:
    with mapped.operator() as operator:
        started = operator.post("/llm/tests/load", json={"users": 3, "model": "slow"})
        run_id = started.json()["run_id"]
        answer = run_command("load", "--users", "1", "--data-dir", str(mapped.data_dir))
        assert answer.returncode == 5, answer.stderr
        asked = operator.post(f"/llm/tests/runs/{run_id}/cancel")
        assert asked.status_code == 202, asked.text
        end = time.monotonic() + 10
        found: dict[str, Any] = {}
        while time.monotonic() < end:
            found = operator.get(f"/llm/tests/runs/{run_id}").json()["data"]
            if found["status"] == "cancelled":
                break
            time.sleep(0.05)
        assert found["status"] == "cancelled"
        assert sum(found["summary"]["counts"].values()) == 3


def test_alone_it_starts_a_console_for_itself(tmp_path: Path) -> None:
    answer = run_command("load", "--users", "2", "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 0, answer.stderr
    assert "success 2" in answer.stdout


def test_choose_map_load_and_read_as_one_workflow(mapped: ConsoleProcess) -> None:
    steps = [
        {"kind": "e2e", "params": {"models": ["smoke"], "user_types": ["anonymous"]}},
        {"kind": "load_test", "params": {"users": 3, "models": ["smoke"]}},
        {"kind": "report", "params": {"text": "# {{workflow.name}}\n\n{{steps}}"}},
    ]
    with mapped.operator() as operator:
        listed = operator.get("/llm/models", params={"view": "endpoints"}).json()["data"]
        assert listed  # the embedded default is there to be chosen
        chosen = {**FAST, "scope_key": "smoke"}
        assert operator.post("/llm/model-groups", json=chosen).status_code == 200
        kinds = operator.get("/workflows/step-kinds").json()["data"]
        assert {"load_test", "load_finder"} <= {kind["kind"] for kind in kinds}
        made = operator.post("/workflows", json={"name": "Smoke", "steps": steps})
        assert made.status_code == 200, made.text
        path = f"/workflows/{made.json()['data']['id']}"
        assert operator.post(f"{path}/run").status_code == 202
        end = time.monotonic() + 30
        run: dict[str, Any] = {}
        while time.monotonic() < end:
            (run,) = operator.get(f"{path}/runs").json()["data"]
            if run["status"] not in ("pending", "running"):
                break
            time.sleep(0.1)
        assert run["status"] == "succeeded", run
        newest = operator.get("/llm/tests/runs", params={"limit": 1}).json()["data"][0]
        assert newest["summary"]["counts"]["success"] == newest["stored"] == 3
        results = operator.get(f"/llm/tests/runs/{newest['run_id']}/results").json()
        assert [row["class"] for row in results["data"]] == ["success"] * 3
        report = run["steps"][-1]["output"]
        assert "# Smoke" in report
        assert "3 requested" in report


def test_a_forecast_says_what_it_costs_and_sends_nothing(mapped: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--users", "10", "--requests", "50", "--models", "fast", "--forecast", "--json",
        "--data-dir", str(mapped.data_dir),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["calls"], found["sign_ins"], found["streams"]) == (50, 5, 10)
    assert found["is_self"]
    assert any("this console" in text for text in found["warnings"])


def test_the_safe_number_is_found_by_command(mapped: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--users", "2", "--seconds", "1", "--models", "fast", "--find-safe",
        "--threshold", "error_share=0", "--threshold", "limited_share=1",
        "--data-dir", str(mapped.data_dir),
    )  # fmt: skip
    assert (answer.returncode, answer.stdout.strip()) == (
        0,
        "At least 2 users: the most that were allowed held too",
    ), answer.stderr
    assert answer.stderr.count("held") == 3


def test_stages_and_thresholds_are_read_and_kept(mapped: ConsoleProcess) -> None:
    answer = run_command(
        "load", "--stage", "0.5:4", "--stage", "0.5:4", "--models", "fast", "--users", "4",
        "--threshold", "ttft_p95_ms=1", "--good-ttft-ms", "1", "--json",
        "--data-dir", str(mapped.data_dir),
    )  # fmt: skip
    found = json.loads(answer.stdout)
    assert answer.returncode == 4
    assert found["plan"]["stages"][1] == {"seconds": 0.5, "users": 4, "rate": None}
    assert {one["metric"] for one in found["summary"]["thresholds"] if not one["is_held"]} == {
        "ttft_p95_ms"
    }
    assert found["summary"]["good"] < found["summary"]["counts"]["success"]
    with mapped.operator() as operator:
        line = operator.get(f"/llm/tests/runs/{found['run_id']}/timeline").json()["data"]
    assert sum(point["ended"] for point in line) == found["summary"]["counts"]["success"]


def test_a_bad_stage_is_bad_use(mapped: ConsoleProcess) -> None:
    answer = run_command("load", "--users", "1", "--stage", "x", "--data-dir", str(mapped.data_dir))
    assert answer.returncode == 2
