"""Filters: what the E2E page shows, kept in the address so that a link reproduces the view."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

from services.accounts.types import UserType

VIEWS = ("both", *map(str, UserType))
WINDOWS = ("24h", "7d", "30d", "last20", "last50", "last100")
MODES = ("matrix", "table")
SORTS = ("worst", "name", "share", "p50", "tail")
MODELS_MOST = 200
_RUN = re.compile(r"exe_[0-9A-Za-z]{1,36}")
_CELL = re.compile(r"[0-9]{1,18}|-[12][0-9]{12}")  # below zero: demo data
_WITHIN = (("7d", timedelta(days=7)), ("30d", timedelta(days=30)))


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices of the toolbar; the defaults are left out of the address."""

    view: str = "both"
    window: str = "7d"
    mode: str = "matrix"
    sort: str = "worst"
    models: tuple[str, ...] = ()
    cell_id: int = 0  # a cell to open at once; not kept in the address
    launch: str = ""  # execution id of a launch whose column is shown at once; not kept either

    @property
    def user_types(self) -> tuple[UserType, ...]:
        """The user types that are shown."""
        return tuple(UserType) if self.view == "both" else (UserType(self.view),)


def read_filters(query: str) -> Filters:
    """Return the filters of an address; anything unknown in it counts as not given."""
    try:
        given = parse_qs(query, max_num_fields=MODELS_MOST + 10)
    except ValueError:
        return Filters()

    def one(name: str, allowed: tuple[str, ...], default: str) -> str:
        value = given.get(name, [""])[0]
        return value if value in allowed else default

    plain, cell, launch = Filters(), given.get("cell", [""])[0], given.get("launch", [""])[0]
    return Filters(
        view=one("view", VIEWS, plain.view),
        window=one("window", WINDOWS, plain.window),
        mode=one("mode", MODES, plain.mode),
        sort=one("sort", SORTS, plain.sort),
        models=tuple(dict.fromkeys(given.get("model", [])))[:MODELS_MOST],
        cell_id=int(cell) if _CELL.fullmatch(cell) else 0,
        launch=launch if _RUN.fullmatch(launch) else "",
    )


def window_with(started_at: datetime, now: datetime) -> str:
    """Return the window whose matrix most likely has a column that old."""
    age = now - started_at
    return next((window for window, length in _WITHIN if age < length), "last100")


def address(filters: Filters, path: str = "/e2e") -> str:
    """Return the address of the view."""
    plain = Filters()
    pairs = [
        (name, value)
        for name in ("view", "window", "mode", "sort")
        if (value := getattr(filters, name)) != getattr(plain, name)
    ]
    pairs += [("model", key) for key in filters.models]
    return f"{path}?{urlencode(pairs)}" if pairs else path
