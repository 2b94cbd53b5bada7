"""Pure: JSONSeq events out of ThinkingML, tag by tag."""

import json
import re
from collections.abc import Iterator
from typing import Any

from services.gateway.jsonseq_lines import clean_queries

Event = tuple[str, dict[str, Any]]
_FIRST = re.compile(r"<(?:thinking|final|serp)>")
_TAG = re.compile(r"<(/?)(think|serp|thinking|phase|title|final)(?:\s[^<>]{0,150})?>")
_QUERIES = re.compile(r"<!--\s*<serp_queries>(.*?)</serp_queries>\s*-->", re.DOTALL)
TAG_MAX = 200
COMMENT_MAX = 8_000


def find_tag(text: str) -> int | None:
    """Return where the first block of a ThinkingML document begins, or None."""
    found = _FIRST.search(text)
    return found.start() if found else None


class TagsSource:
    """Follows the blocks of a document; text outside of them is passed over."""

    def __init__(self) -> None:
        """Start outside of every block."""
        self._buffer = ""
        self._block = ""  # think, serp, thinking or final
        self._in_title = False
        self._phase = 0  # id of the open phase, 0 without one
        self._count = 0
        self._is_titled = False
        self._kept = ""  # text of serp or title so far
        self._blanks = ""  # white space that is only sent when more text follows
        self._queries: list[str] = []
        self._done: set[str] = set()

    def feed(self, text: str) -> Iterator[Event]:
        """Yield the events that are complete."""
        self._buffer += text
        yield from self._drain(is_last=False)

    def finish(self) -> Iterator[Event]:
        """Yield what the end completes; a block that was never closed is closed."""
        yield from self._drain(is_last=True)
        if self._block == "thinking":
            yield from self._end_thinking()
        if self._block == "final" or ("final" in self._done and "end" not in self._done):
            yield from self._end_final()

    def _drain(self, *, is_last: bool) -> Iterator[Event]:
        while self._buffer:
            cut = self._buffer.find("<")
            if cut != 0:
                cut = len(self._buffer) if cut < 0 else cut
                yield from self._text(self._take(cut))
                continue
            if self._buffer.startswith("<!--") and self._block == "final":
                end = self._buffer.find("-->", 0, COMMENT_MAX)
                if end < 0 and len(self._buffer) < COMMENT_MAX and not is_last:
                    return
                if end >= 0 and self._take_queries(end + len("-->")):
                    continue
            match = _TAG.match(self._buffer)
            if match is not None:
                self._take(match.end())
                yield from self._tag(match[2], is_close=bool(match[1]))
            elif self._may_become_tag() and not is_last:
                return
            else:
                yield from self._text(self._take(1))

    def _may_become_tag(self) -> bool:
        rest = self._buffer[1:]
        return ">" not in rest and "<" not in rest and len(rest) < TAG_MAX

    def _take_queries(self, end: int) -> bool:
        """Return whether the comment in front was the query block, which is then taken out."""
        match = _QUERIES.fullmatch(self._buffer[:end])
        if match is None:
            return False
        self._take(end)
        try:
            self._queries = clean_queries(json.loads(match[1]))
        except (ValueError, RecursionError):
            self._queries = []
        return True

    def _text(self, text: str) -> Iterator[Event]:
        if self._in_title or self._block == "serp":
            self._kept += text
        elif self._block == "thinking" and self._phase:
            yield from self._phase_text(text)
        elif self._block == "final":
            yield from self._solid(text, "final_delta", {})

    def _phase_text(self, text: str) -> Iterator[Event]:
        if not self._is_titled:
            if not text.strip():
                return
            yield from self._start_phase("")
        yield from self._solid(text, "phase_delta", {"id": self._phase})

    def _solid(self, text: str, name: str, data: dict[str, Any]) -> Iterator[Event]:
        """Yield the text; white space at its end waits until more follows, at the start it goes."""
        if name not in self._done:
            text = text.lstrip()
        body = text.rstrip()
        if not body:
            self._blanks += text
            return
        self._done.add(name)
        yield name, {**data, "text": self._blanks + body}
        self._blanks = text[len(body) :]

    def _start_phase(self, title: str) -> Iterator[Event]:
        self._is_titled = True
        self._done.discard("phase_delta")
        self._blanks = ""
        yield "phase_start", {"id": self._phase, "title": title or f"阶段{self._phase}"}

    def _tag(self, name: str, *, is_close: bool) -> Iterator[Event]:
        if name == "thinking":
            yield from self._end_thinking() if is_close else self._begin_thinking()
        elif name == "final":
            yield from self._end_final() if is_close else self._begin_final()
        elif name == "phase" and self._block == "thinking":
            yield from self._end_phase() if is_close else self._begin_phase()
        elif name == "title" and self._phase:
            yield from self._title(is_close=is_close)
        elif name in ("serp", "think"):
            yield from self._plain_block(name, is_close=is_close)

    def _plain_block(self, name: str, *, is_close: bool) -> Iterator[Event]:
        if not is_close:
            if not self._block:
                self._block, self._kept = name, ""
            return
        if self._block != name:
            return
        self._block = ""
        text = self._kept.strip()
        if name == "serp" and text and not {"serp", "thinking"} & self._done:
            self._done.add("serp")
            yield "serp_summary", {"text": text}

    def _begin_thinking(self) -> Iterator[Event]:
        if "thinking" not in self._done:
            self._done.add("thinking")
            self._block = "thinking"
            yield "thinking_start", {}

    def _end_thinking(self) -> Iterator[Event]:
        if self._block == "thinking":
            yield from self._end_phase()
            self._block = ""
            yield "thinking_end", {}

    def _begin_phase(self) -> Iterator[Event]:
        yield from self._end_phase()
        self._count += 1
        self._phase = self._count
        self._is_titled = False

    def _end_phase(self) -> Iterator[Event]:
        if not self._phase:
            return
        if self._in_title:
            yield from self._title(is_close=True)
        if not self._is_titled:
            yield from self._start_phase("")
        self._phase = 0
        self._blanks = ""

    def _title(self, *, is_close: bool) -> Iterator[Event]:
        if not is_close:
            if not self._is_titled:
                self._in_title, self._kept = True, ""
            return
        if self._in_title:
            self._in_title = False
            yield from self._start_phase(self._kept.strip())

    def _begin_final(self) -> Iterator[Event]:
        if "final" in self._done:
            return
        if self._block == "thinking":
            yield from self._end_thinking()
        self._done.add("final")
        self._block = "final"
        self._blanks = ""

    def _end_final(self) -> Iterator[Event]:
        if "final" not in self._done or "end" in self._done:
            return
        self._done.add("end")
        self._block = ""
        if self._queries and "final_delta" in self._done:
            yield "serp_queries", {"queries": self._queries}
        if "final_delta" in self._done:
            yield "final_end", {}

    def _take(self, count: int) -> str:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
