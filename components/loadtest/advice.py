"""Advice: what a kind of error of a load test means, and what one can do about it."""

import re
from collections.abc import Sequence

from components.primitives.formats import NOTHING
from components.status.reasons import reason_text
from components.words import tr, word

# The first that matches a kind says what to do next.
_NEXT: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(r"rate_limit|429|too_many|concurren"),
        word(
            "The server limits a user or an address: sign in more users, or send fewer calls a second."
        ),
    ),
    (
        re.compile(r"quota"),
        word("Use a model of another family, or wait for the next day."),
    ),
    (
        re.compile(r"deadline|timeout"),
        word("Fewer users, or a longer time limit of a call."),
    ),
    (
        re.compile(r"unreachable|refused|OSError|Connect"),
        word(
            "Is the service running, and its address right? It may also take no more connections."
        ),
    ),
    (
        re.compile(r"connection_lost|incomplete|terminal_event"),
        word("Something between cut the stream: a proxy's time limit, or a restart."),
    ),
    (
        re.compile(r"401|403|token|auth|sign_in"),
        word("The token was not accepted: look at sign-in and clocks of the target."),
    ),
    (
        re.compile(r"upstream|provider"),
        word("The provider's side: test its endpoint on the page Models & providers."),
    ),
    (
        re.compile(r"model|mapping|endpoint"),
        word("Look at the mapping of this model."),
    ),
)


def advice(kind: str) -> str:
    """Return meaning and advice of a kind of error; a dash where nobody knows."""
    meaning = reason_text(kind)
    next_step = next((tr(text) for pattern, text in _NEXT if pattern.search(kind)), "")
    parts = [meaning if meaning != kind else "", next_step]
    return tr(" – ").join(part for part in parts if part) or NOTHING
