"""Pure: the cells of a foreign row, read leniently: what is no number is none, never an error."""

import hashlib
import json
import math
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from services.foundation.errors import InputError

_OFF = frozenset({"0", "false", "no", "off", ""})
_COUNT_MAX = 2**53


class Cells:
    """One row; a column that is missing reads as NULL."""

    def __init__(self, values: Mapping[str, Any], sealed: Mapping[str, Any] | None = None) -> None:
        """Keep the values by column; `sealed` are those columns as they were before masking."""
        self._values = values
        self._sealed = sealed or {}

    def unmasked(self, name: str) -> Any:
        """Return the JSON of a column with its secrets, for the secret store alone."""
        return Cells(self._sealed).parsed(name)[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the columns."""
        return iter(self._values)

    def raw(self, name: str) -> Any:
        """Return the cell as it is."""
        return self._values.get(name)

    def text(self, name: str, longest: int = 1_000_000) -> str:
        """Return the cell as text every store can keep, cut; empty where it is NULL."""
        value = self._values.get(name)
        if value is None:
            return ""
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
        return clean[:longest]

    def needed(self, name: str, longest: int) -> str:
        """Return the text without outer blanks; raise InputError when there is none."""
        text = self.text(name, longest).strip()
        if not text:
            raise InputError("{column} is empty", column=name)
        return text

    def whole(self, name: str) -> int | None:
        """Return a count, an id or milliseconds; None where it is no sensible one."""
        value = self._values.get(name)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return None
        return int(value) if 0 <= value < _COUNT_MAX else None

    def small(self, name: str) -> int | None:
        """Return the same for a column of four bytes."""
        found = self.whole(name)
        return found if found is not None and found < 2**31 else None

    def share(self, name: str) -> float:
        """Return a percentage, 0 where it is none."""
        value = self._values.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return 0.0
        return min(max(float(value), 0.0), 100.0)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return whether it is on; the default where the cell is NULL."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value.strip().lower() not in _OFF
        return bool(value)

    def moment(self, name: str) -> datetime | None:
        """Return a time in UTC."""
        return moment(self._values.get(name))

    def day(self, name: str) -> date | None:
        """Return a day; that of the time where there is one."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return None
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None

    def parsed(self, name: str) -> tuple[Any, bool]:
        """Return what the JSON of a cell says, and whether it is broken; then it is the text."""
        value = self._values.get(name)
        if value is None or value == "":
            return None, False
        if not isinstance(value, str | bytes):
            return value, False
        try:
            return _keepable(json.loads(value)), False
        except (ValueError, RecursionError):
            return self.text(name), True

    def digest(self, without: Collection[str] = ()) -> str:
        """Return a fingerprint of the cells, secrets left out."""
        plain = [
            [name, repr(self._values[name])] for name in sorted(self._values) if name not in without
        ]
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:32]


def moment(value: object) -> datetime | None:
    """Return a stored time in UTC; one without a zone is UTC; None where it is none."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def row_key(*parts: object) -> str:
    """Return the key of a row in the ledger: the same for the same parts, of one length."""
    return hashlib.sha256(json.dumps(list(map(str, parts))).encode()).hexdigest()[:64]


def _keepable(value: Any) -> Any:
    """Return a parsed value no store refuses: without NUL and half characters, NaN as nothing."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, list):
        return [_keepable(one) for one in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON's
    if isinstance(value, dict):
        return {_keepable(name): _keepable(one) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON's
    return value


def _number(value: float) -> float | str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, int) and abs(value) >= 2**63 else value
