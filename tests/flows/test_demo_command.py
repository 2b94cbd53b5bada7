"""`python main.py demo` beside a running console: made, marked in what the API says, taken out."""

from pathlib import Path
from typing import Any

import httpx

from tests.conftest import find_free_port
from tests.support.process import ConsoleProcess, run_command


def test_the_command_fills_a_running_console_and_takes_it_out_again(tmp_path: Path) -> None:
    console = ConsoleProcess(tmp_path / "data", find_free_port())
    console.start()
    try:
        at = ("--data-dir", str(console.data_dir))
        made = run_command("demo", "--days", "2", *at)
        assert made.returncode == 0, made.stderr
        assert "all marked demo" in made.stdout
        with console.operator() as client:
            _look(client)
        assert run_command("demo", "--days", "91", *at).returncode == 2
        gone = run_command("demo", "--remove", *at)
        assert gone.returncode == 0, gone.stderr
        with console.operator() as client:
            kinds = {row["execution_type"] for row in _rows(client)}
        assert kinds == {"demo_data"}
    finally:
        console.stop()


def _rows(client: httpx.Client) -> list[dict[str, Any]]:
    """Every execution, page by page, also below number zero."""
    found: list[dict[str, Any]] = []
    before: int | None = None
    for _ in range(20):
        query = {"limit": 50} if before is None else {"limit": 50, "before": before}
        answer = client.get("/executions", params=query).raise_for_status().json()
        found += answer["data"]
        before = answer["next_before"]
        if before is None:
            return found
    raise AssertionError("the list does not end")


def _look(client: httpx.Client) -> None:
    rows = _rows(client)
    demo = [row for row in rows if row["meta"]["is_demo"]]
    assert {row["execution_type"] for row in rows if row not in demo} == {"demo_data"}
    assert {"e2e", "probe", "load_test"} <= {row["execution_type"] for row in demo}
    run_id = next(r for r in demo if r["execution_type"] == "load_test")["meta"]["execution_id"]
    export = client.get(f"/llm/tests/runs/{run_id}/export", params={"format": "json"}).json()
    assert export["run"]["is_demo"] is True
    assert "demo" in export["results"][0]["run_id"]
    refused = client.post(f"/executions/{run_id}/again")
    assert refused.status_code == 409
    figures = client.get("/stats/ai-requests", params={"time_window": "30d"}).json()
    assert figures["total"] == 0
    assert "demo" not in figures["left_out"]
    audit = client.get("/audit", params={"limit": 500}).json()["data"]
    assert any(entry["is_demo"] for entry in audit)
