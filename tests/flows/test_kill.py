"""kill -9 in the middle of a run: nothing acknowledged is lost, nobody is left behind."""

import time
from pathlib import Path

import httpx
import pytest

from tests.support.process import ConsoleProcess

pytestmark = pytest.mark.xdist_group("kill")


def wait_for(ask, seconds: float = 20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize("after", ["opened", "first cell"])
def test_a_killed_run_is_interrupted_and_its_user_deleted(
    tmp_path: Path, free_port: int, after: str
) -> None:
    console = ConsoleProcess(tmp_path / "data", free_port).start()
    with console.operator() as operator:
        for key, model in (("quick", "demo-fast"), ("slow-one", "demo-slow")):
            operator.post(
                "/llm/model-groups",
                json={"scope_type": "mapping", "scope_key": key, "default_model": model},
            ).raise_for_status()
        started = operator.post(
            "/stats/e2e-mapped-model-runs", json={"models": ["quick", "slow-one"]}
        )
        launch_id = started.json()["launch_id"]

        def judged():
            launch = operator.get(f"/stats/e2e-launches/{launch_id}").json()["data"]
            return [
                (run["user_type"], cell["model_key"], cell["status"])
                for run in launch["runs"]
                for cell in run["results"]
                if cell["status"] not in ("pending", "running")
            ]

        acknowledged = wait_for(judged) if after == "first cell" else []
    console.kill()
    console.start()
    try:
        with console.operator() as operator:
            launch = operator.get(f"/stats/e2e-launches/{launch_id}").json()["data"]
            assert launch["status"] == "interrupted"
            assert {run["status"] for run in launch["runs"]} == {"interrupted"}
            assert all(run["error_summary"] for run in launch["runs"])
            after_kill = {
                (run["user_type"], cell["model_key"], cell["status"])
                for run in launch["runs"]
                for cell in run["results"]
            }
            assert set(acknowledged) <= after_kill
            assert not [cell for cell in after_kill if cell[2] in ("running", "pending")]
            again = operator.post("/stats/e2e-mapped-model-runs", json={"models": ["quick"]})
            assert again.status_code == 202  # nothing stays "already running"
        wait_for(lambda: not users_left(console))
    finally:
        assert console.stop() == 0


def users_left(console: ConsoleProcess) -> list[str]:
    keys = console.doctor()["embedded_auth"]
    answer = httpx.get(
        f"{console.url}/auth/v1/admin/users",
        headers={"apikey": keys["service_key"], "Authorization": f"Bearer {keys['service_key']}"},
        trust_env=False,
    )
    return [user["email"] or user["id"] for user in answer.json()["users"]]
