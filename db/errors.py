"""What can go wrong in the store, as the floor above needs to tell it."""

from db.notices import StoreNotice


class DatabaseUnavailableError(Exception):
    """SQLite or PostgreSQL refused: locked, full, read-only, gone; `reason` is one short word."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the word (locked, full, readonly, io, corrupt, gone, other) and the driver's text."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class RowNotFoundError(Exception):
    """The row asked for by key does not exist."""


class StoreRefusedError(Exception):
    """The store cannot be opened and was left as it is; `notice` says why and what to do."""

    def __init__(self, notice: StoreNotice) -> None:
        """Keep the notice; the exception's text is its English sentence."""
        super().__init__(str(notice))
        self.notice = notice


class AnotherInstanceError(Exception):
    """Another process holds the data folder or the database; pid and url are what it wrote there."""

    def __init__(self, folder: str, pid: int, url: str) -> None:
        """Keep who holds the folder or the database; pid 0 and an empty url mean the holder did not say."""
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{folder} is used by {who}" + (f" at {url}" if url else ""))
        self.folder = folder
        self.pid = pid
        self.url = url
