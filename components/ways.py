"""Ways: how each page hears from the console, as its browser tells: pushed, or fetched by polling."""

from weakref import WeakKeyDictionary

from nicegui import Client

from components.words import current_client
from services.foundation.signals import Signal

LIVE, POLLING = "live", "polling"
_ways: "WeakKeyDictionary[Client, tuple[str, Signal[str]]]" = WeakKeyDictionary()


def note_way(client: Client, way: str) -> None:
    """Keep and tell the way a page hears from now on."""
    signal = changed_way(client)
    _ways[client] = (way, signal)
    signal.emit(way)


def changed_way(client: Client) -> Signal[str]:
    """Return what tells each change of a page's way."""
    if client not in _ways:
        _ways[client] = (LIVE, Signal("client.way"))
    return _ways[client][1]


def way_of(client: Client | None = None) -> str:
    """Return how the page hears; until its browser says something it is taken as live."""
    found = client or current_client()
    return _ways[found][0] if found is not None and found in _ways else LIVE
