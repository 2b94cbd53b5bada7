"""Roster: the executions that have not ended, in start order, and who may run next."""

from collections import Counter
from collections.abc import Iterator

from services.executions.running import Running
from services.executions.types import Execution

ENDED_KEPT = 100


class Roster:
    """What is open, by memory; a limit over all kinds and one for each kind."""

    def __init__(self) -> None:
        """Start empty."""
        self._runs: dict[str, Running] = {}
        self._ended: dict[str, Execution] = {}  # the last few, oldest first
        self.abroad: dict[str, Execution] = {}  # open ones of other consoles on the same store

    def __iter__(self) -> Iterator[Running]:
        """Walk the open runs, oldest first."""
        return iter(tuple(self._runs.values()))

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._runs)

    def add(self, run: Running) -> None:
        """Take in a new run, behind the others."""
        self._runs[run.execution.execution_id] = run

    def remove(self, run: Running) -> None:
        """Let go of a run that has ended."""
        key = run.execution.execution_id
        self._runs.pop(key, None)
        self._ended[key] = run.execution
        if len(self._ended) > ENDED_KEPT:
            self._ended.pop(next(iter(self._ended)))

    def ended(self, execution_id: str) -> Execution | None:
        """Return how a run ended just now; a row read a moment before may not know it yet."""
        return self._ended.get(execution_id)

    def find(self, key: str) -> Running | None:
        """Return the open run of that text id or number."""
        run = self._runs.get(key)
        if run is None and key.isascii() and key.isdigit():
            number = int(key)
            run = next((r for r in self._runs.values() if r.execution.id == number), None)
        return run

    def of_kind(self, name: str) -> Running | None:
        """Return the oldest open run of the kind."""
        return next((run for run in self._runs.values() if run.kind.name == name), None)

    def parts_of(self, parent: Running) -> list[Running]:
        """Return the open parts of a run, oldest first."""
        return [run for run in self._runs.values() if run.parent is parent]

    @property
    def admitted(self) -> int:
        """How many run now."""
        return sum(run.is_admitted for run in self._runs.values())

    def waiting(self) -> list[Running]:
        """Return the queue, next first."""
        return [run for run in self._runs.values() if not run.is_admitted]

    def places(self) -> dict[str, int]:
        """Return the place of each waiting run, counted from 1."""
        return {r.execution.execution_id: n for n, r in enumerate(self.waiting(), 1)}

    def admit(self, limit: int) -> list[Running]:
        """Return the runs that may run now, marked as admitted, in start order.

        A part of another run has the place of that run: with a place of its own a full console of
        waiting parents would never end. The limit of its kind holds for it too, but those it is a
        part of do not count.
        """
        taken = sum(run.is_admitted and run.parent is None for run in self._runs.values())
        kinds = Counter(run.kind.name for run in self._runs.values() if run.is_admitted)
        ready: list[Running] = []
        for run in self.waiting():
            if run.stop_as is not None or (run.parent is None and taken >= limit):
                continue
            if run.kind.limit and kinds[run.kind.name] - _above(run) >= run.kind.limit:
                continue
            run.is_admitted = True
            taken += run.parent is None
            kinds[run.kind.name] += 1
            ready.append(run)
        return ready

    def present(self) -> tuple[Execution, ...]:
        """Return what is open as pages show it, oldest first."""
        own = [run.snapshot() for run in self._runs.values()]
        if self.abroad:
            own = sorted([*own, *self.abroad.values()], key=lambda one: one.id)
        return tuple(own)


def _above(run: Running) -> int:
    """Return how many of those the run is a part of are of its own kind."""
    count, above = 0, run.parent
    while above is not None:
        count += above.kind.name == run.kind.name
        above = above.parent
    return count
