"""Patience: how long a writer offers rows to the database itself before the journal takes them."""

from services.foundation.clock import Clock

REFUSALS = 2  # in a row, then what waits is handed over
THEN_S = 30.0  # and again after so long, while the database goes on refusing


class Patience:
    """One writer's; a database that takes a change starts it anew."""

    def __init__(self, clock: Clock, then_s: float = THEN_S) -> None:
        """Start with a database that takes everything."""
        self._clock = clock
        self._then_s = then_s
        self._refusals = 0
        self._handed_at: float | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the last change was refused."""
        return self._refusals > 0

    def accepted(self) -> None:
        """Note a change that was taken."""
        self._refusals = 0
        self._handed_at = None

    def refused(self) -> bool:
        """Note a refusal; return whether it is time to hand over what waits."""
        self._refusals += 1
        if self._refusals < REFUSALS:
            return False
        now = self._clock.monotonic()
        if self._handed_at is not None and now - self._handed_at < self._then_s:
            return False
        self._handed_at = now
        return True
