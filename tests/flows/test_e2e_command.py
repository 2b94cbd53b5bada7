"""`e2e --once`: beside a running console and alone, its JSON, its exit codes."""

import json
from pathlib import Path

import pytest

from tests.support.process import ConsoleProcess, run_command

pytestmark = pytest.mark.xdist_group("e2e_command")

RUN_KEYS = {
    "run_id", "user_type", "auth_mode", "is_anonymous", "target", "status", "error_summary",
    "models_total", "models_success", "models_failed", "started_at", "finished_at", "duration_ms",
    "results",
}  # fmt: skip
RESULT_KEYS = {
    "model_key", "kind", "status", "error", "thinkingml_ok", "thinkingml_reason", "latency_ms",
    "ttft_ms", "reply_len", "result_mode_effective", "resolved_model", "repaired", "request_id",
    "message_id", "conversation_id", "retries", "checks",
}  # fmt: skip


def add_mapping(console: ConsoleProcess, key: str, model: str) -> None:
    with console.operator() as operator:
        answer = operator.post(
            "/llm/model-groups",
            json={"scope_type": "mapping", "scope_key": key, "default_model": model},
        )
        assert answer.status_code == 200, answer.text


def test_without_a_console_it_starts_one_for_the_run_alone(tmp_path: Path) -> None:
    answer = run_command("e2e", "--once", "--json", "--data-dir", str(tmp_path / "data"))
    assert answer.returncode == 0, answer.stderr
    runs = json.loads(answer.stdout)["runs"]
    assert {run["user_type"] for run in runs} == {"anonymous", "permanent"}
    for run in runs:
        assert set(run) >= RUN_KEYS
        assert run["status"] == "success"
        assert run["is_anonymous"] is (run["user_type"] == "anonymous")
        (result,) = run["results"]
        assert set(result) >= RESULT_KEYS
        assert (result["kind"], result["status"], result["thinkingml_ok"]) == ("ok", "ok", True)
        assert result["request_id"]
        assert result["message_id"]
        assert result["conversation_id"]
        assert result["error"] is None
        assert 0 < result["ttft_ms"] <= result["latency_ms"]
    again = run_command("doctor", "--json", "--data-dir", str(tmp_path / "data"))
    assert json.loads(again.stdout)["running"] is None  # nothing stayed behind


def test_beside_a_running_console_the_result_lands_in_its_store(running: ConsoleProcess) -> None:
    answer = run_command(
        "e2e", "--once", "--json", "--user-types", "anonymous", "--data-dir", str(running.data_dir)
    )
    assert answer.returncode == 0, answer.stderr
    (run,) = json.loads(answer.stdout)["runs"]
    assert "global" in answer.stderr
    with running.operator() as operator:
        stored = operator.get(
            "/stats/e2e-mapped-model-runs", params={"user_type": "anonymous"}
        ).json()["data"]
    assert run["run_id"] in [row["run_id"] for row in stored["runs"]]


@pytest.mark.parametrize(
    ("model", "kind", "status", "error"),
    [
        ("demo-bad-structure", "structure", "bad_structure", "thinkingml:"),
        ("demo-empty", "structure", "bad_structure", "upstream_empty_content"),
        ("demo-500", "supplier", "failed", "upstream_http_500"),
        ("demo-cut", "supplier", "failed", "upstream"),
        ("demo-429", "quota", "limited", "upstream_http_429"),
    ],
)
def test_a_model_that_misbehaves_ends_with_3_and_its_word(
    running: ConsoleProcess, model: str, kind: str, status: str, error: str
) -> None:
    key = f"key-{model}"
    add_mapping(running, key, model)
    answer = run_command(
        "e2e", "--once", "--json", "--models", key, "--user-types", "anonymous",
        "--data-dir", str(running.data_dir),
    )  # fmt: skip
    assert answer.returncode == 3, answer.stderr
    (result,) = json.loads(answer.stdout)["runs"][0]["results"]
    assert (result["kind"], result["status"]) == (kind, status)
    assert error in result["error"]


def test_a_key_that_is_not_mapped_ends_with_2_and_stores_nothing(running: ConsoleProcess) -> None:
    answer = run_command(
        "e2e", "--once", "--models", "global,typo", "--data-dir", str(running.data_dir)
    )
    assert answer.returncode == 2
    assert "Not mapped: typo" in answer.stderr
    with running.operator() as operator:
        stored = operator.get("/stats/e2e-mapped-model-runs", params={"model": "typo"}).json()
    assert stored["data"]["total"] == 0


def test_a_second_run_at_the_same_time_ends_with_5(running: ConsoleProcess) -> None:
    add_mapping(running, "key-slow", "demo-slow")
    with running.operator() as operator:
        started = operator.post("/stats/e2e-mapped-model-runs", json={"models": ["key-slow"]})
        assert started.status_code == 202
        launch_id = started.json()["launch_id"]
        launch: dict[str, str] = {}
        answer = run_command("e2e", "--once", "--data-dir", str(running.data_dir))
        assert answer.returncode == 5
        assert launch_id in answer.stderr
        operator.post(f"/stats/e2e-mapped-model-runs/{launch_id}/cancel")
        for _ in range(100):
            launch = operator.get(f"/stats/e2e-launches/{launch_id}").json()["data"]
            if launch["status"] != "running":
                break
        assert launch["status"] == "cancelled"


def test_another_console_as_target_is_tested_and_its_results_kept_here(
    running: ConsoleProcess, tmp_path: Path
) -> None:
    keys = running.doctor()["embedded_auth"]
    answer = run_command(
        "e2e", "--once", "--json", "--data-dir", str(tmp_path / "own"),
        "--target", running.url, "--supabase-url", running.url,
        "--anon-key", keys["anon_key"], "--service-key", keys["service_key"], "--models", "global",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert {run["target"] for run in json.loads(answer.stdout)["runs"]} == {f"{running.url}/api/v1"}


def test_a_wrong_anon_key_is_a_sign_in_failure_judged_once(
    running: ConsoleProcess, tmp_path: Path
) -> None:
    answer = run_command(
        "e2e", "--once", "--json", "--data-dir", str(tmp_path / "own"), "--target", running.url,
        "--supabase-url", running.url, "--anon-key", "wrong", "--models", "global",
    )  # fmt: skip
    assert answer.returncode == 3, answer.stderr
    for run in json.loads(answer.stdout)["runs"]:
        assert run["error_summary"]
        assert [cell["status"] for cell in run["results"]] == ["signin_failed"]
