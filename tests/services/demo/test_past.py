"""The story and the rows it makes: the same for everybody, believable, and marked row by row."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.queries.demo import BY_ORIGIN, NUMBERED
from services.accounts.types import UserType
from services.demo.past import add_past
from services.demo.rows import Rows
from services.demo.story import MODELS, Story, Wrong, tell
from services.demo.types import DEMO_FIRST, DEMO_PAST, is_demo_id
from services.demo.usage import Traffic
from services.foundation.ids import new_id
from services.targets.types import DEMO_TARGET_ID

NOW = datetime(2026, 11, 24, 16, 20, tzinfo=UTC)


def make(seed: int = 7, days: int = 30) -> tuple[Story, Rows]:
    story, rows = tell(seed, days, NOW), Rows()
    add_past(story, rows)
    return story, rows


@pytest.fixture(scope="module")
def past() -> tuple[Story, Rows]:
    return make()


def table(past: tuple[Story, Rows], name: str) -> list[dict[str, Any]]:
    return past[1].by_table[name]


def test_the_same_seed_and_time_make_the_same_rows_and_another_seed_makes_others() -> None:
    def text(seed: int) -> str:
        story, rows = make(seed, 4)
        usage = list(Traffic(story, rows).days())
        return json.dumps([rows.by_table, [day.minutes for day in usage]], default=str)

    assert text(7) == text(7)
    assert text(7) != text(8)


def test_every_row_carries_a_mark_that_no_real_row_can_have(past: tuple[Story, Rows]) -> None:
    for name, rows in past[1].by_table.items():
        keys = [row[NUMBERED[name]] for row in rows]
        assert all(DEMO_FIRST <= key < DEMO_PAST for key in keys), name
    for name, column in (
        ("executions", "execution_id"),
        ("load_runs", "run_id"),
        ("audit_log", "group_id"),
        ("e2e_launches", "execution_id"),
    ):
        assert all(is_demo_id(row[column]) for row in table(past, name)), name
    for name in ("e2e_launches", "e2e_mapped_model_results", "load_runs"):
        assert {row["target_id"] for row in table(past, name)} == {DEMO_TARGET_ID}
    assert not any(is_demo_id(new_id("exe")) for _ in range(200))


def test_numbers_follow_the_time_within_each_table(past: tuple[Story, Rows]) -> None:
    for name, column in (
        ("executions", "created_at"),
        ("e2e_launches", "started_at"),
        ("load_runs", "created_at"),
        ("audit_log", "at"),
    ):
        rows = sorted(table(past, name), key=lambda row: row[NUMBERED[name]])
        times = [row[column] for row in rows]
        assert times == sorted(times), name
        assert times[0] >= NOW - timedelta(days=30)
        assert times[-1] <= NOW


def test_the_story_has_outages_slow_spells_and_a_sign_in_that_failed(
    past: tuple[Story, Rows],
) -> None:
    cells = table(past, "e2e_mapped_model_results")
    codes = Counter(cell["status_code"] for cell in cells)
    assert set(codes) == {"o", "s", "b", "f", "k", "l"}
    assert codes["o"] > 0.85 * len(cells)
    causes = {cell["cause"] for cell in cells if cell["status_code"] == "f"}
    assert {"provider", "gateway"} <= causes
    assert all(cell["error"] for cell in cells if cell["status_code"] in "bfkl")
    assert all(cell["is_demo"] for cell in cells)


def test_the_end_of_the_story_leaves_something_broken_to_look_at(past: tuple[Story, Rows]) -> None:
    last = max(launch["launch_no"] for launch in table(past, "e2e_launches"))
    ends = {
        (cell["model_key"], cell["status_code"])
        for cell in table(past, "e2e_mapped_model_results")
        if cell["launch_no"] == last
    }
    assert ("translate", "b") in ends
    assert ("form-check", "f") in ends


def test_a_launch_says_the_sums_of_its_cells(past: tuple[Story, Rows]) -> None:
    cells = table(past, "e2e_mapped_model_results")
    for launch in table(past, "e2e_launches")[::10]:
        mine = [cell for cell in cells if cell["launch_no"] == launch["launch_no"]]
        judged = [cell for cell in mine if cell["status_code"] in "osbf"]
        assert launch["cells"] == len(mine)
        assert launch["judged"] == len(judged)
        assert launch["good"] == sum(cell["status_code"] in "os" for cell in judged)


def test_nothing_was_checked_while_the_console_was_off(past: tuple[Story, Rows]) -> None:
    story = past[0]
    assert len(story.off) == 4
    assert not any(story.is_off(launch["started_at"]) for launch in table(past, "e2e_launches"))
    spans = [(row["started_at"], row["last_seen_at"]) for row in table(past, "console_uptime")]
    assert len(spans) == 5
    assert not any(a < off < b for off, _ in story.off for a, b in spans)


def test_usage_counts_each_call_once_in_every_table() -> None:
    story, rows = tell(7, 5, NOW), Rows()
    batches = list(Traffic(story, rows).days())
    calls = sum(row["count"] for batch in batches for row in batch.minutes)
    assert calls > 5 * 200
    assert calls == sum(row["count"] for batch in batches for row in batch.days)
    assert calls == sum(row["count"] for batch in batches for row in batch.rollups)
    assert calls == sum(row["request_count"] for batch in batches for row in batch.activity)
    times = [row["minute_at"] for batch in batches for row in batch.minutes]
    assert min(times) >= story.start - timedelta(minutes=1)
    assert max(times) <= story.end
    for batch in batches:
        for row in (*batch.activity, *batch.minutes, *batch.rollups):
            assert row["origin"] == "demo"
        for row in (*batch.activity, *batch.days, *batch.minutes):
            assert DEMO_FIRST <= row["id"] < DEMO_PAST
            assert row["user_id"].startswith("demo-user-")
    assert set(BY_ORIGIN) == {"usage_rollups", "user_last_seen"}


def test_a_trouble_is_met_only_by_whom_it_is_about() -> None:
    story = tell(7, 30, NOW)
    outage = next(one for one in story.troubles if one.what is Wrong.OUTAGE and one.who == "Delta")
    inside = outage.start + (outage.end - outage.start) / 2
    met = {model.key for model in MODELS if story.wrong(inside, model, 0.5) is Wrong.OUTAGE}
    assert met == {"deep-plan", "fallback"}
    sign_in = next(one for one in story.troubles if one.what is Wrong.SIGN_IN)
    assert not story.has_sign_in(sign_in.start, str(UserType.PERMANENT))
    assert story.has_sign_in(sign_in.start, str(UserType.ANONYMOUS))


def test_the_longest_past_has_the_same_end_and_more_before_it() -> None:
    short, long = tell(7, 30, NOW), tell(7, 90, NOW)
    assert long.troubles == short.troubles
    assert list(long.slots())[-len(list(short.slots())) :] == list(short.slots())


@pytest.mark.parametrize("days", [1, 2])
def test_any_length_makes_a_past(days: int) -> None:
    story, rows = make(days=days)
    assert rows.by_table["e2e_launches"]
    assert rows.by_table["executions"]
    assert sum(1 for _ in Traffic(story, rows).days()) in (days, days + 1)
