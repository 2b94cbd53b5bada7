"""What a pasted token says of itself is shown with what speaks against it; keys are refused."""

import base64
import json
from typing import Any

import pytest

from services.dialogs.claims import look_at
from services.targets.types import Target

NOW = 1_795_500_000
TARGET = Target(2, "Staging", "https://api.example/api/v1", "https://auth.example")
OWN = Target(1, "Own", "http://127.0.0.1:9999/api/v1", "http://127.0.0.1:9999", is_self=True)


def a_token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    usual = {
        "sub": "u-1",
        "iss": "https://auth.example/auth/v1",
        "exp": NOW + 3600,
        "is_anonymous": False,
    }
    parts = (header or {"alg": "ES256"}, {**usual, **claims})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([text.rstrip("=") for text in texts] + ["c2ln"])


def warnings(token: str, target: Target = TARGET) -> list[str]:
    return [str(one) for one in look_at(token, NOW, target, "https://console.example").warnings]


def test_a_good_token_shows_its_claims_and_its_end() -> None:
    look = look_at(f"  Bearer {a_token()} ", NOW, TARGET)
    assert (look.claims["sub"], look.expires_at, look.algorithm) == ("u-1", NOW + 3600, "ES256")
    assert look.warnings == ()
    assert look.refusal is None


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": NOW - 600}, "expired 10 minutes ago"),
        ({"exp": NOW + 30}, "expires in 30 s"),
        ({"exp": None}, "no end of its life"),
        ({"nbf": NOW + 600}, "not valid yet"),
        ({"sub": ""}, "names no user"),
        ({"iss": "https://other.example/auth/v1"}, "issued by https://other.example"),
    ],
)
def test_what_speaks_against_it_is_said(claims: dict[str, Any], says: str) -> None:
    assert any(says in one for one in warnings(a_token(**claims)))


def test_an_unsigned_one_is_pointed_out() -> None:
    assert any("not signed" in one for one in warnings(a_token({"alg": "none"})))


@pytest.mark.parametrize(
    "issuer", ["http://localhost:9999/auth/v1", "https://console.example/auth/v1"]
)
def test_our_own_gateway_knows_its_own_addresses(issuer: str) -> None:
    assert warnings(a_token(iss=issuer), OWN) == []


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_a_projects_key_is_refused(role: str) -> None:
    refusal = look_at(a_token(role=role, sub=""), NOW, TARGET).refusal
    assert refusal is not None
    assert role in str(refusal)


@pytest.mark.parametrize("text", ["", "   ", "two words", "a" * 20_000, "令牌"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert look_at(text, NOW, TARGET).refusal is not None


def test_what_is_no_jwt_is_sent_with_a_warning() -> None:
    look = look_at("opaque-token", NOW, TARGET)
    assert (look.claims, len(look.warnings), look.refusal) == ({}, 1, None)


def test_hostile_claims_are_bounded_and_printable() -> None:
    look = look_at(a_token(note="x" * 5_000, bell="a\u0007b", deep={"a": [1, 2]}), NOW, TARGET)
    assert len(str(look.claims["note"])) == 301
    assert look.claims["bell"] == "a\ufffdb"
    assert look.claims["deep"] == '{"a": [1, 2]}'
