"""Board: the newest states of every model of one target, kept in memory, rebuilt from the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.accounts.types import UserType
from services.e2e.matrix import NONE, Line
from services.e2e.types import (
    CODE_STATUS,
    GOOD,
    JUDGED,
    REAL,
    STATUS_CODES,
    Cell,
    CellStatus,
    ChangeSinceSeen,
    Dot,
    Health,
    Launch,
)

DEPTH = 100  # launches remembered for a streak
_REAL_CODES = {STATUS_CODES[status] for status in REAL}
_GOOD_CODES = {STATUS_CODES[status] for status in GOOD}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
Key = tuple[str, str]  # model key, user type


@dataclass(slots=True)
class Track:
    """One model and user type: its real states by launch, oldest first, and its newest real cell."""

    states: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    cell: Cell | None = None
    dot: Dot | None = None  # made once a state

    def note(self, cell: Cell) -> None:
        """Add the newest real state; a later verdict of the same launch replaces the earlier."""
        if self.states and self.states[-1][0] == cell.launch_no:
            self.states.pop()
        self.states.append((cell.launch_no, STATUS_CODES[cell.status]))
        del self.states[:-DEPTH]
        self.cell, self.dot = cell, None

    def streak(self) -> tuple[int, int]:
        """Return how many launches in a row showed the present state, and the first of them."""
        count, first = 0, 0
        for launch_no, code in reversed(self.states):
            if code != self.states[-1][1]:
                break
            count, first = count + 1, launch_no
        return count, first

    def at(self, launch_no: int) -> str:
        """Return the real state as of that launch, or the oldest known; empty without any."""
        known = [code for number, code in self.states if number <= launch_no]
        return known[-1] if known else self.states[0][1] if self.states else ""


class Board:
    """What Overview shows of one target, updated cell by cell."""

    def __init__(self, target_id: int) -> None:
        """Start without a state."""
        self.target_id = target_id
        self._tracks: dict[Key, Track] = {}
        self._begun: dict[int, datetime] = {}  # start of each launch
        self.asked: tuple[str, ...] = ()  # models of the newest launch that asked all
        self.sign_in_down = ""

    def fill(
        self,
        launches: Sequence[Launch],
        lines: Mapping[Key, Line],
        newest: Iterable[Cell],
    ) -> None:
        """Rebuild from the store: launches oldest first, their lines, and the newest real cells."""
        self._begun = {launch.launch_no: launch.started_at for launch in launches}
        for key, line in lines.items():
            track = self._tracks.setdefault(key, Track())
            track.states = [
                (launch.launch_no, code)
                for launch, code in zip(launches, line.codes, strict=True)
                if code in _REAL_CODES
            ]
        for cell in newest:
            self._tracks[cell.model_key, str(cell.user_type)].cell = cell
        self.asked = _asked(launches, lines)

    def add_older(self, cell: Cell, states: list[tuple[int, str]]) -> int:
        """Add a model's newest real cell and states, oldest first; return its streak's first launch."""
        track = self._tracks[cell.model_key, str(cell.user_type)] = Track(states, cell)
        return track.streak()[1]

    def begin(self, launch: Launch) -> None:
        """Note that a launch started."""
        self._begun[launch.launch_no] = launch.started_at
        if len(self._begun) > 4 * DEPTH:
            for old in sorted(self._begun)[:-DEPTH]:
                del self._begun[old]

    @property
    def newest_launch_no(self) -> int:
        """The newest launch there was."""
        return max(self._begun, default=0)

    def note(self, cell: Cell) -> bool:
        """Take a cell that ended; return whether it says anything about the model."""
        if cell.status not in REAL:
            return False
        self._tracks.setdefault((cell.model_key, str(cell.user_type)), Track()).note(cell)
        return True

    def dots(self, mapped: Iterable[str]) -> tuple[Dot, ...]:
        """Return a dot for each mapped model and user type that was ever judged."""
        found: list[Dot] = []
        for model in mapped:
            for user_type in UserType:
                track = self._tracks.get((model, str(user_type)))
                if track is not None and track.cell is not None:
                    track.dot = track.dot or self._dot(track, track.cell)
                    found.append(track.dot)
        return tuple(found)

    def _dot(self, track: Track, cell: Cell) -> Dot:
        streak, first = track.streak()
        at = cell.at or self._begun.get(cell.launch_no) or _LONG_AGO
        return Dot(
            model_key=cell.model_key,
            user_type=cell.user_type,
            status=cell.status,
            cause=cell.cause,
            at=at,
            error=cell.error,
            latency_ms=cell.latency_ms,
            ttft_ms=cell.ttft_ms,
            cell_id=cell.id,
            is_demo=cell.is_demo,
            provider=cell.endpoint_name or cell.provider,
            streak=max(1, streak),
            since=self._begun.get(first, at),
        )

    def health(
        self, mapped: Sequence[str], running: Launch | None, done: int, total: int
    ) -> Health:
        """Return the present health over the mapped models."""
        dots = self.dots(mapped)
        judged = [dot for dot in dots if dot.status in JUDGED]
        return Health(
            dots=dots,
            mapped=tuple(mapped),
            judged=len(judged),
            good=sum(dot.status in GOOD for dot in judged),
            not_judged=len(dots) - len(judged),
            judged_at=max((dot.at for dot in dots), default=None),
            running=running,
            done=done,
            total=total,
            sign_in_down=self.sign_in_down,
        )

    def since(self, launch_no: int, mapped: Iterable[str]) -> list[ChangeSinceSeen]:
        """Return the models that broke or recovered after that launch, broken first, newest first."""
        changes: list[ChangeSinceSeen] = []
        for dot in self.dots(mapped):
            was = self._tracks[dot.model_key, str(dot.user_type)].at(launch_no)
            now = STATUS_CODES[dot.status]
            if was and (was in _GOOD_CODES) != (now in _GOOD_CODES):
                changes.append(
                    ChangeSinceSeen(
                        dot.model_key,
                        dot.user_type,
                        CODE_STATUS[was],
                        dot.status,
                        dot.at,
                        dot.cause,
                    )
                )
        changes.sort(key=lambda c: (c.now in GOOD, -c.at.timestamp(), c.model_key))
        return changes

    def failing_providers(self, mapped: Iterable[str]) -> int:
        """Return how many providers have a failed model now: each may cost one extra call."""
        return len(
            {
                dot.provider or dot.model_key
                for dot in self.dots(mapped)
                if dot.status is CellStatus.FAILED
            }
        )


def _asked(launches: Sequence[Launch], lines: Mapping[Key, Line]) -> tuple[str, ...]:
    """Return the models of the newest launch that asked all, else of the one that asked most."""
    by_launch: list[dict[str, None]] = [{} for _ in launches]
    for (model, _), line in lines.items():
        for models, code in zip(by_launch, line.codes, strict=True):
            if code != NONE:
                models[model] = None
    for launch, models in zip(reversed(launches), reversed(by_launch), strict=True):
        if models and not launch.is_partial:
            return tuple(models)
    return tuple(max(by_launch, key=len)) if by_launch else ()
