"""Reply marks: cut a reply into what stands before, at and after the offending place."""

import re
from dataclasses import dataclass

MARK_MOST = 60  # characters marked where no tag ends sooner
SHOWN_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Marked:
    """A reply in three pieces; `here` is empty when nothing is known to be wrong."""

    before: str
    here: str
    after: str
    line: int = 0  # 1-based line of the place, 0 without one


def mark_reply(text: str, at: int | None) -> Marked:
    """Return the pieces; a place outside of the text marks nothing."""
    text = text[:SHOWN_MOST]
    if at is None or not 0 <= at < len(text):
        return Marked(text, "", "")
    found = re.compile(r"<[^<>\n]*>|[^\n<]+|\n").match(text, at)
    length = min(MARK_MOST, len(found.group())) if found else 1
    end = at + max(1, length)
    return Marked(text[:at], text[at:end], text[end:], text.count("\n", 0, at) + 1)
