"""Single conversations through the program itself: embedded sign-in, gateway, demo model, routes."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import ConsoleProcess

pytestmark = pytest.mark.xdist_group("dialog")


def ended(console: ConsoleProcess, run_id: str, seconds: float = 30) -> dict[str, Any]:
    """Return the turn once its execution has ended."""
    end = time.monotonic() + seconds
    execution: dict[str, Any] = {}
    with console.operator() as operator:
        while time.monotonic() < end:
            execution = operator.get(f"/executions/{run_id}").json()["data"]
            if execution["status"] not in ("pending", "running"):
                return operator.get(f"/llm/tests/dialogs/{run_id}").json()["data"]
            time.sleep(0.1)
    raise AssertionError(execution)


def dialog(console: ConsoleProcess, **body: Any) -> dict[str, Any]:
    with console.operator() as operator:
        started = operator.post("/llm/tests/dialog", json={"model": "global", **body})
        assert started.status_code == 202, started.text
        data = started.json()["data"]
        assert data["run_id"] == data["execution_id"]
    return ended(console, data["run_id"])


def test_a_dialog_is_started_judged_stored_and_listed(running: ConsoleProcess) -> None:
    found = dialog(running, message="深蹲多深？", user_type="permanent", tool_choice="auto")
    assert (found["verdict"], found["kind"], found["success"]) == ("ok", "ok", True)
    assert "</final>" in found["reply"]
    assert found["events"][-1]["event"] == "completed"
    assert found["settings"]["uses_tools"] is True
    assert {check["name"] for check in found["checks"]} >= {"completed", "thinkingml", "latency"}
    assert found["claims"]["is_anonymous"] is False
    with running.operator() as operator:
        listed = operator.get("/llm/tests/dialogs", params={"text": "深蹲", "verdict": "ok"}).json()
        assert [row["run_id"] for row in listed["data"]] == [found["run_id"]]
        assert operator.get("/llm/tests/dialogs", params={"verdict": "failed"}).json()["data"] == []
        execution = operator.get(f"/executions/{found['run_id']}").json()["data"]
        assert (execution["execution_type"], execution["status"]) == ("dialog", "succeeded")
        run = operator.get(f"/llm/tests/runs/{found['run_id']}").json()["data"]
        assert (run["batch_size"], run["success_count"], run["completed_count"]) == (1, 1, 1)
        results = operator.get(f"/llm/tests/runs/{found['run_id']}/results").json()
        assert (results["total"], results["data"][0]["reply"]) == (1, found["reply"])
        assert operator.get("/llm/tests/runs/exe_000000000000000000").status_code == 404


def test_the_cancel_route_of_runs_answers_for_dialogs_too(running: ConsoleProcess) -> None:
    with running.operator() as operator:
        started = operator.post("/llm/tests/dialog", json={"model": "global", "message": "hi"})
        run_id = started.json()["data"]["run_id"]
        asked = operator.post(f"/llm/tests/runs/{run_id}/cancel")
        assert asked.status_code in (202, 409), asked.text  # 409: it was faster
        late = asked
        for _ in range(300):  # it ends; one cut before its first event leaves no turn to read
            late = operator.post(f"/llm/tests/runs/{run_id}/cancel")
            if late.status_code == 409:
                break
            time.sleep(0.1)
        assert late.status_code == 409, late.text
        none = operator.post("/llm/tests/runs/exe_000000000000000000/cancel")
        assert none.status_code == 404


def test_a_pasted_token_is_in_no_file(running: ConsoleProcess) -> None:
    with running.operator() as operator:
        token = operator.post("/llm/tests/anon-token", json={}).json()["data"]["access_token"]
    found = dialog(running, message="hi", access_token=token)
    assert (found["verdict"], found["identity"]) == ("ok", "token")
    files = [path for path in Path(running.data_dir).rglob("*") if path.is_file()]
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_a_saved_user_is_listed_refreshed_and_used_for_two_turns(running: ConsoleProcess) -> None:
    with running.operator() as operator:
        body = {"mail_api_key": "test-key-mock", "username_prefix": "coach"}
        made = operator.post("/llm/tests/create-mail-user", json=body).json()["data"]
        assert (made["mode"], made["username"].startswith("coach-")) == ("mock", True)
        items = operator.get("/llm/tests/mail-users").json()["data"]["items"]
        assert [item["id"] for item in items] == [made["test_user_id"]]
        assert "password" not in items[0]
        path = f"/llm/tests/mail-users/{made['test_user_id']}/refresh"
        again = operator.post(path).json()["data"]
        assert (again["note"], again["user_id"]) == ("refreshed", made["user_id"])
        no_key = operator.post("/llm/tests/create-mail-user", json={})
        assert (no_key.status_code, no_key.json()["message"]) == (400, "mail_api_key_missing")
        no_mail = operator.post("/llm/tests/create-mail-user", json={"mail_api_key": "real"})
        assert (no_mail.status_code, no_mail.json()["code"]) == (424, 502)
        assert no_mail.json()["message"] == "mail_api_error"
        missing = operator.post("/llm/tests/mail-users/999/refresh")
        assert (missing.status_code, missing.json()["message"]) == (404, "test_user_not_found")
    first = dialog(running, message="one", test_user_id=made["test_user_id"])
    second = dialog(
        running, message="two", test_user_id=made["test_user_id"], after=first["run_id"]
    )
    assert first["user_id"] == second["user_id"] == made["user_id"]
    assert (second["turn"], second["after"]) == (2, first["run_id"])
    assert second["conversation_id"] == first["conversation_id"]


def test_the_export_is_the_filtered_rows_and_no_formula(running: ConsoleProcess) -> None:
    dialog(running, message="=HYPERLINK(1)")
    with running.operator() as operator:
        file = operator.get("/llm/tests/dialogs/export", params={"text": "HYPERLINK"})
        assert "attachment" in file.headers["content-disposition"]
        (row,) = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
        assert row["message"] == "'=HYPERLINK(1)"
        whole = operator.get("/llm/tests/dialogs/export", params={"format": "json"}).json()
        assert "=HYPERLINK(1)" in [one["message"] for one in whole]


def test_what_cannot_be_taken_is_refused_at_its_field(running: ConsoleProcess) -> None:
    with running.operator() as operator:

        def status(**body: Any) -> int:
            given = {"model": "global", "message": "hi", **body}
            return operator.post("/llm/tests/dialog", json=given).status_code

        assert status(message=" ") == 422
        assert status(temperature=7) == 422
        assert status(extra=1) == 422
        assert status(after="exe_nobody") == 404
        assert status(access_token="not a token") == 422
        found = operator.get("/llm/tests/dialogs", params={"created_from": "2026-01-01T00:00:00"})
        assert found.status_code == 422
        active = operator.get("/llm/tests/active-prompts").json()["data"]
        assert active["prompt_type_system"] == "system"
        assert active["effective_system_message"].startswith(active["system_prompt"][:40])
