"""Rights: whether whoever looks at this page may do more than look."""

from nicegui import Client

from components.words import current_client

_KEY = "only_reads"


def settle_rights(client: Client, *, may_change: bool) -> None:
    """Fix the right of the page while it is built; the server refuses acts on its own besides."""
    client.storage[_KEY] = not may_change


def may_change() -> bool:
    """Return whether the page's visitor may act, in its callbacks too."""
    client = current_client()
    return client is None or not client.storage.get(_KEY)
