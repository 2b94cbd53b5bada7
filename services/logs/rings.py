"""Rings: the newest lines in memory, a ring for each level and one for all of them."""

from collections import deque
from collections.abc import Iterable

from services.logs.rules import FLOORS, fair, matches, ring_of
from services.logs.types import LogEntry, LogFilter, LogLevel, LogNews

TAIL = 1_000  # lines of any level, for pages that follow


class Rings:
    """Bounded, whatever is logged; many INFO lines never push out an error. Not locked by itself."""

    def __init__(self, size: int) -> None:
        """Keep that many lines of each level."""
        self._levels: dict[LogLevel, deque[LogEntry]] = {
            level: deque(maxlen=size) for level in LogLevel
        }
        self._tail: deque[LogEntry] = deque(maxlen=TAIL)
        self.seq = 0  # of the newest line

    def resize(self, size: int) -> None:
        """Keep another number of lines of each level, from now on."""
        self._levels = {level: deque(ring, maxlen=size) for level, ring in self._levels.items()}

    def add(self, entry: LogEntry) -> None:
        """Keep one more."""
        self.seq = entry.seq
        self._levels[ring_of(entry.level_no)].append(entry)
        self._tail.append(entry)

    def recent(self, level: LogLevel, limit: int) -> list[LogEntry]:
        """Return the newest lines of this level and above, newest first; each level has its share."""
        return fair([list(self._levels[one]) for one in _from(level)], limit)

    def since(self, seq: int, wanted: LogFilter, limit: int) -> LogNews:
        """Return what came after that line."""
        came = self.seq - seq
        if came <= 0:
            return LogNews((), self.seq)
        found = {entry.seq: entry for entry in _newer(self._tail, seq)}
        for ring in self._levels.values():
            found.update((entry.seq, entry) for entry in _newer(ring, seq))
        groups: dict[LogLevel, list[LogEntry]] = {level: [] for level in LogLevel}
        for _, entry in sorted(found.items()):
            if matches(entry, wanted):
                groups[ring_of(entry.level_no)].append(entry)
        shown = fair(list(groups.values()), limit)
        missed = came - len(found) + sum(map(len, groups.values())) - len(shown)
        return LogNews(tuple(reversed(shown)), self.seq, missed)


def _from(level: LogLevel) -> list[LogLevel]:
    return [one for one in LogLevel if FLOORS[one] >= FLOORS[level]]


def _newer(ring: Iterable[LogEntry], seq: int) -> list[LogEntry]:
    return [entry for entry in ring if entry.seq > seq]
