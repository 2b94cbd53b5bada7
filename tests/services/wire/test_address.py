"""Addresses: what is parsed, what is refused, and that no spelling hides a forbidden one."""

import pytest

from services.foundation.clock import SystemClock
from services.wire.address import is_forbidden_ip, parse_address
from services.wire.client import WireClient
from services.wire.types import Deadlines, WireError, WireErrorKind


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("http://h", "h", 80, "/", "h"),
        ("https://H.example:8443/a?b=c#d", "h.example", 8443, "/a?b=c", "h.example:8443"),
        ("http://[::1]:9/x y", "::1", 9, "/x%20y", "[::1]:9"),
        ("https://münchen.example/", "xn--mnchen-3ya.example", 443, "/", "xn--mnchen-3ya.example"),
        ("http://h/%2Fa", "h", 80, "/%2Fa", "h"),
    ],
)
def test_an_address_is_taken_apart(url, host, port, target, authority) -> None:
    address = parse_address(url)
    assert (address.host, address.port, address.target, address.authority) == (
        host,
        port,
        target,
        authority,
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "ftp://h",
        "file:///etc/passwd",
        "http://",
        "http://u:secret@h/",
        "http://u@h",
        "http://h:99999/",
        "http://a b/",
        "http://[::1/",
    ],
)
def test_an_unusable_address_is_refused_without_being_quoted(url) -> None:
    with pytest.raises(WireError) as caught:
        parse_address(url)
    assert caught.value.kind is WireErrorKind.BAD_REQUEST
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "::",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "100.100.100.200",
        "fd00:ec2::254",
        "ff02::1",
    ],
)
def test_these_addresses_are_never_contacted(ip) -> None:
    assert is_forbidden_ip(ip)


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "192.168.1.1", "1.1.1.1", "2606:4700::1"],
)
def test_loopback_private_and_public_addresses_are_allowed(ip) -> None:
    assert not is_forbidden_ip(ip)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "0",
        "0x0",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[::ffff:169.254.169.254]",
        "[::]",
    ],
)
async def test_every_spelling_of_a_forbidden_address_is_refused_at_connect_time(host) -> None:
    client = WireClient(SystemClock())
    with pytest.raises(WireError) as caught:
        await client.request("GET", f"http://{host}:9/", deadlines=Deadlines(connect_s=2))
    assert caught.value.kind is WireErrorKind.FORBIDDEN
    assert client.lent_count == 0
