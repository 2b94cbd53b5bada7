"""Every bad end of a turn says whose side it is on and what to do, and is kept."""

from typing import Any

import pytest

from services.dialogs.types import Phase, Saved
from services.e2e.types import Cause, CellStatus
from tests.support.dialogs_desk import DialogsDesk
from tests.support.upstream import (
    FakeUpstream,
    Raw,
    Turn,
    cut_after,
    good,
    gotrue_error,
    html,
    opening,
    refused,
    silent,
)


def posted(upstream: FakeUpstream) -> list[Any]:
    return [call for call in upstream.calls if call.name == "post"]


MALFORMED = Turn((Raw(b"event: content_delta\ndata: {not json}\n\nnonsense\n\n"),))
TROUBLES = [
    ("hang", silent(), {"timeout_s": 5}, CellStatus.FAILED, Cause.GATEWAY, "sent no event"),
    ("401", refused(401, "token_expired"), {}, CellStatus.SIGNIN_FAILED, Cause.SIGNIN, "token"),
    ("429", refused(429, "RATE_LIMIT_EXCEEDED", retry_after="3600"), {}, CellStatus.LIMITED,
     Cause.GATEWAY, "limits how often this user"),
    ("malformed", MALFORMED, {}, CellStatus.FAILED, Cause.GATEWAY, "not well-formed"),
    ("cut", cut_after(3, "cut"), {}, CellStatus.FAILED, Cause.GATEWAY, "broke off"),
    ("wrong", opening(html()), {}, CellStatus.FAILED, Cause.CONFIG, "not a GymBro server"),
    ("key", refused(422, "model_not_allowed"), {}, CellStatus.FAILED, Cause.CONFIG, "model key"),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", [case[1:] for case in TROUBLES], ids=[case[0] for case in TROUBLES]
)
async def test_every_bad_end_says_whose_side_it_is_on(
    desk: DialogsDesk, upstream: FakeUpstream, case: tuple[Any, ...]
) -> None:
    turn, values, status, cause, says = case
    upstream.play("a", turn)
    found = await desk.say(**values)
    assert found.advice is not None
    assert (found.status, found.advice.cause) == (status, cause)
    assert says in str(found.advice.what)
    assert str(found.advice.next)
    assert found.saved is Saved.STORED


async def test_a_429_that_asks_for_a_short_wait_is_waited_for_once(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", refused(429, "RATE_LIMIT_EXCEEDED", retry_after="1"), good())
    dialog_id = await desk.start()
    live = await desk.until(dialog_id, lambda one: one.phase is Phase.PAUSING)
    assert live.pause_s == 1
    found = await desk.ended(dialog_id)
    assert (found.status, found.retries) == (CellStatus.OK, ("limited_waited_1s",))


async def test_a_refused_sign_in_sends_no_message_and_is_kept(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    upstream.always("signup", gotrue_error(429, "over_request_rate_limit"))
    found = await desk.say()
    assert found.status is CellStatus.SIGNIN_FAILED
    assert not posted(upstream)
    assert found.advice is not None
    assert found.advice.cause is Cause.SIGNIN
    assert "limits how often" in str(found.advice.what)


async def test_a_server_that_is_not_there_is_named(
    desk: DialogsDesk, upstream: FakeUpstream
) -> None:
    target = desk.targets.current
    key = desk.dialogs.take_token("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.x")
    await upstream.__aexit__()
    found = await desk.say(identity="token", token_key=key)
    assert found.advice is not None
    assert found.advice.cause is Cause.CONSOLE
    assert target.api_base in str(found.advice.what)
    assert found.saved is Saved.STORED


async def test_a_prompt_that_is_gone_is_said_and_kept(desk: DialogsDesk) -> None:
    found = await desk.say(prompt="stored", prompt_id=4711)
    assert found.advice is not None
    assert found.advice.cause is Cause.CONSOLE
    assert (found.error_text, found.saved) == ("The chosen prompt is gone", Saved.STORED)
