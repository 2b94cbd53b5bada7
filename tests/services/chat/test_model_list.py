"""ChatClient reads the list of mapped models."""

import pytest

from services.chat.client import ChatClient
from tests.support.chat import ANONYMOUS
from tests.support.upstream import (
    HANG,
    RESET,
    Answer,
    FakeUpstream,
    e1,
    html,
    redirect,
)


async def test_the_model_list_is_read(chat: ChatClient, upstream: FakeUpstream) -> None:
    upstream.models = ["b", "a", "b"]
    models = await chat.list_models(upstream.api_base, ANONYMOUS, 5)
    assert (models.keys, models.error, models.status) == (("b", "a"), "", 200)
    assert models.rows["a"]["default_model"] == "m-1"
    assert upstream.calls[0].query == "view=mapped"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (e1(503, "x"), "fetch_models_failed: HTTP 503"),
        (html(), "fetch_models_failed: not_a_list"),
        (Answer(200, {"code": 200, "data": None}), "fetch_models_failed: not_a_list"),
        (RESET, "fetch_models_failed: cut"),
        (HANG, "fetch_models_failed: total"),
        (redirect("http://127.0.0.1:1/"), "fetch_models_failed: HTTP 302"),
    ],
)
async def test_a_list_that_cannot_be_had_says_why(
    chat: ChatClient, upstream: FakeUpstream, answer: Answer, error: str
) -> None:
    upstream.always("models", answer)
    models = await chat.list_models(upstream.api_base, ANONYMOUS, 0.3)
    assert (models.keys, models.error) == ((), error)


async def test_a_refused_list_keeps_status_and_wait(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    upstream.always("models", e1(429, "RATE_LIMIT_EXCEEDED", retry_after="9"))
    models = await chat.list_models(upstream.api_base, ANONYMOUS, 5)
    assert (models.status, models.retry_after_s) == (429, 9)
    assert "RATE_LIMIT_EXCEEDED" in models.error_text
