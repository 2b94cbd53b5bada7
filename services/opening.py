"""Open the data folder for this process alone, and the store in it; or say who is in the way."""

from datetime import datetime

from db.boot.open import open_store
from db.boot.place import OpenedStore, StorePlace
from db.errors import AnotherInstanceError, StoreRefusedError
from db.lock import InstanceLock
from services.foundation.errors import ConsoleError, StoreError
from services.settings.types import Env


class AlreadyRunningError(ConsoleError):
    """Another console holds the data folder; `url` is where it listens."""

    def __init__(self, error: AnotherInstanceError) -> None:
        """Keep who holds the folder."""
        super().__init__(
            "A console already runs on {folder} (process {pid}).",
            folder=str(error.folder),
            pid=error.pid,
        )
        self.url = error.url


def open_data(env: Env, now: datetime) -> tuple[InstanceLock, OpenedStore]:
    """Return the lock and the store behind it; raise AlreadyRunningError or StoreError."""
    try:
        lock = InstanceLock.acquire(env.data_dir, env.public_url)
    except AnotherInstanceError as error:
        raise AlreadyRunningError(error) from error
    except OSError as error:
        raise StoreError(
            "The data folder {folder} cannot be used: {reason}. Choose another one with --data-dir",
            folder=str(env.data_dir),
            reason=error.strerror or str(error),
        ) from error
    try:
        return lock, open_store(_place(env), now)
    except AnotherInstanceError as error:  # the same database from another data folder
        lock.release()
        raise AlreadyRunningError(error) from error
    except StoreRefusedError as error:
        lock.release()
        raise StoreError(error.notice.text, **error.notice.params) from error
    except BaseException:
        lock.release()
        raise


def _place(env: Env) -> StorePlace:
    return StorePlace(
        env.database_url, env.database_path, env.database_source, env.data_dir, env.backups_dir
    )
