"""The history of an original server, taken by the command and shown by the console."""

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.support.original import an_original, days_ago
from tests.support.process import ConsoleProcess, run_command


def test_an_original_database_is_imported_and_its_runs_show(
    running: ConsoleProcess, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    path = an_original(tmp_path / "old.db", [{"started_at": days_ago(now, n)} for n in (2, 1)])
    told = ("import", "--from", str(path), "--data-dir", str(running.data_dir))
    while_it_runs = run_command(*told)
    assert while_it_runs.returncode == 3
    assert "Stop it first" in while_it_runs.stderr
    running.stop()
    rehearsed = run_command(*told, "--dry-run")
    assert (rehearsed.returncode, "2 would be taken" in rehearsed.stdout) == (0, True)
    assert "ai_endpoints 1" in rehearsed.stdout
    report = json.loads(run_command(*told, "--json").stdout)
    assert (report["runs_new"], report["results_new"]) == (2, 2)
    assert "sk-original" not in json.dumps(report)
    running.start()
    with running.operator() as client:
        body = client.get("/stats/e2e-mapped-model-runs?time_window=7d").json()["data"]
    assert [run["run_id"] for run in body["runs"]] == [f"{1:032x}", f"{0:032x}"]
    assert body["runs"][0]["results"][0]["model_key"] == "gpt-4o"


def test_a_file_that_is_no_original_ends_with_2(tmp_path: Path) -> None:
    answer = run_command("import", "--from", __file__, "--data-dir", str(tmp_path / "data"))
    assert (answer.returncode, "cannot be read" in answer.stderr) == (2, True)
    assert "Traceback" not in answer.stderr
