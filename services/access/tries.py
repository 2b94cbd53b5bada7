"""Tries: after five failed sign-ins of an account or an address, each further one has to wait."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.access.types import EntryRefusedError

FREE_TRIES = 5
FIRST_WAIT_S = 5
ADDRESS_WAIT_MAX_S = 900
ACCOUNT_WAIT_MAX_S = 60  # somebody else's guessing must not lock its owner out
FORGOTTEN_S = 3_600.0  # without a further failure
SUBJECTS_MAX = 10_000


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0  # monotonic seconds
    free_at: float = 0.0


class Tries:
    """Counts failures by account and by address; memory is bounded, the oldest are forgotten."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start with none."""
        self._monotonic = monotonic
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def begin(self, account: str, address: str) -> None:
        """Count a try as failed until it succeeds; raise EntryRefusedError while one must wait.

        It is counted before the password is looked at: many tries at once get no more than one.
        """
        now = self._monotonic()
        wait_s = max(
            (
                record.free_at - now
                for key, _ in _subjects(account, address)
                if (record := self._records.get(key)) is not None
            ),
            default=0.0,
        )
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise EntryRefusedError("Too many failed tries. Wait {n} s", wait_s=seconds, n=seconds)
        for key, longest_s in _subjects(account, address):
            self._count(key, longest_s, now)

    def succeed(self, account: str, address: str) -> None:
        """Forget the failures of this account and address."""
        for key, _ in _subjects(account, address):
            self._records.pop(key, None)

    def _count(self, key: str, longest_s: int, now: float) -> None:
        record = self._records.setdefault(key, _Record())
        self._records.move_to_end(key)
        if now - record.last > FORGOTTEN_S:
            record.failures = 0
        record.failures += 1
        record.last = now
        over = record.failures - FREE_TRIES
        if over >= 0:
            record.free_at = now + min(longest_s, FIRST_WAIT_S * 2 ** min(over, 10))
        while len(self._records) > SUBJECTS_MAX:
            self._records.popitem(last=False)


def _subjects(account: str, address: str) -> Iterator[tuple[str, int]]:
    yield f"account:{account[:40]}", ACCOUNT_WAIT_MAX_S
    yield f"address:{address[:64]}", ADDRESS_WAIT_MAX_S
