"""Reading tokens without trusting them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identities import tokens
from tests.support.upstream import jwt

NOW = 1_772_438_400


def test_a_token_body_is_read() -> None:
    access = jwt({"sub": "u1", "exp": NOW + 60, "is_anonymous": True, "email": "a@b.cn"})
    token = tokens.read_token({"access_token": access, "refresh_token": "r"}, NOW)
    assert token is not None
    assert (token.user_id, token.is_anonymous, token.email) == ("u1", True, "a@b.cn")
    assert token.expires_at == NOW + 60
    assert tokens.is_near_expiry(token, NOW)
    assert not tokens.is_near_expiry(token, NOW - 31)
    assert access not in repr(token)


@pytest.mark.parametrize(
    ("body", "expires_at"),
    [
        ({"expires_at": NOW + 5}, NOW + 5),
        ({"expires_in": 7}, NOW + 7),
        ({}, NOW + 3600),
        ({"expires_at": "soon", "expires_in": -5}, NOW + 3600),
    ],
)
def test_the_end_is_taken_from_whoever_names_it(body: dict[str, Any], expires_at: int) -> None:
    token = tokens.read_token({"access_token": "opaque", "user": {"id": "u2"}, **body}, NOW)
    assert token is not None
    assert (token.expires_at, token.user_id, token.is_anonymous) == (expires_at, "u2", False)


@pytest.mark.parametrize("access", [None, "", 5, "a b", "tökén"])
def test_what_is_no_token_is_none(access: object) -> None:
    assert tokens.read_token({"access_token": access}, NOW) is None


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    tokens.read_claims(text)
    tokens.read_claims(f"a.{text}.c")
    assert len(tokens.fingerprint(text)) == 8


@pytest.mark.parametrize("claims", ["W10", "NQ", "e30", "!!!!"])
def test_claims_that_are_no_object_are_empty(claims: str) -> None:
    assert tokens.read_claims(f"a.{claims}.c") == {}
