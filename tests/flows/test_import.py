"""`import` as people run it: alone, then beside the console that runs (7.3, S0.15)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.original import CANARIES, a_full_original, an_original, days_ago
from tests.support.process import ConsoleProcess, run_command


def test_an_original_database_is_taken_alone_and_beside_a_running_console(
    running: ConsoleProcess, tmp_path: Path
) -> None:
    now, data = datetime.now(UTC), str(running.data_dir)
    path = a_full_original(tmp_path / "old.db", now)
    run = {"started_at": days_ago(now, 1), "run_id": "f" * 32}
    more = an_original(tmp_path / "more.db", [run], born="2025-12-24 00:00:00.000001")

    def taken(source: Path, *options: str) -> tuple[int, dict[str, Any], str]:
        done = run_command("import", "--from", str(source), "--data-dir", data, "--json", *options)
        assert not any(canary in done.stdout + done.stderr for canary in CANARIES)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    code, preview, _ = taken(path, "--dry-run")
    assert (code, preview["is_rehearsal"], preview["added"]) == (0, True, 16)
    code, done, said = taken(path)
    assert (code, done["added"], done["secrets_moved"]) == (0, 16, 5)
    assert "/executions/" in said  # the console that runs did it
    with running.operator() as operator:
        _look_at(operator, tmp_path)
    assert not any(canary in running.log() for canary in CANARIES)
    running.stop()
    code, again, said = taken(path)
    assert (code, again["added"], again["changed"]) == (0, 0, 0)
    assert "/executions/" not in said
    assert taken(more)[1]["added"] == 1
    running.start()
    with running.operator() as operator:
        body = operator.get("/stats/e2e-mapped-model-runs?time_window=7d").json()["data"]
    assert {run["run_id"] for run in body["runs"]} == {f"{0:032x}", "f" * 32}


def _look_at(operator: Any, folder: Path) -> None:
    models = operator.get("/llm/models", params={"view": "endpoints"}).json()["data"]
    assert "main" in {one["name"] for one in models}
    newest = operator.get("/executions", params={"limit": 1}).json()["data"]
    report = f"/imports/{newest[0]['meta']['execution_id']}/report"
    assert operator.get(report).json()["data"]["added"] == 16
    csv = operator.get(report, params={"format": "csv"})
    assert csv.text.splitlines()[0].endswith("table,row,fate,reasons")
    assert operator.get("/imports/exe_none/report").status_code == 404
    refused = operator.post("/imports/preview", json={"path": str(folder / "none.db")})
    assert refused.status_code in (400, 422)


def test_a_file_that_is_no_original_ends_with_2(tmp_path: Path) -> None:
    answer = run_command("import", "--from", __file__, "--data-dir", str(tmp_path / "data"))
    assert (answer.returncode, "is no SQLite database" in answer.stderr) == (2, True)
    assert "Traceback" not in answer.stderr
