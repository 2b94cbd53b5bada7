"""Evidence: Markdown that nothing inside a reply can break, and a curl that runs."""

import json
import shlex
from dataclasses import replace

import pytest

from components.e2e.evidence import evidence, fenced, prompt_text, reproduce
from components.words import speaking
from tests.support.e2e_views import a_cell, a_detail

BASE = "http://127.0.0.1:9999/api/v1"


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def test_it_names_verdict_reason_and_every_id():
    detail = a_detail()
    text = evidence(detail, BASE, "UTC")
    for part in (
        "Bad structure",
        "thinkingml:phase_id_not_start_from_1",
        detail.cell.request_id,
        detail.cell.message_id,
        detail.cell.conversation_id,
        detail.cell.run_id,
        'expected `<phase id="1">`',
    ):
        assert part in text


def test_it_holds_no_token():
    assert "Bearer $TOKEN" in evidence(a_detail(), BASE, "UTC")
    assert "eyJ" not in evidence(a_detail(), BASE, "UTC")


def test_a_reply_cannot_leave_its_fence():
    hostile = "```\n# pwned\n````\n"
    text = evidence(replace(a_detail(), reply_text=hostile), BASE, "UTC")
    assert text.rstrip().endswith("`````")
    assert fenced(hostile, "text").startswith("`````text")


def test_a_hostile_model_name_cannot_leave_its_line():
    detail = a_detail(a_cell(model_key="evil`\n## injected"))
    assert "\n## injected" not in evidence(detail, BASE, "UTC")


def test_the_curl_holds_the_body_whole_whatever_quotes_it_has():
    detail = replace(a_detail(), prompt_text='it\'s "quoted" $(rm -rf /) 你好')
    lines = reproduce(detail, BASE).replace("\\\n", " ").splitlines()
    words = shlex.split(lines[1].replace("$TOKEN", "T"))
    body = json.loads(words[words.index("--data-raw") + 1])
    assert body["text"] == detail.prompt_text
    assert body["model"] == "qwen-max"
    assert words[2] == f"{BASE}/messages"


def test_a_long_reply_is_cut_and_says_so():
    text = evidence(replace(a_detail(), reply_text="x" * 9000), BASE, "UTC")
    assert "Reply (cut)" in text
    assert len(text) < 8000


def test_a_cell_without_a_reply_has_no_reply_part():
    assert "### Reply" not in evidence(replace(a_detail(), reply_text=""), BASE, "UTC")


def test_the_prompt_is_named_with_its_versions():
    assert prompt_text(a_cell()) == "server, system v12, tools v4 (9)"
    assert prompt_text(a_cell(prompt={})) == ""
