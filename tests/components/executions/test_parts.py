"""Parts of a run's page: timeline sentences, facts with their links, JSON to copy."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from components.executions.as_json import run_json
from components.executions.event_words import event_lines
from components.executions.facts import run_facts
from components.words import speaking
from services.executions.types import (
    EventKind,
    Execution,
    ExecutionEvent,
    ExecutionKind,
    ExecutionState,
    Trigger,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


async def _run(*_: Any) -> Any:
    raise NotImplementedError


KINDS = {"e2e": ExecutionKind("e2e", "End-to-end run", "science", _run, home="/e2e")}
RUN = Execution(
    7,
    "exe_7",
    "e2e",
    "E2E",
    ExecutionState.SUCCEEDED,
    Trigger.SCHEDULE,
    created_at=NOW,
    started_at=NOW + timedelta(seconds=4),
    finished_at=NOW + timedelta(seconds=99),
)


def _event(seq: int, kind: str, data: dict[str, Any] | None = None, text: str = "") -> Any:
    return ExecutionEvent(7, seq, NOW + timedelta(seconds=seq), kind, data or {}, text)


def test_each_event_is_a_sentence_with_its_time_and_the_time_since_the_start() -> None:
    events = [
        _event(1, EventKind.CREATED, {"by": "ci"}),
        _event(2, EventKind.CHILD_STARTED, {"execution_id": "exe_8", "execution_type": "e2e"}),
        _event(3, "turn", {"n": 2}, "Turn {n} was answered"),
        _event(4, "unknown_word"),
        _event(5, EventKind.ENDED, {"status": "failed"}),
        _event(6, EventKind.ENDED, {"status": "not a state"}),
    ]
    with speaking("en"):
        lines = event_lines(events, KINDS, "Asia/Tokyo", NOW)
    assert [line["text"] for line in lines] == [
        "Created · ci",
        "Part started: End-to-end run",
        "Turn 2 was answered",
        "unknown_word",
        "Ended: Failed",
        "Ended: not a state",
    ]
    assert lines[1]["href"] == "/executions/exe_8"
    assert (lines[2]["at"], lines[2]["passed"]) == ("21:00:03", "+3.00 s")
    assert (lines[4]["tone"], lines[4]["shape"]) == ("failed", "cross")


def test_facts_lead_to_what_a_run_belongs_to() -> None:
    run = replace(
        RUN,
        parent_id=3,
        again_of=2,
        agent_id=5,
        workflow_id=6,
        timeout_s=60.0,
        queue_place=2,
        subject="Coach",
        meta={"launch_no": 41},
    )
    with speaking("en"):
        facts = {fact["name"]: fact for fact in run_facts(run, KINDS, "UTC", NOW)}
    links = {name: fact["href"] for name, fact in facts.items() if fact["href"]}
    assert links == {
        "Part of": "/executions/3",
        "Repeats": "/executions/2",
        "Launch": "/e2e?launch=exe_7",
        "Agent": "/agents?tab=agents&id=5",
        "Workflow": "/agents?tab=workflows&id=6",
    }
    assert (facts["Waited"]["text"], facts["Took"]["text"]) == ("4.00 s", "1 m 35 s")
    assert (facts["Time limit"]["text"], facts["Place in the queue"]["text"]) == ("1 m 00 s", "2")


def test_the_copied_json_holds_the_run_and_its_events() -> None:
    body = json.loads(run_json(RUN, [_event(1, EventKind.CREATED)]))
    assert (body["execution_id"], body["status"]) == ("exe_7", "succeeded")
    assert body["created_at"] == "2026-05-04T12:00:00+00:00"
    assert [event["kind"] for event in body["events"]] == ["created"]
