"""Memory: what the frame remembers for one user between visits."""

from collections.abc import Iterable
from typing import Any, cast

from nicegui import app

_READ, _READ_MOST = "read_notices", 50
_SEEN, _SEEN_MOST = "seen_execution", 200
_MONITOR = "monitor_open"
_SMALL = "rail_small"
_KEYS = "single_keys"
_SILENT = "run_again_without_asking"
_RECENT, _RECENT_MOST = "palette_recent", 12


def _user() -> dict[str, Any]:
    return cast("dict[str, Any]", app.storage.user)


def read_notices() -> list[str]:
    """Return the notices that were put away."""
    stored = _user().get(_READ)
    return [str(text) for text in cast("list[object]", stored)] if isinstance(stored, list) else []


def put_away(text: str) -> None:
    """Remember that this notice was read."""
    _user()[_READ] = [*read_notices(), text][-_READ_MOST:]


def was_execution_seen(number: int) -> bool:
    """Return whether the failed execution of that number was looked at."""
    upto, ones = _seen()
    return number <= upto or number in ones


def saw_executions(numbers: Iterable[int]) -> None:
    """Remember that these were looked at; over _SEEN_MOST single ones, all older ones were too."""
    upto, ones = _seen()
    ones = sorted({*ones, *(number for number in numbers if number > upto)})
    kept = ones[-_SEEN_MOST:]
    left_out = ones[: len(ones) - len(kept)]
    _user()[_SEEN] = {"upto": left_out[-1] if left_out else upto, "ones": kept}


def _seen() -> tuple[int, list[int]]:
    stored = _user().get(_SEEN)
    if isinstance(stored, int):  # as earlier versions kept it
        return stored, []
    if not isinstance(stored, dict):
        return 0, []
    kept = cast("dict[str, Any]", stored)
    ones = kept.get("ones")
    numbers = cast("list[object]", ones) if isinstance(ones, list) else []
    upto = kept.get("upto")
    return upto if isinstance(upto, int) else 0, [n for n in numbers if isinstance(n, int)]


def is_monitor_open() -> bool:
    """Return whether the monitor was left open."""
    return _user().get(_MONITOR) is True


def open_monitor(*, is_open: bool) -> None:
    """Remember whether the monitor is open."""
    _user()[_MONITOR] = is_open


def is_rail_small() -> bool:
    """Return whether the menu was folded to icons."""
    return _user().get(_SMALL) is True


def fold_rail(*, small: bool) -> None:
    """Remember whether the menu is folded."""
    _user()[_SMALL] = small


def are_keys_on() -> bool:
    """Return whether single letters are keys; they are until switched off."""
    return _user().get(_KEYS) is not False


def switch_keys(*, on: bool) -> None:
    """Remember whether single letters are keys."""
    _user()[_KEYS] = on


def asks_before_again() -> bool:
    """Return whether running a cell again is asked for first; it is until switched off."""
    return _user().get(_SILENT) is not True


def ask_before_again(*, on: bool) -> None:
    """Remember whether to ask before a cell runs again."""
    _user()[_SILENT] = not on


def recent() -> list[str]:
    """Return the names of what was chosen in the palette lately, the last first."""
    stored = _user().get(_RECENT)
    return [str(name) for name in cast("list[object]", stored)] if isinstance(stored, list) else []


def note_used(name: str) -> None:
    """Remember that this was chosen in the palette."""
    _user()[_RECENT] = [name, *(one for one in recent() if one != name)][:_RECENT_MOST]
