"""Exports hold every fact, no formula and no token; a curl line is whole shell."""

import csv
import io
import json
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.dialogs.export import as_curl, export
from services.dialogs.types import (
    Dialog,
    DialogRequest,
    EventLine,
    Identity,
    PromptSource,
    TurnTimings,
)
from services.e2e.types import CellStatus, Kind
from services.foundation.errors import InputError

ONE = Dialog(
    dialog_id="exe_1",
    request=DialogRequest(
        "gpt", "it's =1+1 & `x`", identity=Identity.TOKEN, token_key="k-secret", temperature=0.2
    ),
    status=CellStatus.OK,
    kind=Kind.OK,
    reply="=cmd|' /C calc'!A0",
    target="http://127.0.0.1:9/api/v1",
    conversation_id="c-1",
    timings=TurnTimings(ttft_ms=12.5, total_ms=99.0),
    events=(EventLine(1, "completed", 99.0, 2, "{}"),),
    created_at=datetime(2026, 11, 24, tzinfo=UTC),
)


def test_the_csv_opens_in_a_spreadsheet_and_computes_nothing() -> None:
    file = export([ONE], "csv", "20261124")
    assert (file.name, file.content[:3]) == ("conversations-20261124.csv", b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert row["reply"] == "'=cmd|' /C calc'!A0"
    assert (row["verdict"], row["ttft_ms"], row["success"]) == ("ok", "12.5", "True")


def test_the_json_holds_settings_and_events_and_no_key_of_a_token() -> None:
    file = export([ONE], "json", "20261124")
    (row,) = json.loads(file.content)
    assert row["settings"]["temperature"] == 0.2
    assert row["events"][0]["event"] == "completed"
    assert b"k-secret" not in file.content


def test_another_format_is_refused() -> None:
    with pytest.raises(InputError, match="csv, json"):
        export([ONE], "xlsx", "20261124")


@pytest.mark.parametrize(
    "request_",
    [
        ONE.request,
        replace(ONE.request, prompt=PromptSource.OWN, system_prompt="Say 'no' in $HOME"),
        replace(ONE.request, prompt=PromptSource.STORED, prompt_id=3),
    ],
)
def test_the_curl_lines_are_whole_shell_with_a_place_for_the_token(
    request_: DialogRequest,
) -> None:
    text = as_curl(replace(ONE, request=request_))
    assert subprocess.run(["bash", "-n", "-c", text], check=False).returncode == 0
    assert text.count("Bearer $TOKEN") == 2
    body = json.loads(next(w for w in shlex.split(text) if w.startswith("{")))
    said = body["payload"]["messages"][-1]["content"] if "payload" in body else body["text"]
    assert said == "it's =1+1 & `x`"
    assert "k-secret" not in text
