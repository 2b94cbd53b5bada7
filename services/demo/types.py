"""Demo data: what is in the store, and what a fill or a removal did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.foundation.ids import DEMO_FIRST, DEMO_PAST, is_demo_id

__all__ = ["DEMO_FIRST", "DEMO_PAST", "DemoData", "is_demo_id"]

KIND = "demo_data"
DAYS_MOST = 90
DAYS_USUAL = 30
SEED = 7  # the same past for everybody; another number makes another one
FILL, REMOVE = "fill", "remove"


@dataclass(frozen=True, slots=True)
class DemoData:
    """What of demo data is in the store."""

    days: int
    seed: int
    made_at: datetime
    is_whole: bool  # False: the fill was stopped; filling again or removing mends it
    counts: Mapping[str, int] = field(default_factory=dict[str, int])  # table to rows
