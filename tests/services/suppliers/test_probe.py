"""The probe: each state an endpoint can be in, model lists in every usual shape, no key in errors."""

import pytest

from services.foundation.clock import SystemClock
from services.suppliers.service import Suppliers
from services.suppliers.types import ProbeResult, ProbeState
from tests.support.supplier_server import CLOSE, HANG, answer, hostile

KEY = "sk-canary-probe-123456"


async def look(base_url: str, protocol: str = "openai", timeout_s: float = 1.0) -> ProbeResult:
    suppliers = Suppliers(SystemClock())
    try:
        return await suppliers.probe(
            base_url=base_url,
            protocol=protocol,
            api_key=KEY,
            timeout_s=timeout_s,
            allows_local=True,
        )
    finally:
        await suppliers.close()


async def test_an_online_endpoint_lists_its_models_with_embeddings_apart(server) -> None:
    rows = [
        {"id": "gpt-5"},
        {"id": "text-embedding-3-large"},
        {"id": "gpt-5"},
        {"id": "my-Embedding"},
        {"id": " o4\x1b[31m "},
        {"id": 7},
        {},
    ]
    server.play(answer(200, {"object": "list", "data": rows}))
    result = await look(server.base_url)
    assert result.state is ProbeState.ONLINE
    assert result.models == ("gpt-5", "o4[31m")
    assert result.embedding_models == ("text-embedding-3-large", "my-Embedding")
    assert server.requests[0].path == "/v1/models"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert result.latency_ms >= 0


async def test_a_claude_endpoint_is_asked_in_its_own_way(server) -> None:
    server.play(answer(200, {"data": [{"id": "claude-x"}]}))
    result = await look(server.base_url, "claude")
    assert result.models == ("claude-x",)
    assert server.requests[0].headers["x-api-key"] == KEY


@pytest.mark.parametrize("body", [["a", "b"], {"models": [{"name": "a"}, {"model": "b"}]}])
async def test_other_shapes_of_a_list_are_read(server, body) -> None:
    server.play(answer(200, body))
    assert (await look(server.base_url)).models == ("a", "b")


@pytest.mark.parametrize(
    ("play", "state", "error"),
    [
        (
            answer(401, {"error": {"message": f"Incorrect API key {KEY}"}}),
            ProbeState.SIGN_IN_FAILED,
            "upstream_http_401:Incorrect API key ***",
        ),
        (answer(403, b""), ProbeState.SIGN_IN_FAILED, "upstream_http_403"),
        (
            answer(404, {"detail": "Not Found"}),
            ProbeState.MODELS_NOT_LISTED,
            "upstream_http_404:Not Found",
        ),
        (answer(200, b"<html>"), ProbeState.MODELS_NOT_LISTED, "upstream_invalid_response"),
        (
            answer(200, {"data": {"a": 1}}),
            ProbeState.MODELS_NOT_LISTED,
            "upstream_invalid_response",
        ),
        (answer(503, b""), ProbeState.OFFLINE, "upstream_http_503"),
        (hostile("redirloop"), ProbeState.OFFLINE, "upstream_http_302"),
        (hostile("bomb"), ProbeState.OFFLINE, "upstream_invalid_response"),
        ([CLOSE], ProbeState.OFFLINE, "upstream_error"),
        ([HANG], ProbeState.OFFLINE, "upstream_timeout"),
    ],
)
async def test_every_other_look_has_its_state(server, play, state, error) -> None:
    server.play(play)
    result = await look(server.base_url, timeout_s=0.4)
    assert result.state is state
    assert result.error.startswith(error)
    assert result.models == ()
    assert KEY not in result.error


async def test_a_forbidden_or_closed_address_is_offline_without_naming_it(free_port) -> None:
    for url in ("http://169.254.169.254", f"http://127.0.0.1:{free_port}"):
        result = await look(url)
        assert result.state is ProbeState.OFFLINE
        assert result.error.startswith("upstream_unreachable")
        assert "169" not in result.error
        assert str(free_port) not in result.error
