"""Every kind of contract 14, from a simulated cause on a real socket, each with its status word."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.accounts.types import UserType
from services.e2e.types import Cause, CellStatus, Kind, LaunchRequest
from services.settings.types import Env
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import (
    BAD_REPLY,
    RESET,
    FakeUpstream,
    Turn,
    cut_after,
    e1,
    e3,
    failing,
    good,
    heartbeats_only,
    jsonseq,
    no_terminal,
    opening,
    refused,
)

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))
S, K, C = CellStatus, Kind, Cause


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["m"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[E2eDesk]:
    async with desk_on(database, env, upstream, QuickClock()) as desk:
        yield desk


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (good(), (S.OK, K.OK, C.NONE, "")),
        (jsonseq(), (S.OK, K.OK, C.NONE, "")),
        (good(BAD_REPLY), (S.BAD_STRUCTURE, K.STRUCTURE, C.MODEL, "thinkingml:invalid_thinking_block_count")),
        (good("  \n "), (S.BAD_STRUCTURE, K.STRUCTURE, C.MODEL, "empty_reply")),
        (jsonseq(()), (S.BAD_STRUCTURE, K.STRUCTURE, C.MODEL, "empty_reply")),
        (jsonseq((("thinking_start", {}), ("final_delta", {"text": "x"}))), (S.BAD_STRUCTURE, K.STRUCTURE, C.MODEL, "jsonseq:missing_thinking_end")),
        (failing(message="upstream_empty_content"), (S.BAD_STRUCTURE, K.STRUCTURE, C.MODEL, "upstream_empty_content")),
        (failing(message="upstream_http_503"), (S.FAILED, K.SUPPLIER, C.PROVIDER, "upstream_http_503")),
        (failing(message="upstream_http_401:bad key"), (S.FAILED, K.SUPPLIER, C.CONFIG, "upstream_http_401:bad key")),
        (failing(message="endpoint_api_key_missing"), (S.FAILED, K.SUPPLIER, C.CONFIG, "endpoint_api_key_missing")),
        (failing(message="upstream_timeout"), (S.FAILED, K.SUPPLIER, C.UNKNOWN, "upstream_timeout")),
        (failing("internal_error", "HTTP 502 from https://x"), (S.FAILED, K.SUPPLIER, C.PROVIDER, "HTTP 502 from https://x")),
        (failing("internal_error", "oops"), (S.FAILED, K.STREAM, C.GATEWAY, "oops")),
        (failing("sse_stream_closed_without_terminal_event", "sse_stream_closed_without_terminal_event"), (S.FAILED, K.STREAM, C.GATEWAY, "sse_stream_closed_without_terminal_event")),
        (no_terminal(), (S.FAILED, K.STREAM, C.UNKNOWN, "sse_stream_incomplete")),
        (cut_after(3), (S.FAILED, K.STREAM, C.UNKNOWN, "sse_stream_incomplete")),
        (opening(e1(500)), (S.FAILED, K.STREAM, C.UNKNOWN, "sse_connect_failed:500")),
        (opening(e1(404)), (S.FAILED, K.STREAM, C.UNKNOWN, "sse_connect_failed:404")),
        (opening(e1(429, "SSE_CONCURRENCY_LIMIT_EXCEEDED")), (S.LIMITED, K.QUOTA, C.GATEWAY, "sse_connect_failed:429")),
        (refused(429, "model_daily_quota_exceeded"), (S.LIMITED, K.QUOTA, C.GATEWAY, "model_daily_quota_exceeded")),
        (refused(429, "RATE_LIMIT_EXCEEDED", retry_after="3600"), (S.LIMITED, K.QUOTA, C.GATEWAY, "RATE_LIMIT_EXCEEDED")),
        (refused(401, "token_expired"), (S.SIGNIN_FAILED, K.AUTH, C.SIGNIN, "token_expired")),
        (refused(403, "ANONYMOUS_ACCESS_DENIED"), (S.SIGNIN_FAILED, K.AUTH, C.SIGNIN, "ANONYMOUS_ACCESS_DENIED")),
        (Turn(accept=e3("model_not_allowed")), (S.FAILED, K.CATALOGUE, C.CONFIG, "model_not_allowed")),
        (refused(400, "http_error"), (S.FAILED, K.CLIENT, C.UNKNOWN, "http_error")),
        (refused(404, ""), (S.FAILED, K.CLIENT, C.CONFIG, "messages_create_failed: HTTP 404")),
        (refused(500, "internal_server_error"), (S.FAILED, K.CLIENT, C.GATEWAY, "internal_server_error")),
    ],
)  # fmt: skip
async def test_each_cause_gets_its_kind_its_word_and_its_side(
    desk: E2eDesk, upstream: FakeUpstream, turn: Turn, expected: tuple[CellStatus, Kind, Cause, str]
) -> None:
    upstream.play("m", turn)
    ended = await desk.launch(ONE)
    cell = ended.cell("m")
    assert (cell.status, cell.kind, cell.cause, cell.error) == expected
    assert cell.success is (cell.kind is Kind.OK)
    assert bool(cell.error) is not cell.success
    assert cell.request_id
    assert cell.at is not None


async def test_an_answer_without_ids_is_a_clients_failure(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.always("post", e1(202))
    cell = (await desk.launch(ONE)).cell("m")
    assert (cell.kind, cell.error) == (K.CLIENT, "messages_response_missing_ids")


async def test_a_stream_of_heartbeats_meets_the_deadline(
    desk: E2eDesk, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.settings.rules._PREFERENCES", _loose())
    await desk.settings.change({"e2e_model_timeout_s": 1})
    upstream.play("m", heartbeats_only())
    cell = (await desk.launch(ONE)).cell("m")
    assert (cell.status, cell.kind, cell.error) == (S.FAILED, K.STREAM, "deadline_exceeded")
    assert cell.latency_ms is not None
    assert 900 < cell.latency_ms < 10_000


def _loose() -> dict:
    from services.settings import rules  # noqa: PLC0415

    return {**rules._PREFERENCES, "e2e_model_timeout_s": lambda _name, value: value}


async def test_a_slow_reply_is_a_success_called_slow(desk: E2eDesk, upstream: FakeUpstream) -> None:
    await desk.settings.change({"e2e_slow_total_ms": 100})
    upstream.play("m", good(ttft_s=0.2))
    ended = await desk.launch(ONE)
    cell = ended.cell("m")
    assert (cell.status, cell.kind, cell.success) == (S.SLOW, K.OK, True)
    assert ended.runs[0].models_success == 1
    assert ended.launch.status == "success"


async def test_a_repaired_reply_keeps_its_verdict_and_says_so(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("m", good(repaired=True, repairs=["code_fence"]))
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.OK
    assert cell.repaired
    assert cell.repairs == ("code_fence",)


async def test_strict_reasons_are_told_apart_and_fail_only_when_asked(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    text = "Hello. " + _good_text()
    upstream.play("m", good(text))
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.OK
    assert "strict_text_before_first_block" in cell.strict_reasons
    await desk.settings.change({"e2e_strict": True})
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.BAD_STRUCTURE
    assert cell.error == "thinkingml:strict_text_before_first_block"


def _good_text() -> str:
    from tests.support.upstream_script import GOOD_REPLY  # noqa: PLC0415

    return GOOD_REPLY


# -- retries: a short 429, a failure before a message id, a refused token; once each, visible


async def test_a_short_429_is_waited_for_once(desk: E2eDesk, upstream: FakeUpstream) -> None:
    upstream.play("m", refused(429, "RATE_LIMIT_EXCEEDED", retry_after="30"), good())
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.OK
    assert cell.retries == ("limited_waited_30s",)
    assert isinstance(desk.clock, QuickClock)
    assert 30 in desk.clock.slept


async def test_a_second_429_is_recorded_not_waited_for(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("m", refused(429, "RATE_LIMIT_EXCEEDED", retry_after="30"))
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.LIMITED
    assert cell.retries == ("limited_waited_30s",)
    assert len(upstream.named("post")) == 2


async def test_a_429_that_asks_for_more_than_a_minute_is_not_waited_for(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("m", refused(429, "x", retry_after="61"), good())
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.LIMITED
    assert cell.retries == ()


async def test_a_failure_before_a_message_id_is_tried_once_more(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.answer("post", RESET)
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.OK
    assert len(cell.retries) == 1
    assert cell.retries[0].startswith("early_")


async def test_a_failure_after_the_message_id_is_never_tried_again(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("m", cut_after(2), good())
    cell = (await desk.launch(ONE)).cell("m")
    assert cell.status is S.FAILED
    assert cell.retries == ()
    assert len(upstream.named("post")) == 1


async def test_a_refused_token_is_renewed_once_for_that_cell(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = ["m", "n"]
    upstream.play("m", refused(401, "token_expired"), good())
    ended = await desk.launch(ONE)
    assert ended.cell("m").status is S.OK
    assert ended.cell("m").retries == ("token_renewed",)
    assert ended.cell("n").status is S.OK
    assert ended.cell("n").retries == ()


async def test_a_model_that_refuses_every_token_stops_nothing_else(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = ["a", "m", "z"]
    upstream.play("m", refused(403, "forbidden"))
    ended = await desk.launch(ONE)
    assert [cell.status for cell in ended.cells] == [S.OK, S.SIGNIN_FAILED, S.OK]
    assert ended.runs[0].error_summary == ""
