"""Two consoles on one PostgreSQL: one leads, both are live, and no check is lost or run twice."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.support.postgres import PostgresServer
from tests.support.process import run_command
from tests.support.several import Pair, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("several consoles")]


@pytest.fixture(scope="module")
def pair(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Both started, the schedule on, nothing due."""
    both = Pair(postgres_server, tmp_path_factory.mktemp("several"))
    both.a.start()
    both.b.start()
    yield both
    both.stop()


def a_wait(pair: Pair, console: Any) -> str:
    """Start work that lasts on one console; return its id once it runs."""
    with pair.client(console) as client:
        body = {"execution_type": "wait", "params": {"seconds": 600}}
        answer = client.post("/executions", json=body)
        assert answer.status_code == 202, answer.text
        key = str(answer.json()["data"]["id"])
    wait_for(lambda: status(pair, console, key) == "running", "the work runs")
    return key


def status(pair: Pair, console: Any, key: str) -> str:
    with pair.client(console) as client:
        return client.get(f"/executions/{key}").json()["data"]["status"]


def hear(socket: Connection, key: str, wanted: str) -> None:
    """Return once the socket told that state of the execution."""
    while True:
        message = json.loads(socket.recv(timeout=60))
        row = message["data"] if message["type"] == "execution_update" else {}
        if (str(row.get("id")), row.get("status")) == (key, wanted):
            return


def test_one_leads_and_each_names_both(pair: Pair) -> None:
    leader = pair.leader
    assert pair.role(pair.other(leader)) == "follower"
    with pair.client(pair.other(leader)) as client:
        found = client.get("/consoles").json()["data"]["consoles"]
    assert {(one["address"], one["leads"]) for one in found} == {
        (f"127.0.0.1:{pair.a.port}", leader is pair.a),
        (f"127.0.0.1:{pair.b.port}", leader is pair.b),
    }
    assert [one["address"] for one in found if one["is_this"]] == [
        f"127.0.0.1:{pair.other(leader).port}"
    ]


def test_doctor_says_who_leads(pair: Pair) -> None:
    leader = pair.leader
    done = run_command(
        "doctor", "--json", "--data-dir", str(pair.a.data_dir), environment=pair.environment
    )
    checks = {one["name"]: one["text"] for one in json.loads(done.stdout)["checks"]}
    assert f"127.0.0.1:{leader.port} (leads)" in checks["database"]
    assert f"127.0.0.1:{pair.other(leader).port}" in checks["database"]


def test_what_one_console_changes_the_other_shows(pair: Pair) -> None:
    with pair.client(pair.a) as here, pair.client(pair.b) as there:
        assert here.put("/llm/models/blocked", json={"blocked": ["gpt-none"]}).is_success
        wait_for(lambda: "gpt-none" in there.get("/llm/models/blocked").text, "the blocked model")
        made = there.post("/agents", json={"name": "Coach", "model_key": "demo"})
        assert made.is_success, made.text
        wait_for(lambda: "Coach" in here.get("/agents").text, "the agent")


def test_a_key_kept_at_one_console_is_used_by_the_other(pair: Pair) -> None:
    with pair.client(pair.a) as here, pair.client(pair.b) as there:
        body = {
            "name": "Shared",
            "base_url": "http://127.0.0.1:9",
            "model": "m",
            "api_key": "sk-known-to-both-1234",
            "allow_local_addresses": True,
        }
        made = here.post("/llm/models", json=body)
        assert made.is_success, made.text
        number = made.json()["data"]["id"]
        wait_for(lambda: there.get(f"/llm/models/{number}").text.count("1234"), "the masked key")
        assert "sk-known" not in there.get(f"/llm/models/{number}").text


def test_work_of_one_console_is_live_at_the_other_and_can_be_ended_there(pair: Pair) -> None:
    token = (pair.keys / "operator.token").read_text().strip()
    url = f"{pair.b.url.replace('http', 'ws')}/api/v1/ws/executions?token={token}"
    with connect(url) as socket, pair.client(pair.b) as there:
        key = a_wait(pair, pair.a)
        hear(socket, key, "running")
        answer = there.post(f"/executions/{key}/cancel")
        assert answer.status_code == 202, answer.text
        hear(socket, key, "cancelled")
    assert status(pair, pair.a, key) == "cancelled"


def test_an_end_to_end_run_is_refused_while_the_other_console_runs_one(pair: Pair) -> None:
    with pair.client(pair.a) as here, pair.client(pair.b) as there:
        first = here.post("/stats/e2e-mapped-model-runs", json={})
        second = there.post("/stats/e2e-mapped-model-runs", json={})
        codes = {first.status_code, second.status_code}
        if codes == {202}:  # the first ended before the second was asked for
            return
        assert codes == {202, 409}, (first.text, second.text)


def test_a_stalled_leader_is_followed_and_its_slot_is_fired_once(pair: Pair) -> None:
    leader = pair.leader
    next_one = pair.other(leader)
    assert leader.process is not None
    leader.process.send_signal(signal.SIGSTOP)
    pair.let_a_slot_be_due()
    wait_for(lambda: pair.role(next_one) == "leader", "another leads", 30)
    wait_for(lambda: [s for _, s in pair.slot_launches()] == ["success"], "the check", 90)
    leader.process.send_signal(signal.SIGCONT)
    wait_for(lambda: pair.role(leader) == "follower", "the stalled one follows")
    with pair.client(leader) as client:  # and is live again
        wait_for(lambda: client.get("/agents").is_success, "it serves")
    assert pair.leader is next_one
    assert len(pair.fired()) == len(pair.slot_launches()) == 1


def test_a_killed_leader_is_followed_and_only_its_own_work_is_interrupted(pair: Pair) -> None:
    leader = pair.leader
    next_one = pair.other(leader)
    lost, kept = a_wait(pair, leader), a_wait(pair, next_one)
    pair.let_a_slot_be_due()  # the leader does not read it any more: it counts in memory
    leader.kill()
    wait_for(lambda: pair.role(next_one) == "leader", "another leads", 30)
    wait_for(lambda: len(pair.slot_launches()) == 2, "the check", 90)
    leader.start()
    assert pair.role(leader) == "follower"
    wait_for(lambda: status(pair, next_one, lost) == "interrupted", "the work that was lost")
    assert status(pair, leader, kept) == "running"
    wait_for(lambda: [s for _, s in pair.slot_launches()] == ["success"] * 2, "the check", 90)
    assert len(pair.fired()) == 2
    with pair.client(leader) as client:
        assert client.post(f"/executions/{kept}/cancel").status_code == 202
    wait_for(lambda: status(pair, next_one, kept) == "cancelled", "the cancelled work")
