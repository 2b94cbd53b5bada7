"""Read ThinkingML text: tags, blocks, phases and the query comment, each in linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PARSING_ERROR = "<<ParsingError>>"
PHASE_OPEN = re.compile(r'<phase\s++id="(\d++)">')
_TAG_HEAD = re.compile(r"<\s*+(?:/\s*+)?+([A-Za-z]++)(?=[>\s])")
_QUERIES_HEAD = re.compile(r"<!--\s*+<serp_queries>\s*\n\[")
_QUERIES_END = "</serp_queries>"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text: offsets of its first character and behind its last."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the stretch itself."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag whose name is all ASCII letters."""

    name: str
    span: Span


def find_tags(text: str) -> Iterator[Tag]:
    """Yield every tag with an all-letter name, as rule 13 sees them: `a < b and c >` is one."""
    at = 0
    while (head := _TAG_HEAD.search(text, at)) is not None:
        close = text.find(">", head.end())
        if close < 0:
            return
        yield Tag(head[1], Span(head.start(), close + 1))
        at = close + 1


def inside(text: str, name: str) -> Span | None:
    """Return what lies between the first `<name>` and the next `</name>`, or None."""
    start = text.find(f"<{name}>")
    if start < 0:
        return None
    start += len(name) + 2
    end = text.find(f"</{name}>", start)
    return None if end < 0 else Span(start, end)


def find_phases(text: str, within: Span) -> list[Span]:
    """Return the contents of the closed phase blocks; an opening inside a block is part of it."""
    blocks: list[Span] = []
    at = within.start
    while (opened := PHASE_OPEN.search(text, at, within.end)) is not None:
        end = text.find("</phase>", opened.end(), within.end)
        if end < 0:
            break
        blocks.append(Span(opened.end(), end))
        at = end + len("</phase>")
    return blocks


def find_queries(text: str, final: Span) -> tuple[Span, Span] | None:
    """Return the query comment that ends the final content and its bracket text, or None.

    The comment must be the last thing; `[` and the closing tag begin a line, blanks elsewhere.
    """
    body = final.of(text).rstrip()
    if not body.endswith("-->"):
        return None
    whole_end = final.start + len(body)
    body = body[:-3].rstrip()
    if not body.endswith(_QUERIES_END):
        return None
    body = body[: -len(_QUERIES_END)]
    if not body.endswith("\n"):
        return None
    body = body.rstrip()
    head = _QUERIES_HEAD.search(body)
    if not body.endswith("]") or head is None or head.end() > len(body) - 1:
        return None
    brackets = Span(final.start + head.end() - 1, final.start + len(body))
    return Span(final.start + head.start(), whole_end), brackets
