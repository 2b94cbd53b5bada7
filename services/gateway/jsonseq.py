"""Pure: JSONSeq v1 events out of a model's text: JSON lines, ThinkingML or plain text (contract 4)."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from services.gateway.jsonseq_lines import LinesSource
from services.gateway.jsonseq_tags import TagsSource, find_tag
from services.gateway.pieces import PIECE_MAX, pieces

Event = tuple[str, dict[str, Any]]
PLAIN_AFTER = 512  # characters without a structure
FILL_TITLE = "格式修复"
FILL_TEXT = "上游输出未包含结构化 thinking/final，已按纯文本兜底。"
ERROR_MARKER = "<<ParsingError>>"
_CUT_FIELDS = {"phase_delta": "text", "final_delta": "text"}


class Source(Protocol):
    """One source format: text in, events in order out."""

    def feed(self, text: str) -> Iterator[Event]:
        """Yield the events that are complete."""
        ...

    def finish(self) -> Iterator[Event]:
        """Yield what the end completes."""
        ...


class JsonSeq:
    """Feed it text, send the events that come back; finish() fills what is missing."""

    def __init__(self) -> None:
        """Start before the first character, the source format unknown."""
        self._waiting = ""
        self._source: Source | None = None
        self._seen: set[str] = set()
        self.reply_len = 0  # characters of phase and final texts
        self.filled: dict[str, None] = {}  # plain_text, filled_phase, filled_final: what we made up

    def feed(self, text: str) -> list[Event]:
        """Return the events that are complete now."""
        if self._source is None:
            self._waiting += text
            if not self._decide(is_last=False):
                return []
            text, self._waiting = self._waiting, ""
        assert self._source is not None
        return self._out(self._source.feed(text))

    def finish(self) -> list[Event]:
        """Return the last events, with every missing part filled in."""
        events: list[Event] = []
        if self._source is None and self._waiting.strip():
            self._decide(is_last=True)
            text, self._waiting = self._waiting, ""
            assert self._source is not None
            events += self._out(self._source.feed(text))
        if self._source is not None:
            events += self._out(self._source.finish())
        return events + self._fill()

    def _decide(self, *, is_last: bool) -> bool:
        """Choose the source format; look for tags in the first 512 characters only."""
        start = self._waiting.lstrip()
        if start.startswith("{"):
            self._source = LinesSource()
        elif (tag := find_tag(self._waiting)) is not None and tag < PLAIN_AFTER:
            self._source = TagsSource()
        elif is_last or len(self._waiting) >= PLAIN_AFTER + len("<thinking>"):
            self._source = _PlainSource()
            self.filled["plain_text"] = None
        return self._source is not None

    def _out(self, events: Iterator[Event]) -> list[Event]:
        out: list[Event] = []
        for name, data in events:
            if "final_end" in self._seen:
                break
            field = _CUT_FIELDS.get(name)
            self._seen.add(name)
            if field is None:
                out.append((name, data))
                continue
            text = str(data[field])
            self.reply_len += len(text)
            out += [(name, {**data, field: piece}) for piece in pieces(text, PIECE_MAX)]
        return out

    def _fill(self) -> list[Event]:
        missing: list[Event] = []
        seen = self._seen
        if "thinking_start" not in seen:
            missing.append(("thinking_start", {}))
        if "phase_start" not in seen and "thinking_end" not in seen:
            missing += _filled_phase()
            self.filled["filled_phase"] = None
        if "thinking_end" not in seen:
            missing.append(("thinking_end", {}))
        if "final_delta" not in seen:
            missing.append(("final_delta", {"text": ERROR_MARKER}))
            self.filled["filled_final"] = None
        if "final_end" not in seen:
            missing.append(("final_end", {}))
        return self._out(iter(missing))


class _PlainSource:
    """Text without any structure: one phase that says so, then the text as the final answer."""

    def __init__(self) -> None:
        self._begun = False

    def feed(self, text: str) -> Iterator[Event]:
        """Yield the made-up thinking once, then the text."""
        if not self._begun:
            self._begun = True
            yield "thinking_start", {}
            yield from _filled_phase()
            yield "thinking_end", {}
        if text:
            yield "final_delta", {"text": text}

    def finish(self) -> Iterator[Event]:
        """Yield the end."""
        yield "final_end", {}


def _filled_phase() -> list[Event]:
    phase: Mapping[str, Any] = {"id": 1, "title": FILL_TITLE}
    return [("phase_start", dict(phase)), ("phase_delta", {"id": 1, "text": FILL_TEXT})]
