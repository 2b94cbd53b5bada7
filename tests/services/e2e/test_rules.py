"""Verdict words, second tries, and texts every store can keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.types import Outcome, Reply, http_failure_in
from services.checks import registry
from services.checks.types import Limits
from services.e2e import rules
from services.e2e.types import CellStatus, Kind
from tests.support.builders import a_cell
from tests.support.upstream_script import GOOD_REPLY


def a_reply(outcome: Outcome = Outcome.COMPLETED, **more) -> Reply:
    return Reply(outcome, "r" * 32, **more)


@pytest.mark.parametrize(
    ("reply", "tried", "left_s", "word"),
    [
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=60), (), 100, "limited_waited_60s"),
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=0), (), 100, "limited_waited_0s"),
        (a_reply(Outcome.STREAM_REFUSED, status=429, retry_after_s=10, message_id="m"), (), 100, "limited_waited_10s"),
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=61), (), 100, None),
        (a_reply(Outcome.REFUSED, status=429), (), 100, None),
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=30), (), 20, None),
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=3), ("limited_waited_3s",), 100, None),
        (a_reply(Outcome.REFUSED, status=429, retry_after_s=3), ("early_http_503",), 100, "limited_waited_3s"),
        (a_reply(Outcome.UNREACHABLE, error="connection_refused"), (), 100, "early_connection_refused"),
        (a_reply(Outcome.UNREACHABLE, error="connection_lost", message_id="m"), (), 100, None),
        (a_reply(Outcome.REFUSED, status=503), (), 100, "early_http_503"),
        (a_reply(Outcome.REFUSED, status=503), ("early_x",), 100, None),
        (a_reply(Outcome.REFUSED, status=422), (), 100, None),
        (a_reply(Outcome.MALFORMED), (), 100, None),
        (a_reply(Outcome.DEADLINE), (), 100, None),
        (a_reply(Outcome.REFUSED, status=401), (), 100, "token_renewed"),
        (a_reply(Outcome.STREAM_REFUSED, status=403, message_id="m"), (), 100, "token_renewed"),
        (a_reply(Outcome.REFUSED, status=401), ("token_renewed",), 100, None),
        (a_reply(Outcome.ERROR_EVENT, message_id="m"), (), 100, None),
        (a_reply(), (), 100, None),
    ],
)  # fmt: skip
def test_what_is_asked_once_more(
    reply: Reply, tried: tuple[str, ...], left_s: float, word: str | None
) -> None:
    again = rules.try_again(reply, tried, left_s)
    assert (again.word if again else None) == word


def judged(reply: Reply, limits: Limits | None = None):
    findings = registry.evaluate(reply, limits or Limits())
    decisive = registry.overall(findings)
    name = next(n for n, finding in findings.items() if finding is decisive)
    return rules.judge(a_cell(status=CellStatus.RUNNING), reply, findings, (name, decisive))


def test_a_gap_in_the_sequence_is_a_broken_stream() -> None:
    cell = judged(a_reply(text=GOOD_REPLY, sequence=(1, 2, 4), message_id="m"))
    assert (cell.status, cell.kind, cell.error) == (CellStatus.FAILED, Kind.STREAM, "seq_gap")
    assert cell.thinkingml_ok is True


@pytest.mark.parametrize(
    "more",
    [
        {"error": "provider_error", "error_text": "upstream_http_429"},
        {
            "error": "provider_error",
            "error_text": "slow down",
            "terminal": {"upstream_status": 429},
        },
        {"error": "internal_error", "error_text": "HTTP error 429"},
    ],
)
def test_a_limit_of_the_supplier_is_limited_and_not_judged(more: dict[str, object]) -> None:
    reply = a_reply(Outcome.ERROR_EVENT, message_id="m", **more)
    assert registry.evaluate(reply, Limits())["completed"].verdict == "not_judged"
    cell = judged(reply)
    assert (cell.status, cell.kind, cell.upstream_status) == (CellStatus.LIMITED, Kind.QUOTA, 429)


def test_a_structure_that_was_not_judged_is_null_not_good() -> None:
    cell = judged(a_reply(Outcome.INCOMPLETE, error="sse_stream_incomplete"))
    assert cell.thinkingml_ok is None
    assert cell.thinkingml_reason == ""


def test_facts_of_the_reply_land_in_the_cell_and_foreign_types_do_not() -> None:
    cell = judged(
        a_reply(
            text=GOOD_REPLY,
            routed={
                "provider": "openai",
                "resolved_model": ["not", "text"],
                "endpoint_id": True,
                "prompt": {"mode": "server", "system_prompt_id": 3, "evil": {"deep": 1}},
            },
            terminal={
                "result_mode_effective": "raw_passthrough",
                "repaired": True,
                "repairs": [1, "x"],
            },
        )
    )
    assert cell.provider == "openai"
    assert cell.resolved_model == ""
    assert cell.endpoint_id is None
    assert cell.prompt == {"mode": "server", "system_prompt_id": 3}
    assert cell.repairs == ("", "x")
    assert cell.reply_len == len(GOOD_REPLY)


def test_the_error_of_a_failure_is_cut_at_200_characters() -> None:
    cell = judged(a_reply(Outcome.ERROR_EVENT, error="provider_error", error_text="x" * 900))
    assert len(cell.error) == 200


@given(st.text(max_size=300))
def test_any_text_can_be_kept(text: str) -> None:
    kept, _ = rules.keepable(text)
    kept.encode("utf-8")
    assert "\x00" not in kept
    name = rules.text_of(text, 50)
    name.encode("utf-8")
    assert len(name) <= 50
    assert all(c.isprintable() for c in name)


def test_odd_characters_of_a_reply_are_escaped_and_long_ones_cut_at_64_kb() -> None:
    assert rules.keepable("a\x00b\ud800c") == ("a\\x00b\\ud800c", False)
    kept, is_cut = rules.keepable("中" * 30_000)
    assert is_cut
    assert len(kept.encode()) <= 65_536
    assert set(kept) == {"中"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("upstream_http_503", 503),
        ("upstream_http_429:slow down", 429),
        ("HTTP 502 from x", 502),
        ("HTTP/1.1 500 oops", 500),
        ("no status here 12345", None),
        ("", None),
    ],
)
def test_the_status_a_failure_names(text: str, status: int | None) -> None:
    assert http_failure_in(text) == status
