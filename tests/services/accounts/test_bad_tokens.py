"""The bad tokens A1 to A32 of the fault catalogue, each refused with its exact word."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.accounts.verifier import Verifier
from tests.support.clock import FakeClock
from tests.support.tokens import ProjectKey, b64, refusal, user_claims

Maker = Callable[[ProjectKey, datetime], str]
YEAR_9999 = 253_402_300_799


def changed(**change: Any) -> Maker:
    """A token that is right but for some claims."""
    return lambda key, now: key.sign(user_claims(now, **change))


def shifted(**seconds: int) -> Maker:
    """A token whose times lie so far from now."""
    return lambda key, now: key.sign(
        user_claims(now, **{name: int(now.timestamp()) + s for name, s in seconds.items()})
    )


def headed(**header: Any) -> Maker:
    """A token signed rightly under another header; an empty text removes a field."""
    return lambda key, now: key.sign_raw(
        {
            k: v
            for k, v in {"alg": "ES256", "kid": key.kid, "typ": "JWT", **header}.items()
            if v != ""
        },
        json.dumps(user_claims(now)).encode(),
    )


def unsigned(alg: str) -> Maker:
    return lambda key, now: (
        f"{b64(json.dumps({'alg': alg, 'kid': key.kid}).encode())}"
        f".{b64(json.dumps(user_claims(now)).encode())}."
    )


def hs256_with_the_public_key(key: ProjectKey, now: datetime) -> str:
    pem = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = b64(json.dumps({"alg": "HS256", "kid": key.kid}).encode())
    signed = f"{head}.{b64(json.dumps(user_claims(now)).encode())}"
    return f"{signed}.{b64(hmac.digest(pem, signed.encode(), hashlib.sha256))}"


def signature(text: str) -> Maker:
    def make(key: ProjectKey, now: datetime) -> str:
        head, body, _ = key.sign(user_claims(now)).split(".")
        return f"{head}.{body}.{text}"

    return make


def changed_payload(key: ProjectKey, now: datetime) -> str:
    head, _, tail = key.sign(user_claims(now)).split(".")
    return f"{head}.{b64(json.dumps(user_claims(now, sub='somebody-else')).encode())}.{tail}"


def another_key_of_that_name(key: ProjectKey, now: datetime) -> str:
    return ProjectKey(key.kid).sign(user_claims(now))


def embedded_key(key: ProjectKey, now: datetime) -> str:
    thief = ProjectKey(key.kid)
    return thief.sign_raw(
        {"alg": "ES256", "kid": key.kid, "jwk": thief.jwk}, json.dumps(user_claims(now)).encode()
    )


def key_from_elsewhere(name: str) -> Maker:
    def make(key: ProjectKey, now: datetime) -> str:
        return ProjectKey(key.kid).sign_raw(
            {"alg": "ES256", "kid": key.kid, name: "https://thief.example/keys"},
            json.dumps(user_claims(now)).encode(),
        )

    return make


def rs256(key: ProjectKey, now: datetime) -> str:
    return ProjectKey(key.kid, "RS256").sign(user_claims(now))


def parts(count: int) -> Maker:
    def make(key: ProjectKey, now: datetime) -> str:
        head, body, tail = key.sign(user_claims(now)).split(".")
        return ".".join([head, body, tail, tail, tail][:count])

    return make


def huge(key: ProjectKey, now: datetime) -> str:
    return key.sign(user_claims(now, filler="x" * 1_000_000))


def deep(key: ProjectKey, now: datetime) -> str:
    return key.sign_raw({"alg": "ES256", "kid": key.kid}, b'{"a":' * 50_000 + b"1" + b"}" * 50_000)


def less_deep(key: ProjectKey, now: datetime) -> str:
    """Short enough for our length limit, still deeper than any parser should follow."""
    return key.sign_raw({"alg": "ES256", "kid": key.kid}, b"[" * 5_000 + b"]" * 5_000)


BAD: dict[str, tuple[Maker, str]] = {
    "A1 none algorithm": (unsigned("none"), "unsupported_alg"),
    "A2 nOnE algorithm": (unsigned("nOnE"), "unsupported_alg"),
    "A3 HS256 with the public key": (hs256_with_the_public_key, "hmac_key_not_found"),
    "A4 signature stripped": (signature(""), "invalid_token"),
    "A5 signature all zero": (signature(b64(bytes(64))), "invalid_token"),
    "A6 payload changed": (changed_payload, "invalid_token"),
    "A7 another key with the same kid": (another_key_of_that_name, "invalid_token"),
    "A8 unknown kid": (headed(kid="project-9"), "jwks_key_not_found"),
    "A9 kid missing": (headed(kid=""), "jwks_key_not_found"),
    "A10 kid with NUL": (headed(kid="project-1\x00"), "jwks_key_not_found"),
    "A11 expired beyond the leeway": (shifted(iat=-7200, exp=-121), "token_expired"),
    "A13 nbf in the future": (shifted(nbf=122), "token_not_yet_valid"),
    "A14 iat in the future": (shifted(iat=122, exp=3600), "token_not_yet_valid"),
    "A15 wrong audience": (changed(aud="somebody"), "invalid_audience"),
    "A16 list of wrong audiences": (changed(aud=["a", "b"]), "invalid_audience"),
    "A17 audience missing": (changed(aud=None), "invalid_token"),
    "A18 wrong issuer": (changed(iss="https://thief.example/auth/v1"), "issuer_not_allowed"),
    "A19 issuer missing": (changed(iss=None), "invalid_token"),
    "A20 exp missing": (changed(exp=None), "invalid_token"),
    "A21 exp no number": (changed(exp="tomorrow"), "invalid_token"),
    "A22 exp in the year 9999": (changed(exp=YEAR_9999), "invalid_token"),
    "A23 crit header": (headed(crit=["exp"]), "invalid_token"),
    "A24 jku header": (key_from_elsewhere("jku"), "invalid_token"),
    "A25 x5u header": (key_from_elsewhere("x5u"), "invalid_token"),
    "A26 embedded jwk": (embedded_key, "invalid_token"),
    "A27 RS256 where ES256 is set": (rs256, "jwks_key_not_found"),
    "A28 two segments": (parts(2), "invalid_token_header"),
    "A29 five segments": (parts(5), "invalid_token_header"),
    "A30 not base64": (lambda _key, _now: "n*t.b@se.64!", "invalid_token_header"),
    "A31 1 MB": (huge, "invalid_token"),
    "A32 leading blank": (
        lambda key, now: " " + key.sign(user_claims(now)),
        "invalid_token_header",
    ),
    "A32b 50,000 deep payload": (deep, "invalid_token"),
    "5,000 deep payload": (less_deep, "invalid_token"),
    "no algorithm": (headed(alg=""), "algorithm_missing"),
    "algorithm no text": (headed(alg=7), "unsupported_alg"),
    "HS512": (headed(alg="HS512"), "unsupported_alg"),
    "kid no text": (headed(kid=7), "jwks_key_not_found"),
    "unencoded payload": (headed(b64=False), "invalid_token"),
    "empty": (lambda _key, _now: "", "token_missing"),
    "plain text": (lambda _key, _now: "secret", "invalid_token_header"),
    "header no object": (lambda _key, _now: f"{b64(b'[1]')}.{b64(b'{}')}.", "invalid_token_header"),
    "claims no object": (
        lambda key, _now: key.sign_raw({"alg": "ES256", "kid": key.kid}, b"[1]"),
        "invalid_token",
    ),
    "subject missing": (changed(sub=None), "invalid_token"),
    "subject empty": (changed(sub=""), "subject_missing"),
    "subject blank": (changed(sub="  "), "subject_missing"),
    "subject with NUL": (changed(sub="a\x00b"), "invalid_token"),
    "subject too long": (changed(sub="a" * 201), "invalid_token"),
    "iat missing": (changed(iat=None), "invalid_token"),
    "iat no number": (changed(iat=True), "invalid_token"),
    "issuer no text": (
        lambda key, now: key.sign_raw(
            {"alg": "ES256", "kid": key.kid},
            json.dumps(user_claims(now, iss=["https://project.example"])).encode(),
        ),
        "issuer_not_allowed",
    ),
    "role of an API key": (changed(role="service_role"), "invalid_token"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused_with_its_word(
    case: str, verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    make, word = BAD[case]
    assert await refusal(verifier, make(project_key, clock.now())) == word


GOOD: dict[str, Maker] = {
    "as it should be": changed(),
    "A12 expired within the leeway": shifted(iat=-3600, exp=-119),
    "iat in the leeway": shifted(iat=119),
    "nbf in the leeway": shifted(nbf=119),
    "A16 list with the right audience": changed(aud=["other", "authenticated"]),
    "issuer with a slash": changed(iss="https://project.example/auth/v1/"),
    "issuer as bare origin": changed(iss="https://project.example"),
    "issuer of v2": changed(iss="https://project.example/auth/v2"),
    "A24 jku beside the right signature": headed(jku="https://thief.example/keys"),
    "times with fractions": lambda key, now: key.sign(user_claims(now, exp=now.timestamp() + 60.5)),
}


@pytest.mark.parametrize("case", GOOD)
async def test_a_good_token_is_accepted(
    case: str, verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    assert await refusal(verifier, GOOD[case](project_key, clock.now())) == ""


async def test_a_huge_token_costs_next_to_nothing(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused by its length, before anything of it is decoded."""
    token = huge(project_key, clock.now())

    def must_not_run(*_args: Any) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr("services.accounts.tokens.decode_base64url", must_not_run)
    monkeypatch.setattr(base64, "urlsafe_b64decode", must_not_run)
    assert await refusal(verifier, token) == "invalid_token"


async def test_no_bad_token_is_remembered_as_good(
    verifier: Verifier, clock: FakeClock, project_key: ProjectKey
) -> None:
    for make, word in BAD.values():
        token = make(project_key, clock.now())
        assert await refusal(verifier, token) == word
        assert verifier.cached(token) is None
    assert verifier.counts.successful == 0
    assert verifier.counts.total == len(BAD)
