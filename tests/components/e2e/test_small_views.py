"""Waterfall, reply marks, peek, trend, table rows and the matrix payload."""

import json

import pytest

from components.e2e.drawer_facts import offence, retry_text
from components.e2e.payload import Frame, matrix_data, matrix_words
from components.e2e.peek import peek_lines
from components.e2e.reply_marks import mark_reply
from components.e2e.table_rows import SHOWN, table_columns, table_rows
from components.e2e.trend import trend_options
from components.e2e.waterfall import bars, total_ms
from components.words import speaking
from services.accounts.types import UserType
from services.e2e.types import Matrix, TrendPoint
from tests.support.e2e_views import NOW, REPLY, STEP, a_cell, a_matrix, off_spans


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def test_the_stages_follow_each_other_after_the_sign_in():
    made = bars(a_cell())
    assert [(bar.start_ms, bar.length_ms) for bar in made] == [
        (0, 183),
        (183, 41),
        (224, 23),
        (247, 548),
        (795, 2258),
    ]
    assert total_ms(made) == 183 + 2870


def test_a_call_that_stopped_early_shows_only_what_was_reached():
    cell = a_cell(signin_ms=None, first_event_ms=None, ttft_ms=None, latency_ms=900)
    assert [bar.length_ms for bar in bars(cell)] == [41, 859]


def test_nothing_measured_gives_no_bars():
    cell = a_cell(
        signin_ms=None, accepted_ms=None, first_event_ms=None, ttft_ms=None, latency_ms=None
    )
    assert bars(cell) == []
    assert total_ms([]) == 1


def test_the_offending_tag_is_marked_whole():
    at = offence(a_cell())
    pieces = mark_reply(REPLY, at)
    assert pieces.here == '<phase id="2">'
    assert pieces.before + pieces.here + pieces.after == REPLY
    assert pieces.line == 1


@pytest.mark.parametrize("at", [None, -1, 10_000_000])
def test_a_place_outside_of_the_reply_marks_nothing(at: int | None):
    assert mark_reply(REPLY, at).here == ""


@pytest.mark.parametrize("text", ["<", "<<<<", "\n\n", "a<b", "<unclosed\nnext", "é"])
def test_any_place_in_any_text_marks_something_and_loses_nothing(text: str):
    for at in range(len(text)):
        pieces = mark_reply(text, at)
        assert pieces.here
        assert pieces.before + pieces.here + pieces.after == text


def test_the_hover_card_says_reason_cause_latency_and_request():
    lines = dict(peek_lines([a_cell()]))
    assert lines["Reason"] == "The first phase is not number 1"
    assert lines["Cause"] == "Model"
    assert lines["Latency"] == "2.87 s (TTFT 612 ms)"
    assert lines["Request id"] == a_cell().request_id


def test_two_cells_are_told_apart_by_user_type():
    names = [name for name, _ in peek_lines([a_cell(), a_cell(user_type=UserType.PERMANENT)])]
    assert "Reason · Anonymous" in names
    assert "Reason · Registered" in names


def test_the_payload_is_plain_json_and_small():
    matrix = a_matrix(100, 100)
    data = matrix_data(matrix, Frame("UTC", STEP, off_spans(matrix.columns)))
    text = json.dumps({"data": data, "words": matrix_words()})
    assert len(text) < 130_000
    assert len(data["rows"]) == 100
    assert data["users"] == ["anonymous", "permanent"]
    assert {len(codes) for row in data["rows"] for codes in row["codes"]} == {100}


def test_a_matrix_of_one_user_type_says_so():
    row = a_matrix(1, 20).rows[0]
    only = {"anonymous": row.cells["anonymous"]}
    matrix = Matrix(a_matrix(1, 20).columns, (type(row)("m", "P", only),))
    assert matrix_data(matrix, Frame())["users"] == ["anonymous"]


def test_the_table_shows_the_newest_launches_first_and_pages_back():
    matrix = a_matrix(5, 20)
    newest = [c.key for c in table_columns(matrix, "UTC", 0)][6:]
    older = [c.key for c in table_columns(matrix, "UTC", SHOWN)][6:]
    assert newest == [f"at{n}" for n in range(19, 11, -1)]
    assert older == [f"at{n}" for n in range(11, 3, -1)]
    row = table_rows(matrix, 0)[0]
    assert row["at19"]["word"] in ("Failed", "Bad structure")
    assert set(newest) <= set(row)


def test_a_launch_with_too_few_judged_is_a_gap_in_the_trend():
    points = [TrendPoint(NOW, 4, 0, None, None), TrendPoint(NOW, 20, 19, 1500, 4200)]
    share, p50, p95 = (one["data"] for one in trend_options(points, [])["series"])
    assert [value for _, value in share] == [None, 95.0]
    assert [value for _, value in p50] == [None, 1.5]
    assert [value for _, value in p95] == [None, 4.2]


def test_a_retry_says_why():
    assert retry_text("limited_waited_3s") == "waited 3s after a 429"
    assert retry_text("token_renewed") == "tried again with a fresh token"
    assert retry_text("early_http_503").startswith("tried again after an early failure")
    assert retry_text("something_new") == "something_new"
