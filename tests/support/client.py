"""A client without a browser: the slot and language a widget is drawn in."""

from collections.abc import Generator
from contextlib import contextmanager

from nicegui import Client
from nicegui.page import page


@contextmanager
def a_client(language: str = "en") -> Generator[Client]:
    """Stand on a page of that language; it is gone afterwards."""
    client = Client(page(""), request=None)
    client.storage["language"] = language
    try:
        with client:
            yield client
    finally:
        if not client.is_deleted:
            client.delete()
