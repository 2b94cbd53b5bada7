"""Refusals: why a database takes nothing, and what an operator can do about it."""

from collections.abc import Mapping

from components.words import tr, word

_WORDS: Mapping[str, tuple[str, str]] = {
    "locked": (
        word("another program holds the database"),
        word("Close the program that holds it; then the results are written back."),
    ),
    "full": (
        word("its disk is full"),
        word("Free space on its disk; then the results are written back."),
    ),
    "readonly": (
        word("it may only be read"),
        word("Give this user the right to write to it and restart the console."),
    ),
    "io": (
        word("its disk reported an error"),
        word("Check the disk; the results wait beside the database until it can be written."),
    ),
    "corrupt": (
        word("its file is damaged"),
        word("Restart the console: it puts the newest good copy in place and writes back."),
    ),
    "gone": (
        word("it cannot be reached"),
        word("Bring it back, or restart the console; then the results are written back."),
    ),
}
_OTHER = (word("it refused"), word("The log has the database's own words."))


def why(reason: str) -> str:
    """Return the cause in words, of `word: the driver's own text`."""
    return tr(_WORDS.get(reason.partition(":")[0], _OTHER)[0])


def advice(reason: str) -> str:
    """Return what can be done."""
    return tr(_WORDS.get(reason.partition(":")[0], _OTHER)[1])
