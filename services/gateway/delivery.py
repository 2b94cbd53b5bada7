"""Pure: a supplier's deltas to the events of a result mode and an output protocol (contract 3.5)."""

from typing import Any

from services.gateway.jsonseq import JsonSeq
from services.gateway.pieces import pieces
from services.gateway.repair import Repairer
from services.settings.types import OutputProtocol, ResultMode
from services.suppliers.types import Delta

Event = tuple[str, dict[str, Any]]
RAW_DECIDES_FRAMES = 4
RAW_DECIDES_CHARACTERS = 4_096
RAW_FRAMES_MAX = 20
RAW_CHARACTERS_MAX = 8_000
KEPT_TEXT_MAX = 65_536  # characters kept for the conversation log


class Delivery:
    """One reply on its way; content_delta events carry `seq` from 1."""

    def __init__(self, mode: ResultMode, protocol: OutputProtocol, dialect: str) -> None:
        """Start before the first delta."""
        self._mode = mode
        self._dialect = dialect
        self._jsonseq = JsonSeq() if protocol is OutputProtocol.JSONSEQ else None
        repairs = mode is not ResultMode.RAW_PASSTHROUGH and self._jsonseq is None
        self._repairer = Repairer() if repairs else None
        self._raw: list[tuple[str, str]] = []  # supplier's event and data, until auto is decided
        self._is_raw = mode is ResultMode.RAW_PASSTHROUGH
        self._is_decided = mode is not ResultMode.AUTO
        self._seq = 0
        self._raw_seq = 0
        self._raw_left = RAW_CHARACTERS_MAX
        self._length = 0
        self.has_text = False  # anything but white space came from the supplier
        self.received = 0  # characters of supplier text
        self._kept: list[str] = []
        self._kept_length = 0

    @property
    def effective(self) -> ResultMode:
        """What the mode came out as."""
        return ResultMode.RAW_PASSTHROUGH if self._is_raw else ResultMode.XML_PLAINTEXT

    @property
    def reply_len(self) -> int:
        """Characters that were streamed as the reply."""
        return self._length if self._jsonseq is None else self._jsonseq.reply_len

    @property
    def repairs(self) -> list[str]:
        """What was repaired or made up, each word once."""
        if self._jsonseq is not None:
            return list(self._jsonseq.filled)
        return list(self._repairer.repairs) if self._repairer is not None else []

    @property
    def kept_text(self) -> str:
        """The beginning of what was streamed, for the log."""
        return "".join(self._kept)

    def feed(self, delta: Delta) -> list[Event]:
        """Return the events of one delta."""
        events: list[Event] = []
        if delta.text:
            self.received += len(delta.text)
            self.has_text = self.has_text or not delta.text.isspace()
            if not self._is_decided:
                self._is_decided = True
                self._raw.clear()
            events += self._text(delta.text)
        if self._mode is ResultMode.AUTO and delta.raw:
            events += self._raw_frame(delta)
        return events

    def finish(self) -> list[Event]:
        """Return the last events of a reply that ended well."""
        if not self._is_decided and self._raw:
            return self._become_raw()
        if self._jsonseq is not None:
            if self._is_raw and not self.has_text:
                return []
            return self._keep_texts(self._jsonseq.finish())
        if self._repairer is not None and not self._is_raw_in_auto:
            return self._content(self._repairer.finish())
        return []

    @property
    def _is_raw_in_auto(self) -> bool:
        return self._mode is ResultMode.AUTO and self._is_raw

    def _text(self, text: str) -> list[Event]:
        if self._jsonseq is not None:
            return self._keep_texts(self._jsonseq.feed(text))
        if self._repairer is not None and not self._is_raw_in_auto:
            text = self._repairer.feed(text)
        return self._content(text)

    def _content(self, text: str) -> list[Event]:
        self._length += len(text)
        self._keep(text)
        events: list[Event] = []
        for piece in pieces(text):
            self._seq += 1
            events.append(("content_delta", {"seq": self._seq, "delta": piece}))
        return events

    def _raw_frame(self, delta: Delta) -> list[Event]:
        if self._is_raw:
            return self._upstream_raw(delta.event, delta.raw)
        if self._is_decided:
            return []
        self._raw.append((delta.event, delta.raw))
        length = sum(len(raw) for _, raw in self._raw)
        if len(self._raw) >= RAW_DECIDES_FRAMES or length >= RAW_DECIDES_CHARACTERS:
            return self._become_raw()
        return []

    def _become_raw(self) -> list[Event]:
        self._is_raw = self._is_decided = True
        events = [event for name, raw in self._raw for event in self._upstream_raw(name, raw)]
        self._raw.clear()
        return events

    def _upstream_raw(self, name: str, raw: str) -> list[Event]:
        if self._raw_seq >= RAW_FRAMES_MAX or self._raw_left <= 0:
            return []
        self._raw_seq += 1
        shown = raw[: self._raw_left]
        self._raw_left -= len(shown)
        data = {
            "seq": self._raw_seq,
            "dialect": self._dialect,
            "upstream_event": name or None,
            "raw": shown,
            "raw_truncated": len(shown) < len(raw),
        }
        return [("upstream_raw", data)]

    def _keep_texts(self, events: list[Event]) -> list[Event]:
        for name, data in events:
            if name in ("phase_delta", "final_delta"):
                self._keep(str(data["text"]))
        return events

    def _keep(self, text: str) -> None:
        room = KEPT_TEXT_MAX - self._kept_length
        if room > 0 and text:
            self._kept.append(text[:room])
            self._kept_length += min(len(text), room)
