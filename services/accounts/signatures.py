"""Keys that tokens are checked with, each bound to the one algorithm it is for."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHMS = ("ES256", "RS256", "HS256")
_ES256_BYTES = 64
_RSA_MIN_BITS = 2048
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_ECDSA = ec.ECDSA(SHA256())
_PKCS1 = padding.PKCS1v15()
_HASH = SHA256()


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Return the bytes; raise ValueError for anything outside the alphabet (the library skips it)."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One key; the algorithm comes from the key, never from a token."""

    kid: str
    alg: str
    key: "ec.EllipticCurvePublicKey | rsa.RSAPublicKey | bytes" = field(repr=False)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature over the message was made with this key's other half."""
        key = self.key
        if isinstance(key, bytes):
            return hmac.compare_digest(hmac.digest(key, message, hashlib.sha256), signature)
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, message, _PKCS1, _HASH)
                return True
            if len(signature) != _ES256_BYTES:
                return False
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.verify(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            return False
        return True


def sign_es256(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Return the 64 bytes r||s of JWS."""
    r, s = decode_dss_signature(key.sign(message, _ECDSA))
    return r.to_bytes(32) + s.to_bytes(32)


def public_jwk(key: ec.EllipticCurvePublicKey, kid: str) -> dict[str, Any]:
    """Return the JWK of a public P-256 key."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": encode_base64url(numbers.x.to_bytes(32)),
        "y": encode_base64url(numbers.y.to_bytes(32)),
        "kid": kid,
        "alg": "ES256",
        "use": "sig",
        "key_ops": ["verify"],
    }


def hmac_key(secret: str | bytes, kid: str = "") -> VerifyingKey:
    """Return the key of a shared secret."""
    return VerifyingKey(kid, "HS256", secret.encode() if isinstance(secret, str) else secret)


def parse_jwk(jwk: Mapping[str, Any], *, may_be_secret: bool = False) -> VerifyingKey | None:
    """Return the key of a JWK, or None for one we do not use (other kind, other use, too short).

    A symmetric key is taken only where the operator gave it, never from a key set of the network.
    Raises ValueError for one that is of our kind and broken.
    """
    kid = jwk.get("kid", "")
    if not isinstance(kid, str) or jwk.get("use", "sig") != "sig":
        return None
    match jwk.get("kty"):
        case "EC" if jwk.get("crv") == "P-256" and jwk.get("alg", "ES256") == "ES256":
            numbers = ec.EllipticCurvePublicNumbers(
                _number(jwk, "x"), _number(jwk, "y"), ec.SECP256R1()
            )
            return VerifyingKey(kid, "ES256", numbers.public_key())
        case "RSA" if jwk.get("alg", "RS256") == "RS256":
            key = rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
            return VerifyingKey(kid, "RS256", key) if key.key_size >= _RSA_MIN_BITS else None
        case "oct" if may_be_secret and jwk.get("alg", "HS256") == "HS256":
            secret = decode_base64url(str(jwk.get("k", "")))
            return hmac_key(secret, kid) if secret else None
        case _:
            return None


def choose_keys(
    keys: Sequence[VerifyingKey], alg: str, kid: str | None, *, is_odd_kid: bool
) -> list[VerifyingKey]:
    """Return the keys to try: those with the kid, else the only key of a one-key set.

    Shared secrets usually have no name: each is tried.
    """
    named = [key for key in keys if kid and key.kid == kid]
    if named:
        return [key for key in named if key.alg == alg]
    if is_odd_kid:
        return []
    of_its_kind = [key for key in keys if key.alg == alg]
    return of_its_kind if alg == "HS256" or len(keys) == 1 else []


def _number(jwk: Mapping[str, Any], name: str) -> int:
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"the key has no {name}")
    return int.from_bytes(decode_base64url(value))
