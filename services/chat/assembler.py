"""Assembler: server-sent events in, what is known of the reply out."""

import json
import math
from collections.abc import Mapping, Sequence
from operator import lt
from typing import Any, cast

import orjson

from services.chat.rules import clean
from services.chat.structured import EVENT_NAMES, INVALID, join_text, visible_text_of
from services.chat.types import ChatEvent, Outcome, Reply

TERMINALS = ("completed", "error")
_MAX_INVALID = 200  # characters kept of data that is not an object
_MAX_DIGITS = 18
_NUL = b"\\u0000"  # as JSON writes it; no store keeps it in a text
_NOTHING: Mapping[str, Any] = {}


class Assembler:
    """Collects the events of one message; after the terminal event nothing counts."""

    first_event_ms: float | None = None  # heartbeats do not count
    first_delta_ms: float | None = None
    terminal: ChatEvent | None = None
    count = 0
    _routed: Mapping[str, Any] = _NOTHING
    _last: Mapping[str, Any] = _NOTHING
    _highest = -math.inf  # seq, while each is above the one before
    _seen: set[int] | None = None  # made with the first seq that is not

    def __init__(self, request_id: str, message_id: str) -> None:
        """Start before the first event."""
        self._request_id, self.message_id = request_id, message_id
        self._texts: list[str] = []
        self._seqs: list[int | None] = []  # of each text
        self._structured: list[tuple[str, Mapping[str, Any]]] = []
        self._flags: dict[str, None] = {}

    def flag(self, oddity: str) -> None:
        """Remember an oddity once."""
        self._flags.setdefault(oddity)

    def take(self, name: str, raw: str, at_ms: float) -> ChatEvent | None:
        """Return the event as it counts, None after the terminal one; unknown names are kept out."""
        if self.terminal is not None:
            self.flag("events_after_terminal")
            return None
        data = self._last = self._read(raw)
        self.count += 1
        if self.first_event_ms is None and name != "heartbeat":
            self.first_event_ms = at_ms
        event = ChatEvent(name, data, at_ms)
        if data.get("request_id", self._request_id) != self._request_id:
            self.flag("request_id_mismatch")
        if data.get("message_id", self.message_id) != self.message_id:
            self.flag("message_id_mismatch")
        if name == "content_delta":
            self._take_delta(data, at_ms)
        else:
            self._sort_in(event)
        return event

    def take_all(self, events: Sequence[tuple[str, str]], at_ms: float) -> None:
        """Take the events of reads of which nobody wants to know each moment."""
        for name, raw in events:
            if name != "content_delta" or not self._take_plain(raw, at_ms):
                self.take(name, raw, at_ms)

    def take_deltas(self, raws: Sequence[bytes], at_ms: float) -> bool:
        """Take the data of content_delta events; return False, nothing taken, when one is no JSON."""
        try:
            values = list(map(orjson.loads, raws))
        except orjson.JSONDecodeError:
            return False
        if _NUL in b"".join(raws):
            return False
        if self.first_delta_ms is not None and self._take_values(values):
            return True
        for data, raw in zip(values, raws, strict=True):
            if not self._take_value(data, at_ms):
                self.take("content_delta", raw.decode(), at_ms)
        return True

    def _take_values(self, values: Sequence[Any]) -> bool:
        """Take pieces of text that are all as they should be; return False, nothing taken, if not."""
        if not values or self.terminal is not None or self._seen is not None:
            return False
        try:
            texts = [value["delta"] for value in values]
            seqs = [value["seq"] for value in values]
            messages = {value.get("message_id", self.message_id) for value in values}
            requests = {value.get("request_id", self._request_id) for value in values}
        except (KeyError, TypeError, AttributeError):
            return False
        if (
            set(map(type, texts)) != {str}
            or set(map(type, seqs)) != {int}
            or seqs[0] <= self._highest
            or not all(map(lt, seqs, seqs[1:]))
            or messages != {self.message_id}
            or requests != {self._request_id}
        ):
            return False
        self._highest = seqs[-1]
        self._seqs += seqs
        self._texts += texts
        self.count += len(values)
        self._last = values[-1]
        return True

    def _take_plain(self, raw: str, at_ms: float) -> bool:
        """Take a piece of text that is as it should be; return False for one to be looked at."""
        try:
            data = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return False
        return "\\u0000" not in raw and self._take_value(data, at_ms)

    def _take_value(self, value: Any, at_ms: float) -> bool:
        if type(value) is not dict or self.terminal is not None:
            return False
        data = cast(dict[str, Any], value)
        text, seq = data.get("delta"), data.get("seq")
        if (
            type(text) is not str
            or type(seq) is not int
            or seq <= self._highest
            or self._seen is not None
            or data.get("request_id", self._request_id) != self._request_id
            or data.get("message_id", self.message_id) != self.message_id
        ):
            return False
        self._highest = seq
        self._seqs.append(seq)
        self._texts.append(text)
        self.count += 1
        self._last = data
        if self.first_delta_ms is None:
            if self.first_event_ms is None:
                self.first_event_ms = at_ms
            self._note_visible(text, at_ms)
        return True

    def _sort_in(self, event: ChatEvent) -> None:
        name, data = event.name, event.data
        if name in TERMINALS:
            self.terminal = event
        elif name in EVENT_NAMES:
            self._structured.append((name, data))
            self._note_visible(visible_text_of(name, data), event.at_ms)
        elif name == "status" and data.get("state") == "routed":
            self._routed = data

    def _take_delta(self, data: Mapping[str, Any], at_ms: float) -> None:
        text, seq = data.get("delta"), data.get("seq")
        if not isinstance(text, str):
            self.flag("bad_json_event")
            return
        number = seq if type(seq) is int else None
        if number is None:
            self.flag("missing_seq")
        elif not self._is_new(number):
            self.flag("duplicate_seq")
        self._seqs.append(number)
        self._texts.append(text)
        self._note_visible(text, at_ms)

    def _is_new(self, seq: int) -> bool:
        if self._seen is None:
            if seq > self._highest:
                self._highest = seq
                return True
            self._seen = {number for number in self._seqs if number is not None}
        if seq in self._seen:
            return False
        self._seen.add(seq)
        return True

    def _note_visible(self, text: str, at_ms: float) -> None:
        if self.first_delta_ms is None and text.strip():
            self.first_delta_ms = at_ms

    def _read(self, raw: str) -> Mapping[str, Any]:
        if "\\u0000" in raw or "\x00" in raw:  # no store keeps NUL in a text
            raw = raw.replace("\\u0000", "\\ufffd").replace("\x00", "\\ufffd")
            self.flag("nul_replaced")
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            value = read_json(raw)
        if isinstance(value, dict):
            return cast(dict[str, Any], value)
        self.flag("bad_json_event")
        return {INVALID: raw[:_MAX_INVALID]}

    def reply(self, base: Reply, secret: str = "") -> Reply:
        """Return the base filled with what arrived; a terminal event decides how it ended."""
        base.text = self._text()
        base.protocol = self._protocol()
        base.sequence = self._sequence()
        base.structured = tuple(self._structured)
        base.event_count = self.count
        base.routed = self._routed
        base.terminal = self._last
        base.was_flagged = tuple(self._flags)
        if self.terminal is None:
            return base
        if self.terminal.name == "completed":
            base.outcome, base.error, base.error_text = Outcome.COMPLETED, "", ""
        else:
            base.outcome = Outcome.ERROR_EVENT
            base.error, base.error_text = _error_of(self.terminal.data, secret)
        return base

    def _sequence(self) -> tuple[int, ...]:
        return tuple(seq for seq in self._seqs if seq is not None)

    def _protocol(self) -> str:
        if self._structured and self._texts:
            self.flag("mixed_protocols")
        return "jsonseq_v1" if self._structured else "thinkingml_v45"

    def _text(self) -> str:
        if self._structured and not self._texts:
            return join_text(self._structured)[0]
        if self._seen is None or None in self._seqs:  # in order, or without one
            return "".join(self._texts)
        by_seq: dict[int, str] = {}
        for seq, text in zip(self._sequence(), self._texts, strict=True):
            by_seq.setdefault(seq, text)
        return "".join(by_seq[seq] for seq in sorted(by_seq))


def read_json(raw: str) -> Any:
    """Return the value of a JSON text fit for any store; None when it is not JSON."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates and endless numbers: legal JSON that no store takes
        value = json.loads(raw, parse_constant=_refuse, parse_int=_whole, parse_float=_finite)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _whole(text: str) -> float | str:
    return int(text) if len(text) <= _MAX_DIGITS else _finite(text)


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _error_of(data: Mapping[str, Any], secret: str) -> tuple[str, str]:
    texts = [data.get(name) for name in ("code", "message", "error", "msg")]
    code, *others = [clean(t, secret) if isinstance(t, str) else "" for t in texts]
    text = next((other for other in others if other), "")
    return code or "error_event", text or code
