"""Threats 1 to 3: where a call comes from is told by the connection; headers only take trust away."""

from typing import Any

import pytest

from services.access import rules
from services.access.types import Approach, Connection
from services.foundation.errors import InputError
from services.settings.proxies import Network, networks

PROXY = networks(("10.0.0.9", "127.0.0.1"))


def call(
    peer: str = "127.0.0.1", version: str = "1.1", scheme: str = "http", **headers: str
) -> Connection:
    given = {"host": "127.0.0.1:9999", **headers}
    plain = {k.replace("_", "-").encode(): v.encode("latin-1") for k, v in given.items()}
    return Connection(peer, scheme, version, plain)


def approach(
    *, trusted: tuple[Network, ...] = (), public: str = "http://127.0.0.1:9999", **given: Any
) -> Approach:
    return rules.approach_of(call(**given), trusted, public)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:9999", "LOCALHOST:9999", "[::1]:9999", "localhost"])
def test_a_browser_on_this_machine_is_local(peer: str, host: str) -> None:
    assert approach(peer=peer, host=host).is_local


@pytest.mark.parametrize("peer", ["10.0.0.2", "::ffff:10.0.0.2", "fe80::1", "", "nonsense"])
def test_another_machine_is_never_local_whatever_it_says(peer: str) -> None:
    assert not approach(peer=peer).is_local
    assert not approach(peer=peer, x_forwarded_for="127.0.0.1").is_local


@pytest.mark.parametrize(
    "header",
    [
        "x_forwarded_for",
        "x_forwarded_proto",
        "x_forwarded_host",
        "x_forwarded_prefix",
        "x_real_ip",
        "forwarded",
        "via",
        "cf_connecting_ip",
        "true_client_ip",
    ],
)
def test_a_proxy_on_this_machine_is_not_local(header: str) -> None:
    given: dict[str, Any] = {header: "127.0.0.1"}
    assert not approach(**given).is_local
    assert not approach(trusted=PROXY, **given).is_local


def test_a_silent_proxy_is_told_by_its_host_or_its_old_protocol() -> None:
    assert not approach(host="console.example.com").is_local
    assert not approach(version="1.0").is_local


def test_the_caller_is_who_stands_before_the_trusted_proxies() -> None:
    assert approach(peer="10.0.0.2", x_forwarded_for="1.2.3.4").address == "10.0.0.2"
    chain = "9.9.9.9, 1.2.3.4"  # the first was written by the caller
    assert approach(trusted=PROXY, x_forwarded_for=chain).address == "1.2.3.4"
    assert approach(trusted=PROXY, x_forwarded_for="1.2.3.4, nonsense").address == "127.0.0.1"
    assert approach(trusted=PROXY, x_forwarded_for="2001:db8::1").address == "2001:db8::/64"


def test_https_is_believed_from_a_trusted_proxy_or_the_public_address_only() -> None:
    assert not approach(x_forwarded_proto="https").is_secure
    assert approach(trusted=PROXY, x_forwarded_proto="https").is_secure
    assert approach(scheme="wss").is_secure
    public = "https://console.example.com"
    assert approach(public=public, host="console.example.com").is_secure
    assert not approach(public=public).is_secure


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\n/evil.example",
        "/\t//evil.example",
        "javascript:alert(1)",
        "",
        "evil.example",
        "/login",
        "/login?next=%2Fe2e",
        "/" + "a" * 3000,
    ],
)
def test_after_signing_in_nobody_is_led_away(text: str) -> None:
    assert rules.safe_path(text) == "/"


@pytest.mark.parametrize("text", ["/", "/e2e?w=7d&u=all", "/executions/exe_1", "/settings#access"])
def test_after_signing_in_one_is_where_one_wanted_to_be(text: str) -> None:
    assert rules.safe_path(text) == text


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("short", ""),
        ("password1234", ""),
        ("aaaaaaaaaaaa", ""),
        ("alicealice12", "alicealice"),
        ("x" * 257, ""),
        ("\ud800abcdefghijk", ""),
        ("Qwerty123456", ""),
    ],
)
def test_a_weak_password_is_refused(password: str, name: str) -> None:
    with pytest.raises(InputError):
        rules.read_password(password, name)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a" * 41, "名字", "a/b", "<b>"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(InputError):
        rules.read_name(name)
