"""What can go wrong in the store, as the floor above needs to tell it."""


class DatabaseUnavailableError(Exception):
    """SQLite or PostgreSQL refused: locked, full, read-only, gone; `reason` is one short word."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the word (locked, full, readonly, io, corrupt, gone, other) and the driver's text."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class RowNotFoundError(Exception):
    """The row asked for by key does not exist."""
