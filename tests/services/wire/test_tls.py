"""TLS: a trusted server is talked to, an unknown one and a wrong name are refused with the reason."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from services.wire.types import WireError, WireErrorKind

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wire test")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


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
