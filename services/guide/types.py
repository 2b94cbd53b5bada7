"""Guide: its steps, and which of them an operator does not want."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """One step of the guide, in its order."""

    TARGET = "target"
    SIGN_IN = "sign_in"
    SUPPLIER = "supplier"
    FIRST_E2E = "first_e2e"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class GuideState:
    """What is kept of the guide; whether a step is done is never kept: the console itself shows it."""

    skipped: frozenset[Step] = frozenset()
    is_away: bool = False  # the whole of it; nobody is reminded any more
