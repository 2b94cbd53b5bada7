"""open_store: the one way to a Database of the program."""

from datetime import datetime

from db.boot.place import OpenedStore, StorePlace
from db.boot.postgres import open_postgres
from db.boot.sqlite import open_sqlite


def open_store(place: StorePlace, now: datetime) -> OpenedStore:
    """Return the store, at its newest version; raise StoreRefusedError or AnotherInstanceError."""
    if place.path is not None:
        return open_sqlite(place, place.path, now)
    return open_postgres(place)
