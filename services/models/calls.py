"""Pure: what real calls to endpoints came to since the start, and when one deserves a look."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.models.types import CallCounts

SUSPECT_AFTER = 3  # failed calls in a row
LOOK_GAP_S = 60.0  # between two looks that calls asked for


@dataclass(slots=True)
class _Watched:
    counts: CallCounts
    looked_at_s: float | None = None


class CallWatch:
    """Counts by endpoint; as many entries as there are endpoints."""

    def __init__(self) -> None:
        """Start without a call."""
        self._by_id: dict[int, _Watched] = {}

    def note(self, endpoint_id: int, *, ok: bool, now_s: float) -> bool:
        """Count a call that ended at `now_s` (monotonic); return whether a look is due because of it."""
        watched = self._by_id.setdefault(endpoint_id, _Watched(CallCounts()))
        counts = watched.counts
        watched.counts = replace(
            counts,
            calls=counts.calls + 1,
            failures=counts.failures + (not ok),
            failed_in_a_row=0 if ok else counts.failed_in_a_row + 1,
        )
        if watched.counts.failed_in_a_row < SUSPECT_AFTER:
            return False
        last = watched.looked_at_s
        if last is not None and now_s - last < LOOK_GAP_S:
            return False
        watched.looked_at_s = now_s
        return True

    def counts(self) -> Mapping[int, CallCounts]:
        """Return the counts by endpoint."""
        return {endpoint_id: watched.counts for endpoint_id, watched in self._by_id.items()}
