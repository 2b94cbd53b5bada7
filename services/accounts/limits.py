"""How often one address may try to sign up or in."""

from collections import OrderedDict, deque
from collections.abc import Callable

from services.accounts.types import SignInRefusedError

_MAX_ADDRESSES = 10_000


class AttemptLimit:
    """A sliding window of attempts for each address, bounded in memory."""

    def __init__(self, attempts: int, window_s: int, monotonic: Callable[[], float]) -> None:
        """Allow that many attempts in each window; 0 or less allows any number."""
        self._attempts = attempts
        self._window_s = window_s
        self._monotonic = monotonic
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Note one attempt; raise SignInRefusedError 429 when it is one too many."""
        if self._attempts <= 0:
            return
        now = self._monotonic()
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if len(times) >= self._attempts:
            wait_s = int(times[0] + self._window_s - now) + 1
            raise SignInRefusedError(
                429, "over_request_rate_limit", "Request rate limit reached", retry_after_s=wait_s
            )
        times.append(now)
        while len(self._seen) > _MAX_ADDRESSES:
            self._seen.popitem(last=False)
