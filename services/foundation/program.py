"""Program: the command that starts this very program once more, from source or packaged."""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def is_packaged() -> bool:
    """Return whether this is the self-contained app that `make package` builds."""
    return bool(getattr(sys, "frozen", False))


def own_command(*arguments: str) -> list[str]:
    """Return the command line of `main.py ARGUMENTS` for a process of its own."""
    if is_packaged():
        return [sys.executable, *arguments]
    return [sys.executable, str(ROOT / "main.py"), *arguments]


def has_own_window() -> bool:
    """Return whether this is the packaged app and holds what a native window needs."""
    return is_packaged() and find_spec("webview") is not None
