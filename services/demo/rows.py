"""Rows: what the demo data puts into each table, numbered so that everybody knows them again."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.foundation.ids import DEMO_FIRST, demo_id

Values = Mapping[str, Any]
TARGET_NAME = "Demo"  # the address of the service that never was


@dataclass(slots=True)
class Rows:
    """Rows by table, each with the next number of its table."""

    by_table: defaultdict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _next: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: DEMO_FIRST))

    def number(self, table: str) -> int:
        """Return the next number of the table."""
        number = self._next[table]
        self._next[table] += 1
        return number

    def add(self, table: str, values: Values, *, key: str = "id") -> int:
        """Keep a row; return its number."""
        number = self.number(table)
        self.by_table[table].append({key: number, **values})
        return number

    def put(self, table: str, values: Values) -> None:
        """Keep a row whose number belongs to another table's."""
        self.by_table[table].append(dict(values))

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(map(len, self.by_table.values()))


@dataclass(frozen=True, slots=True)
class Ran:
    """One execution of the made-up past."""

    kind: str
    label: str
    at: datetime
    took_s: float
    place: int  # of its kind, from 0
    status: str = "succeeded"
    trigger: str = "schedule"
    started_by: str = ""
    subject: str = ""
    done: int = 0
    total: int = 0
    output: str = ""
    error_kind: str = ""
    error: str = ""
    meta: Values = field(default_factory=dict[str, Any])

    @property
    def execution_id(self) -> str:
        """Its id, with the word demo in it."""
        return demo_id("exe", self.at, self.place)


def hex_of(*names: object) -> str:
    """Return 32 hex characters that are the same for the same names."""
    return hashlib.sha256(":".join(map(str, names)).encode()).hexdigest()[:32]
