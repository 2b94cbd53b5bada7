"""Rows of the list: words, times in the zone, what is open, what a filter shows live."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.executions.rows import (
    error_kind_text,
    is_wanted,
    list_row,
    note_text,
    result_text,
    row_texts,
    started_by_text,
    state_looks,
)
from components.words import speaking
from services.executions.types import (
    CancelStage,
    Execution,
    ExecutionFilter,
    ExecutionKind,
    ExecutionState,
    Trigger,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
S = ExecutionState


def a_run(**changes: Any) -> Execution:
    plain = Execution(
        7,
        "exe_7",
        "drill",
        "Old label",
        S.RUNNING,
        Trigger.API,
        started_by="ci",
        done=3,
        total=12,
        created_at=NOW - timedelta(seconds=90),
        started_at=NOW - timedelta(seconds=60),
        subject="Coach",
        input="hello",
    )
    return replace(plain, **changes)


async def _run(*_: Any) -> Any:
    raise NotImplementedError


KINDS = {"drill": ExecutionKind("drill", "Drill", "fitness_center", _run)}


def test_a_kind_registered_in_one_place_shows_its_label_and_icon() -> None:
    row = list_row(a_run(), KINDS, "UTC", NOW)
    assert (row["kind"], row["icon"], row["subject"]) == ("Drill", "fitness_center", "Coach")
    unknown = list_row(a_run(execution_type="gone"), KINDS, "UTC", NOW)
    assert (unknown["kind"], unknown["icon"], unknown["again"]) == ("Old label", "bolt", False)


@pytest.mark.parametrize(
    ("state", "tone", "shape", "is_open"),
    [
        (S.PENDING, "pending", "clock", True),
        (S.RUNNING, "running", "ring", True),
        (S.SUCCEEDED, "ok", "tick", False),
        (S.FAILED, "failed", "cross", False),
        (S.CANCELLED, "ended", "slash", False),
        (S.INTERRUPTED, "ended", "broken", False),
        (S.TIMED_OUT, "ended", "hourglass", False),
    ],
)
def test_every_state_has_its_colour_and_shape(
    state: S, tone: str, shape: str, is_open: bool
) -> None:
    assert list_row(a_run(status=state), KINDS, "UTC", NOW)["state"] == str(state)
    look = state_looks()[str(state)]
    assert (look["tone"], look["shape"], look["open"]) == (tone, shape, is_open)
    assert look["running"] is (state is S.RUNNING)


def test_times_are_in_the_zone_and_name_it() -> None:
    row = list_row(a_run(), KINDS, "Asia/Kathmandu", NOW)
    assert row["at"] == "17:43"
    assert row["at_title"] == "2026-05-04 17:43:30 Asia/Kathmandu (UTC+05:45)"
    yesterday = list_row(a_run(created_at=NOW - timedelta(days=1)), KINDS, "UTC", NOW)
    assert yesterday["at"] == "05-03 12:00"


def test_the_note_says_what_an_open_run_waits_for() -> None:
    with speaking("en"):
        assert note_text(a_run()) == ""
        assert note_text(a_run(queue_place=2)) == "No. 2 in the queue"
        asked = a_run(is_cancelling=True, cancel_stage=CancelStage.ASKED)
        assert note_text(asked) == "Asked to end"
        assert note_text(replace(asked, cancel_stage=CancelStage.FORCED)) == "Ending it by force"


def test_the_result_counts_what_is_bad_and_translates_our_own_sentences_only() -> None:
    with speaking("zh"):
        ended = a_run(status=S.INTERRUPTED, error="The console was stopped", meta={})
        assert result_text(ended) == "3/12 · 控制台已停止"
        foreign = a_run(status=S.FAILED, total=0, error="HTTP 503 {x}\nsecond line")
        assert result_text(foreign) == "HTTP 503 {x}"
        judged = a_run(status=S.SUCCEEDED, meta={"good": 9, "judged": 12})
        assert result_text(judged) == "3/12 · 3 ✕"
        assert error_kind_text(a_run(error_kind="interrupted")) == "已中断"
        assert error_kind_text(a_run(error_kind="TimeoutError")) == "TimeoutError"
        assert started_by_text(a_run()) == "API · ci"


def test_pages_share_the_text_of_one_object_and_no_other() -> None:
    one = a_run()
    with speaking("en"):
        first, again = row_texts([one, one], KINDS, "UTC", NOW)
        assert first is again
        (moved,) = row_texts([replace(one, done=4)], KINDS, "UTC", NOW)
        assert json.loads(moved)["done"] == 4
        (other_zone,) = row_texts([one], KINDS, "Asia/Tokyo", NOW)
        assert json.loads(other_zone)["at"] != json.loads(first)["at"]
    with speaking("zh"):
        (chinese,) = row_texts([one], KINDS, "UTC", NOW)
        assert state_looks()["running"]["word"] == "运行中"
    assert json.loads(chinese)["at"] == json.loads(first)["at"]
    assert chinese is not first


@pytest.mark.parametrize(
    ("wanted", "is_shown"),
    [
        (ExecutionFilter(), True),
        (ExecutionFilter(kinds=("drill", "e2e")), True),
        (ExecutionFilter(kinds=("e2e",)), False),
        (ExecutionFilter(states=(S.RUNNING,)), True),
        (ExecutionFilter(states=(S.FAILED,)), False),
        (ExecutionFilter(text="COACH"), True),
        (ExecutionFilter(text="exe_7"), True),
        (ExecutionFilter(text="hell"), True),
        (ExecutionFilter(text="tea"), False),
        (ExecutionFilter(created_from=NOW - timedelta(hours=1)), True),
        (ExecutionFilter(created_from=NOW), False),
        (ExecutionFilter(created_to=NOW), True),
        (ExecutionFilter(created_to=NOW - timedelta(hours=1)), False),
        (ExecutionFilter(parent_id=3), False),
        (ExecutionFilter(agent_id=1), False),
    ],
)
def test_a_live_row_is_shown_by_the_stores_own_rules(
    wanted: ExecutionFilter, is_shown: bool
) -> None:
    assert is_wanted(a_run(), wanted) is is_shown
