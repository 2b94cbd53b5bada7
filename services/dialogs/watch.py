"""Watch: the events of a running turn become lines, text and gaps, all bounded."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import orjson

from services.chat.structured import text_of, visible_text_of
from services.chat.types import ChatEvent
from services.dialogs.types import EVENTS_KEPT, EventLine, LiveDialog, Phase

DATA_MAX = 16_384  # characters of one event's data that are kept
DATA_TOTAL = 1_048_576  # of all of them; events after that keep their name, time and size
TEXT_MAX = 2_000_000  # characters of the reply shown while it runs
MASK = "***"


class Watch:
    """Hears one conversation; the token never gets into what it keeps."""

    def __init__(self, live: LiveDialog, token: str) -> None:
        """Write into `live` from now on."""
        self._live = live
        self._token = token
        self._data_size = 0
        self._text_size = 0
        self._text_at: list[float] = []  # when pieces of text came

    def hear(self, event: ChatEvent) -> None:
        """Keep the event."""
        live = self._live
        if live.phase in (Phase.SENDING, Phase.PAUSING):
            live.phase = Phase.STREAMING
        if len(live.events) < EVENTS_KEPT:
            live.events.append(self._line(event))
        if visible_text_of(event.name, event.data) or event.name == "content_delta":
            self._text_at.append(event.at_ms)
        self._add_text(event)

    def _line(self, event: ChatEvent) -> EventLine:
        data = orjson.dumps(event.data).decode()
        kept = ""
        if self._data_size < DATA_TOTAL:
            kept = hide(data, self._token)[:DATA_MAX]
            self._data_size += len(kept)
        at_ms = round(event.at_ms, 1)
        return EventLine(len(self._live.events) + 1, event.name[:60], at_ms, len(data), kept)

    def _add_text(self, event: ChatEvent) -> None:
        delta = event.data.get("delta") if event.name == "content_delta" else None
        text = delta if isinstance(delta, str) else text_of(event.name, event.data)
        if text and self._text_size < TEXT_MAX:
            self._live.pieces.append(text)
            self._text_size += len(text)

    def gaps(self) -> tuple[float | None, float | None]:
        """Return the median and the largest gap between pieces of text; None without two."""
        return gaps_of(self._text_at)

    @property
    def first_text_ms(self) -> float | None:
        """When the first text came."""
        return self._text_at[0] if self._text_at else None


def gaps_of(moments: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the median and the largest difference of neighbours; None without two moments."""
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    return (round(median(gaps), 1), round(max(gaps), 1)) if gaps else (None, None)


def hide(text: str, token: str) -> str:
    """Return the text without the token, which a server may have sent back."""
    return text.replace(token, MASK) if len(token) >= 8 else text
