"""Agents and workflows through the program itself: embedded sign-in, gateway, demo model, API."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.process import ConsoleProcess


@pytest.fixture
def console(tmp_path: Path, free_port: int) -> Iterator[ConsoleProcess]:
    console = ConsoleProcess(tmp_path / "data", free_port)
    console.start()
    yield console
    if console.process is not None and console.process.poll() is None:
        console.kill()


def wait_for(client: httpx.Client, path: str, seconds: float = 40) -> dict[str, Any]:
    """Return the newest test or run of the path once it has ended."""
    end = time.monotonic() + seconds
    newest: dict[str, Any] = {}
    while time.monotonic() < end:
        (newest, *_) = client.get(path).json()["data"]
        if newest["status"] not in ("pending", "running"):
            return newest
        time.sleep(0.1)
    raise AssertionError(f"{path} did not end: {newest}")


def first_key(client: httpx.Client) -> str:
    return client.get("/llm/models").json()["data"][0]["name"]


def test_an_agent_is_tested_while_nobody_watches(console: ConsoleProcess) -> None:
    with console.operator() as client:
        body = {"name": "Coach", "model_key": first_key(client), "uses_tools": True}
        agent = client.post("/agents", json=body).json()["data"]
        assert agent["timeout_s"] == 120
        path = f"/agents/{agent['id']}"
        begun = time.monotonic()
        started = client.post(f"{path}/test", json={"test_input": "三天计划"})
        assert time.monotonic() - begun < 0.5
        assert (started.status_code, started.json()["data"]["status"]) == (202, "pending")
        prompt = client.get("/llm/prompts").json()["data"][0]
        pinned = {**body, "name": "Pinned", "prompt_id": prompt["id"], "prompt_version_no": 1}
        second = client.post("/agents", json=pinned).json()["data"]
        as_registered = {"test_input": "A day off", "user_type": "permanent"}
        client.post(f"/agents/{second['id']}/test", json=as_registered)
    # the client has gone; the runs have not
    with console.operator() as client:
        test = wait_for(client, f"{path}/tests")
        assert (test["status"], test["verdict"], test["error"]) == ("succeeded", "ok", None)
        assert (test["input"], test["user_type"]) == ("三天计划", "anonymous")
        assert "</final>" in test["output"]
        assert test["resolved_model"]
        assert test["ttft_ms"] <= test["latency_ms"]
        test = wait_for(client, f"/agents/{second['id']}/tests")
        assert (test["status"], test["verdict"]) == ("succeeded", "ok")
        assert test["user_type"] == "permanent"
        assert console.stop() == 0
    assert "Traceback" not in console.log()


def test_the_starter_runs_to_its_report_and_stays_deleted(console: ConsoleProcess) -> None:
    with console.operator() as client:
        (starter,) = client.get("/workflows").json()["data"]
        assert [step["kind"] for step in starter["steps"]][-1] == "report"
        path = f"/workflows/{starter['id']}"
        assert client.post(f"{path}/run").status_code == 202
        again = client.post(f"{path}/run")
        assert again.status_code == 409
        assert again.json()["existing_id"].startswith("exe_")
        run = wait_for(client, f"{path}/runs")
        assert run["status"] == "succeeded", run
        assert {step["status"] for step in run["steps"]} == {"succeeded"}
        report = run["steps"][-1]["output"]
        assert "Demo: online" in report
        assert "2/2 good" in report
        assert client.delete(path).status_code == 200
        assert client.get(f"{path}").status_code == 404
    assert console.stop() == 0
    console.start()
    with console.operator() as client:
        assert client.get("/workflows").json()["data"] == []


def test_the_api_refuses_at_the_field(console: ConsoleProcess) -> None:
    with console.operator() as client:
        key = first_key(client)
        agent = client.post("/agents", json={"name": "Coach", "model_key": key}).json()["data"]
        test = f"/agents/{agent['id']}/test"
        long = client.post(test, json={"test_input": "x" * 5_001})
        assert (long.status_code, long.json()["field"]) == (422, "test_input")
        assert "5001" in long.json()["message"]
        twice = client.post("/agents", json={"name": "coach", "model_key": key})
        assert (twice.status_code, twice.json()["field"]) == (422, "name")
        step = {"kind": "report", "params": {"text": "{{step1.output}}"}}
        refused = client.post("/workflows", json={"name": "W", "steps": [step]})
        assert (refused.status_code, refused.json()["field"]) == (422, "steps.1.text")
        assert client.get(f"/agents/{agent['id']}/tests").json()["data"] == []
        kinds = [kind["kind"] for kind in client.get("/workflows/step-kinds").json()["data"]]
        assert {"agent_test", "e2e", "probe", "wait", "report"} <= set(kinds)
        assert "workflow" not in kinds
        base = f"{console.url}/api/v1"
    for path in ("/agents", "/workflows", "/workflows/step-kinds"):
        assert httpx.get(base + path, trust_env=False).status_code == 401
