"""Every table, imported once, so that the metadata is complete."""

from db.tables import config

__all__ = ["config"]
