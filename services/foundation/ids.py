"""Ids: readable in a log, ordered in a list."""

import secrets
import time
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return e.g. `exe_01k9…`: the prefix, 9 characters of time (ms) and 9 random ones, sortable."""
    stamp = time.time_ns() // 1_000_000
    text = ""
    for _ in range(9):
        stamp, digit = divmod(stamp, 32)
        text = _ALPHABET[digit] + text
    return f"{prefix}_{text}{''.join(secrets.choice(_ALPHABET) for _ in range(9))}"


def new_hex() -> str:
    """Return 32 random hex characters, the wire's form of message and request ids."""
    return uuid.uuid4().hex


def new_uuid() -> str:
    """Return a random UUID with dashes, the wire's form of conversation and user ids."""
    return str(uuid.uuid4())
