"""Exports hold every call, and no cell is a formula for a spreadsheet."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from services.foundation.csv_file import plain_cell
from services.foundation.errors import InputError
from services.loadtest.export import export
from services.loadtest.types import LoadPlan, LoadRun, RunState, Sample, SampleClass, StoredSample

AT = datetime(2026, 1, 2, tzinfo=UTC)
RUN = LoadRun(1, "exe_1", RunState.SUCCEEDED, 1, "http://x/api/v1", LoadPlan(1, 1, 1))
TEXT = '=HYPERLINK("http://evil","x"), "quoted"\n第二行 😀'


def a_stored(reply: str = TEXT) -> StoredSample:
    sample = Sample(1, 1, "@model", SampleClass.SUCCESS, 0.0, reply_text=reply, total_ms=12.5)
    return StoredSample(1, "exe_1", "+cmd|calc", AT, sample)


def test_a_csv_keeps_awkward_text_and_computes_nothing() -> None:
    file = export(RUN, [a_stored()], "csv")
    (row,) = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert row["reply"] == f"'{TEXT}"
    assert (row["model"], row["message"]) == ("'@model", "'+cmd|calc")
    assert (row["total_ms"], row["class"], row["success"]) == ("12.5", "success", "True")


def test_json_holds_the_run_and_its_calls_unchanged() -> None:
    whole = json.loads(export(RUN, [a_stored()], "json").content)
    assert whole["run"]["status"] == "succeeded"
    assert whole["results"][0]["reply"] == TEXT
    assert whole["results"][0]["created_at"] == AT.isoformat()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "＝1"])
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


def test_numbers_and_plain_words_stay() -> None:
    assert [plain_cell(v) for v in (-1.5, None, "a=b", "")] == [-1.5, None, "a=b", ""]


def test_another_format_is_refused() -> None:
    with pytest.raises(InputError):
        export(RUN, [], "xlsx")
