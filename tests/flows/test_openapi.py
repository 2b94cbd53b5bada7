"""Rubbish on every described route: an answer of the contract, never a 500."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.process import ROOT, ConsoleProcess, plain_environment

pytestmark = pytest.mark.xdist_group("openapi")


def test_schemathesis_finds_no_server_error(running: ConsoleProcess, tmp_path: Path) -> None:
    token = (running.data_dir / "secrets" / "operator.token").read_text().strip()
    answer = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"{running.url}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {token}",
            "--checks",
            "not_a_server_error",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "3",
            "--workers",
            "2",
            "--max-time",
            "20",
            "--seed",
            "1",
            "--request-timeout",
            "60",
            "--exclude-path-regex",
            "/(check-all|cancel|sync(-to-supabase)?)$",  # a sync without a project is 503 by contract 1.4
        ],
        cwd=tmp_path,
        env=plain_environment({"PYTHONWARNINGS": "ignore", "HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "server error" not in answer.stdout.lower(), answer.stdout[-6000:]
    assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-1000:]


def test_every_route_is_described(running: ConsoleProcess) -> None:
    described = httpx.get(f"{running.url}/api/v1/openapi.json", trust_env=False).json()
    paths = set(described["paths"])
    assert {"/api/v1/messages", "/api/v1/stats/config", "/auth/v1/signup"} <= paths
    ids = [op["operationId"] for item in described["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/auth/v1/nothing", "/v1/nothing"])
def test_an_unknown_route_for_programs_answers_json(running: ConsoleProcess, path: str) -> None:
    answer = httpx.get(f"{running.url}{path}", trust_env=False)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Not Found"


def test_the_folder_of_the_program_is_not_served(running: ConsoleProcess) -> None:
    assert ROOT.name  # the process was started from "/", not from the program's folder
    for path in ("/main.py", "/data/secrets/operator.token", "/../main.py"):
        assert "parse_arguments" not in httpx.get(f"{running.url}{path}", trust_env=False).text
