"""TLS: a trusted server is talked to, an unknown one and a wrong name are refused with the reason."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from services.wire.types import WireError, WireErrorKind
from tests.support.certificates import self_signed

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def port(certificate: Path) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(BODY)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_trusted_server_is_talked_to_over_one_connection(
    port: int, certificate: Path
) -> None:
    client = WireClient(SystemClock(), tls=ssl.create_default_context(cafile=certificate))
    for _ in range(3):
        response = await client.request("GET", f"https://127.0.0.1:{port}/")
        assert response.body == b"secret"
    assert client.idle_count == 1
    client.close()


async def test_a_server_nobody_vouches_for_gets_no_request(port: int) -> None:
    client = WireClient(SystemClock())
    with pytest.raises(WireError) as caught:
        await client.request("GET", f"https://127.0.0.1:{port}/", {"Authorization": "Bearer k"})
    assert caught.value.kind is WireErrorKind.UNREACHABLE
    assert "TLS" in caught.value.detail


async def test_a_certificate_for_another_name_is_refused(port: int, certificate: Path) -> None:
    client = WireClient(SystemClock(), tls=ssl.create_default_context(cafile=certificate))
    with pytest.raises(WireError) as caught:
        await client.request("GET", f"https://localhost:{port}/")
    assert caught.value.kind is WireErrorKind.UNREACHABLE
    assert "ismatch" in caught.value.detail


async def test_plain_http_to_a_tls_port_is_a_failure_not_a_hang(port: int) -> None:
    client = WireClient(SystemClock())
    with pytest.raises(WireError) as caught:
        await client.request("GET", f"http://127.0.0.1:{port}/")
    assert caught.value.kind in (WireErrorKind.CUT, WireErrorKind.MALFORMED)
