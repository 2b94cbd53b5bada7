"""Lean start: leave out what libraries only try to import, for clients and tools we never use.

engineio tries `requests` and `aiohttp` for its clients, and httpx tries `rich` and `pygments` for its
command line, NiceGUI tries `webview` for a native mode we do not use (DECISIONS.md); each is content
without. Together they cost 0.4 s and 18 MB before the first page.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

_TRIED = ("requests", "aiohttp", "rich", "pygments", "webview")


@contextmanager
def without_extras() -> Generator[None]:
    """Let the imports inside not find them; afterwards whoever needs one imports it as usual."""
    hidden = [name for name in _TRIED if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType]  # import then fails at once
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
