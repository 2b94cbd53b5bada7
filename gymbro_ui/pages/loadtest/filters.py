"""Filters: which load tests the list shows, kept in the address so that a link shows the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from services.load_history.types import RunFilter
from services.loadtest.types import RunState

PATH = "/simulator/load"
WINDOWS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
ALL = "all"
TEXT_MOST = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices over the list; the defaults are left out of the address."""

    state: str = ""
    model: str = ""
    target: int | None = None
    window: str = ALL
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether every run is shown."""
        return self == Filters()

    def wanted(self, now: datetime) -> RunFilter:
        """Return what the store is asked for at that moment."""
        span = WINDOWS.get(self.window)
        return RunFilter(
            states=(RunState(self.state),) if self.state else (),
            model=self.model,
            target_id=self.target,
            text=self.text,
            created_from=None if span is None else now - span,
        )


def read_filters(query: str) -> Filters:
    """Return the filters of an address; anything unknown in it counts as not given."""
    try:
        given = parse_qs(query, max_num_fields=20)
    except ValueError:
        return Filters()

    def one(name: str) -> str:
        return given.get(name, [""])[0].replace("\x00", "").strip()[:TEXT_MOST]

    target = one("target")
    return Filters(
        state=one("state") if one("state") in set(RunState) else "",
        model=one("model"),
        target=int(target) if target.isascii() and target.isdigit() and len(target) < 10 else None,
        window=one("window") if one("window") in WINDOWS else ALL,
        text=one("q"),
    )


def changed(filters: Filters, changes: Mapping[str, Any]) -> Filters:
    """Return the filters after a choice."""
    return replace(filters, **changes)


def address(filters: Filters) -> str:
    """Return the address of the view."""
    pairs = [
        (name, value)
        for name, value in (
            ("state", filters.state),
            ("model", filters.model),
            ("target", "" if filters.target is None else str(filters.target)),
            ("window", "" if filters.window == ALL else filters.window),
            ("q", filters.text),
        )
        if value
    ]
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH
