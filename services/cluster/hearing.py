"""Hearing: what another console changed is read again here, soon and once, whatever came how often."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from services.foundation.clock import Clock
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
SOON_S = 0.05  # notices of one moment are answered by one read
Read = Callable[[], Awaitable[object]]
Words = Mapping[str, str]


@dataclass(slots=True, eq=False)
class _Reader:
    name: str
    read: Read
    is_wanted: bool = False
    is_reading: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What one transaction of another console changed and said."""

    tables: frozenset[str] = frozenset()
    said: tuple[Words, ...] = field(default=())


def read_news(payload: str, own_boot_id: str) -> News:
    """Return the news of a notice; empty for our own and for what is no notice of ours."""
    try:
        value: Any = json.loads(payload)
    except ValueError:
        return News()
    if not isinstance(value, dict):
        return News()
    notice = cast("dict[str, Any]", value)
    if notice.get("by") == own_boot_id:
        return News()
    tables, said = notice.get("of"), notice.get("said")
    names = cast("list[object]", tables) if isinstance(tables, list) else []
    words = cast("list[object]", said) if isinstance(said, list) else []
    return News(
        frozenset(str(name) for name in names),
        tuple(cast("Words", one) for one in words if isinstance(one, dict)),
    )


class Hearing:
    """Which tables concern whom."""

    def __init__(self, clock: Clock, tasks: Tasks) -> None:
        """Start without anybody."""
        self._clock = clock
        self._tasks = tasks
        self._readers: dict[str, list[_Reader]] = {}
        self._sayings: dict[str, Callable[[Words], None]] = {}

    @property
    def tables(self) -> frozenset[str]:
        """Every table somebody wants to hear of."""
        return frozenset(self._readers)

    def on(self, name: str, tables: Collection[str], read: Read) -> None:
        """Read again whenever another console changed one of the tables, or said a word among them."""
        reader = _Reader(name, read)
        for table in tables:
            self._readers.setdefault(table, []).append(reader)

    def on_said(self, kind: str, heed: Callable[[Words], None]) -> None:
        """Heed what another console says of that kind."""
        self._sayings[kind] = heed

    def hear(self, news: News) -> None:
        """Read what concerns somebody, and heed what was said."""
        for table in news.tables:
            for reader in self._readers.get(table, ()):
                self._want(reader)
        for words in news.said:
            kind = words.get("kind", "")
            for reader in self._readers.get(kind, ()):
                self._want(reader)
            if kind in self._sayings:
                self._sayings[kind](words)

    def hear_all(self) -> None:
        """Read everything again: for a while nothing was heard."""
        for reader in {one for readers in self._readers.values() for one in readers}:
            self._want(reader)

    def _want(self, reader: _Reader) -> None:
        reader.is_wanted = True
        if not reader.is_reading:
            reader.is_reading = True
            self._tasks.start(self._read(reader), f"hear {reader.name}")

    async def _read(self, reader: _Reader) -> None:
        try:
            while reader.is_wanted:
                await self._clock.sleep(SOON_S)
                reader.is_wanted = False
                await reader.read()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # boundary: a store that is gone is read again later
            _log.warning("%s of another console could not be read: %s", reader.name, error)
        finally:
            reader.is_reading = False
