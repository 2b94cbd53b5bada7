"""Make findings: good, refuted, not judged.

What is expected is a message whose English text the pages find in the catalogues again; what there
is instead is a piece of the reply, or such a message.
"""

from services.checks.types import Finding
from services.foundation.messages import Message

SNIPPET = 120  # most characters of a reply quoted in `actual`


def good(expected: str | Message, actual: str | Message, *, notes: tuple[str, ...] = ()) -> Finding:
    """Return a finding that holds."""
    return Finding(True, "ok", "ok", str(expected), str(actual), notes=notes)


def slow(reason: str, expected: str | Message, actual: str | Message) -> Finding:
    """Return a finding that holds, but took too long."""
    return Finding(True, "slow", reason, str(expected), str(actual))


def failed(
    reason: str, expected: str | Message, actual: str | Message, *, notes: tuple[str, ...] = ()
) -> Finding:
    """Return a finding that the reply failed."""
    return Finding(False, "failed", reason, str(expected), str(actual), notes=notes)


def bad_structure(
    reason: str,
    expected: str | Message,
    actual: str | Message,
    *,
    at: int | None = None,
    notes: tuple[str, ...] = (),
) -> Finding:
    """Return a finding that the reply's structure is wrong, `at` that place of its text."""
    return Finding(False, "bad_structure", reason, str(expected), str(actual), at, notes)


def not_judged(reason: str, expected: str | Message, actual: str | Message) -> Finding:
    """Return a finding that says nothing about the reply, and why."""
    return Finding(None, "not_judged", reason, str(expected), str(actual))


def quote(text: str, at: int = 0) -> str:
    """Return a short piece of a reply on one line, or a dash when there is none."""
    piece = " ".join(text[at : at + SNIPPET].split())
    return piece or "–"
