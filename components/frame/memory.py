"""Memory: what the frame remembers for one user between visits."""

from typing import Any, cast

from nicegui import app

_READ, _READ_MOST = "read_notices", 50
_SEEN = "seen_execution"
_SMALL = "rail_small"
_KEYS = "single_keys"


def _user() -> dict[str, Any]:
    return cast("dict[str, Any]", app.storage.user)


def read_notices() -> list[str]:
    """Return the notices that were put away."""
    stored = _user().get(_READ)
    return [str(text) for text in cast("list[object]", stored)] if isinstance(stored, list) else []


def put_away(text: str) -> None:
    """Remember that this notice was read."""
    _user()[_READ] = [*read_notices(), text][-_READ_MOST:]


def seen_execution() -> int:
    """Return the number of the newest failed execution that was looked at."""
    stored = _user().get(_SEEN)
    return stored if isinstance(stored, int) else 0


def saw_execution(number: int) -> None:
    """Remember that executions up to this number were looked at."""
    _user()[_SEEN] = number


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
