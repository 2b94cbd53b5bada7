"""KeyRing: the ES256 key pair that signs our tokens, and retired public keys while they are needed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from services.accounts.signatures import (
    VerifyingKey,
    choose_keys,
    encode_base64url,
    parse_jwk,
    public_jwk,
    sign_es256,
)
from services.foundation.clock import Clock
from services.foundation.errors import StoreError
from services.secrets.service import Secrets

KEY_FILE = "signing-keys.json"
KEEP_RETIRED_S = 86_400 + 600  # the longest life of a token signed here, and some leeway


@dataclass(frozen=True, slots=True)
class _Retired:
    jwk: dict[str, Any]
    until: float  # unix seconds: nothing it signed is valid after that


class KeyRing:
    """Signs with the newest key; checks with it and with those retired not long ago."""

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        """Make a pair; load() stores it at the first start and takes the stored one later."""
        self._secrets = secrets
        self._clock = clock
        self._adopt(ec.generate_private_key(ec.SECP256R1()), ())

    def load(self) -> None:
        """Read the keys, made at the first start; raise StoreError when the file is damaged."""
        raw = self._secrets.own_file(KEY_FILE, _dump(self._private, ()))
        try:
            stored: dict[str, Any] = orjson.loads(raw)
            private = load_pem_private_key(stored["private"].encode(), None)
            retired = tuple(_Retired(one["jwk"], float(one["until"])) for one in stored["retired"])
            self._adopt(cast("ec.EllipticCurvePrivateKey", private), retired)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(
                "The signing keys in {name} cannot be read. Restore the file, or move it away:"
                " everybody then has to sign in again",
                name=KEY_FILE,
            ) from error

    def rotate(self) -> str:
        """Sign with a new pair from now on and return its kid; the old public key stays a day."""
        until = self._clock.now().timestamp() + KEEP_RETIRED_S
        old = _Retired(public_jwk(self._private.public_key(), self.kid), until)
        retired = (*self._still_needed(), old)
        private = ec.generate_private_key(ec.SECP256R1())
        try:
            self._secrets.write_file(KEY_FILE, _dump(private, retired))
        except OSError as error:
            raise StoreError(
                "The new signing key could not be saved: {reason}",
                reason=error.strerror or str(error),
            ) from error
        self._adopt(private, retired)
        return self.kid

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a JWT with the claims."""
        signed = f"{self._head}.{encode_base64url(orjson.dumps(claims))}"
        return f"{signed}.{encode_base64url(sign_es256(self._private, signed.encode()))}"

    def find(self, alg: str, kid: str | None, *, is_odd_kid: bool) -> list[VerifyingKey]:
        """Return the keys that may have signed a token with that header."""
        if len(self._still_needed()) < len(self._retired):
            self._adopt(self._private, self._still_needed())
        return choose_keys(self._verifying, alg, kid, is_odd_kid=is_odd_kid)

    def jwks(self) -> dict[str, Any]:
        """Return the public keys, the newest first."""
        newest = public_jwk(self._private.public_key(), self.kid)
        return {"keys": [newest, *(one.jwk for one in reversed(self._still_needed()))]}

    def _still_needed(self) -> tuple[_Retired, ...]:
        if not self._retired:
            return ()
        now = self._clock.now().timestamp()
        return tuple(one for one in self._retired if one.until > now)

    def _adopt(self, private: ec.EllipticCurvePrivateKey, retired: tuple[_Retired, ...]) -> None:
        public = private.public_key()
        old = [key for one in retired if (key := parse_jwk(one.jwk)) is not None]
        self.kid = _thumbprint(public)
        header = {"alg": "ES256", "kid": self.kid, "typ": "JWT"}
        self._head = encode_base64url(orjson.dumps(header))
        self._verifying = (VerifyingKey(self.kid, "ES256", public), *old)
        self._private, self._retired = private, retired


def _dump(private: ec.EllipticCurvePrivateKey, retired: tuple[_Retired, ...]) -> bytes:
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    old = [{"jwk": one.jwk, "until": one.until} for one in retired]
    return orjson.dumps({"private": pem, "retired": old})


def _thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the RFC 7638 name of the key."""
    jwk = public_jwk(key, "")
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return encode_base64url(hashlib.sha256(orjson.dumps(members)).digest())
