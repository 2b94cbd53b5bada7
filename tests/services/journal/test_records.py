"""A record comes back as it was; whatever else is in the folder is named and put aside."""

import json
from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal import records
from services.journal.records import chunks, decode, encode, file_name, plain, record_ids
from services.journal.types import RECORD_BYTES, ROWS_MAX, BadRecordError, Record
from tests.support.journal import NOW, turn

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def record(rows: list[dict[str, Any]]) -> Record:
    kept = next(chunks(rows))
    return Record("jrn_1", 7, "store_db_1", "ai_prompt_tests", NOW, "full: no space", kept)


@given(st.dictionaries(st.text(min_size=1), JSON, min_size=1, max_size=5))
def test_whatever_a_row_holds_the_record_is_read_as_it_was_written(row: dict[str, Any]) -> None:
    one = record([row])
    assert decode(encode(one)) == one
    assert encode(one).count(b"\n") == 1  # a line of its own


def test_times_days_enumerations_and_odd_characters_become_json() -> None:
    class State(StrEnum):
        """A word of a column."""

        GOOD = "good"

    row = {"a": NOW, "b": date(2026, 11, 24), "c": State.GOOD, "d": "x\x00\ud800", "e": (1, 2)}
    assert plain(row) == {
        "a": "2026-11-24T05:00:00+00:00",
        "b": "2026-11-24",
        "c": "good",
        "d": "x\ufffd\ufffd",
        "e": [1, 2],
    }
    assert plain(float("nan")) is None
    assert plain(2**80) == 2**80


def test_the_name_of_a_file_says_order_table_rows_and_id() -> None:
    name = file_name(record([turn(1), turn(2)]))
    assert name == "0000000007-ai_prompt_tests-2-jrn_1.json"
    assert records.rows_in(name) == 2
    assert records.rows_in("readme.json") == 0


def test_rows_are_cut_into_bounded_records() -> None:
    small = [turn(no) for no in range(ROWS_MAX + 1)]
    assert [len(piece) for piece in chunks(small)] == [ROWS_MAX, 1]
    assert record_ids("s", ROWS_MAX + 1) == ["s_0", "s_1"]
    large = [turn(no, response_message="x" * (RECORD_BYTES // 3)) for no in range(5)]
    assert [len(piece) for piece in chunks(large)] == [2, 2, 1]
    assert list(chunks([])) == []


def changed(change: dict[str, Any]) -> bytes:
    found = json.loads(encode(record([turn(1)])))
    return json.dumps({**found, **change}).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON"),
        (encode(record([turn(1)]))[:-40], "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a": NaN}', "no JSON"),
        (b"[1]", "no record"),
        (b'{"hello": "world"}', "no record"),
        (changed({"rows": [turn(2) | {"created_at": ""}]}), "checksum"),
        (changed({"reason": "other"}), "checksum"),
        (changed({"schema": 2}), "its schema is 2"),
        (changed({"schema": "1"}), "no record"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_whole_record_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadRecordError, match=reason):
        decode(data)


@pytest.mark.parametrize("change", [{"id": "../x"}, {"rows": []}, {"at": "noon"}, {"seq": None}])
def test_a_record_with_a_right_checksum_and_a_wrong_field_is_refused(
    change: dict[str, Any],
) -> None:
    body = json.loads(encode(record([turn(1)])))
    del body["sha256"]
    body |= change
    text = records._dump(body)
    sha256 = records._sha256(text)
    with pytest.raises(BadRecordError, match="cannot be read"):
        decode(f'{{"sha256":"{sha256}",{text[1:]}'.encode())
