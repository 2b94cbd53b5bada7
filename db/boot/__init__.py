"""Open the store: what is there is looked at, repaired or refused, upgraded, and only then used."""

from db.boot.open import open_store
from db.boot.place import OpenedStore, StorePlace, StoreReport

__all__ = ["OpenedStore", "StorePlace", "StoreReport", "open_store"]
