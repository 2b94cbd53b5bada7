"""Readiness: can a window be opened here, known before a process is started for it."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec

from services.foundation.messages import Message, say

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def why_not(screen: Mapping[str, str]) -> Message | None:
    """Return why no window can be opened with these variables of a session, or None."""
    if not _has("webview"):
        return say("pywebview is not installed; {how}", how=_HOW)
    if not sys.platform.startswith("linux"):
        return None
    if not _has("qtpy") and not _has("gi"):
        return say("neither Qt nor GTK is installed for Python; {how}", how=_HOW)
    if not any(screen.get(name) for name in _SCREENS):
        return say(
            "there is no graphical session here (neither DISPLAY nor WAYLAND_DISPLAY is set)"
        )
    return None


_HOW = "make native, or: python -m pip install 'gymbro-console[native]'"


def _has(name: str) -> bool:
    return find_spec(name) is not None
