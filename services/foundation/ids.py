"""Ids: readable in a log, ordered in a list."""

import os
import secrets
import time
import uuid
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # of RFC 9562
_DEMO = "demo"
# Numbers of rows that are demo data, in every table: no row of anybody's own is ever among them.
DEMO_FIRST, DEMO_PAST = -2_000_000_000_000, -1_000_000_000_000


def new_id(prefix: str) -> str:
    """Return e.g. `exe_01k9…`: the prefix, 9 characters of time (ms) and 9 random ones, sortable."""
    stamp = time.time_ns() // 1_000_000
    text = ""
    for _ in range(9):
        stamp, digit = divmod(stamp, 32)
        text = _ALPHABET[digit] + text
    return f"{prefix}_{text}{''.join(secrets.choice(_ALPHABET) for _ in range(9))}"


def demo_id(prefix: str, at: datetime, place: int) -> str:
    """Return the id of a made-up thing: as new_id makes them, with `demo` and its place at the end.

    No other id holds that word: its o is not in the alphabet.
    """
    stamp = int(at.timestamp() * 1000)
    text = ""
    for _ in range(9):
        stamp, digit = divmod(stamp, 32)
        text = _ALPHABET[digit] + text
    return f"{prefix}_{text}{_DEMO}{place:05d}"


def is_demo_id(text: str) -> bool:
    """Return whether the id is one of demo data."""
    return text[-9:-5] == _DEMO


def new_hex() -> str:
    """Return 32 random hex characters, the wire's form of message and request ids."""
    text = os.urandom(16).hex()  # a uuid4 without building the object
    return f"{text[:12]}4{text[13:16]}{_VARIANTS[text[16]]}{text[17:]}"


def new_uuid() -> str:
    """Return a random UUID with dashes, the wire's form of conversation and user ids."""
    return str(uuid.uuid4())
