"""open_store: the one way to a Database of the program."""

import atexit
from datetime import datetime

from db.boot.place import OpenedStore, StorePlace
from db.boot.postgres import open_postgres
from db.boot.sqlite import open_sqlite


def open_store(place: StorePlace, now: datetime) -> OpenedStore:
    """Return the store, at its newest version; raise StoreRefusedError or AnotherInstanceError."""
    path = place.path
    store = open_postgres(place) if path is None else open_sqlite(place, path, now)
    # A start that fails later, or an end nobody planned for, must not look like a crash.
    atexit.register(store.database.close_now)
    return store
