"""Rules of the native window: where it may stand, and what its end means."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.desktop.types import Place, Screen
from services.foundation.messages import Message, say

USUAL = Place(1280, 800)
LEAST = (720, 480)
_SHARE = 0.94  # of the screen, for a window that would not fit
_GRIP = (120, 32)  # so much of the title bar must be on a screen, or nobody could drag it
_ABORT = -6


def fit(wanted: Place, screens: Sequence[Screen]) -> Place:
    """Return the place on the screens there are now; one that is out of sight is centred anew."""
    if not screens:
        return wanted
    home = next((one for one in screens if _holds(one, wanted)), None)
    screen = home or screens[0]
    width = _limited(wanted.width, LEAST[0], screen.width)
    height = _limited(wanted.height, LEAST[1], screen.height)
    if home is None or wanted.x is None or wanted.y is None:
        x = screen.x + (screen.width - width) // 2
        y = screen.y + (screen.height - height) // 2
    else:
        x = min(wanted.x, screen.x + screen.width - _GRIP[0])
        y = min(max(wanted.y, screen.y), screen.y + screen.height - _GRIP[1])
    return Place(width, height, x, y, wanted.is_maximized)


def read_place(values: Any) -> Place:
    """Return the place a file held, the usual one when it holds anything else."""
    if not isinstance(values, Mapping):
        return USUAL
    found: list[int] = []
    for name in ("width", "height", "x", "y"):
        value: Any = values.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # JSON's
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 100_000:
            return USUAL
        found.append(value)
    return Place(*found, is_maximized=values.get("is_maximized") is True)  # pyright: ignore[reportUnknownMemberType]  # JSON's


def why_ended(code: int, words: str) -> Message:
    """Return why a window's process ended that never showed its window."""
    if code == _ABORT:
        return say("the window system could not be started: {words}", words=words or f"{code}")
    if words:
        return say("{words}", words=words)
    return say("its process ended with code {code}", code=code)


def last_words(lines: Sequence[str]) -> str:
    """Return the line of a process's output that says most about its end, shortened."""
    told = [line.strip() for line in lines if line.strip()]
    telling = [line for line in told if any(word in line.lower() for word in _TELLING)]
    return (telling or told or [""])[-1][:300]


_TELLING = ("could not", "cannot", "error", "failed", "no module")


def _holds(screen: Screen, place: Place) -> bool:
    if place.x is None or place.y is None:
        return False
    shown_x = min(place.x + place.width, screen.x + screen.width) - max(place.x, screen.x)
    top_is_in = screen.y - _GRIP[1] <= place.y <= screen.y + screen.height - _GRIP[1]
    return shown_x >= _GRIP[0] and top_is_in


def _limited(wanted: int, least: int, room: int) -> int:
    if wanted > room:
        wanted = int(room * _SHARE)
    return min(max(wanted, least), room)
