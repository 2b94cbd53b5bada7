"""Remembered: whether this user put the first steps away, or asked for them again."""

from typing import Any, cast

from nicegui import app

_KEY = "first_steps"
_AWAY, _ASKED = "away", "asked"


def are_steps_away() -> bool:
    """Return whether the first steps were put away."""
    return _user().get(_KEY) == _AWAY


def are_steps_asked_for() -> bool:
    """Return whether they were asked for, so that they stay although nothing is left to do."""
    return _user().get(_KEY) == _ASKED


def put_steps_away() -> None:
    """Remember that they are not wanted."""
    _user()[_KEY] = _AWAY


def ask_for_steps() -> None:
    """Remember that they are wanted until they are put away."""
    _user()[_KEY] = _ASKED


def _user() -> dict[str, Any]:
    return cast("dict[str, Any]", app.storage.user)
