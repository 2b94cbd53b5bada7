"""Open the data folder for this process alone, and the store in it; or say who is in the way."""

import logging
from dataclasses import replace
from datetime import datetime

from db.boot.open import open_store
from db.boot.place import OpenedStore, StorePlace
from db.errors import AnotherInstanceError, StoreRefusedError
from db.lock import InstanceLock
from db.notices import StoreNotice
from db.queries import outbox
from services.backup.pending import Outcome, take_up
from services.foundation.errors import ConsoleError, StoreError
from services.settings.types import Env

_log = logging.getLogger(__name__)
_FROM_A_COPY = frozenset({"restored", "removed_restored", "emptied_restored"})


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
        outcome = take_up(env, now)
        store = open_store(_place(env), now)
        _hold_old_pushes(store, now)
        return lock, store if outcome is None else _with_outcome(store, outcome)
    except AnotherInstanceError as error:  # the same database from another data folder
        lock.release()
        raise AlreadyRunningError(error) from error
    except StoreRefusedError as error:
        lock.release()
        raise StoreError(error.notice.text, **error.notice.params) from error
    except BaseException:
        lock.release()
        raise


def _hold_old_pushes(store: OpenedStore, now: datetime) -> None:
    """A copy that took the place of a damaged database is older than what was pushed since."""
    copies = [str(n.params.get("copy")) for n in store.report.notices if n.code in _FROM_A_COPY]
    if copies and store.database.read_only is None:
        store.database.write_now(lambda session: outbox.hold(session, copies[0], now))


def _with_outcome(store: OpenedStore, outcome: Outcome) -> OpenedStore:
    """Return the store with a notice of the restore that was asked for."""
    copy, done = outcome.asked.file.name, outcome.done
    if done is None:
        _log.error(
            "%s asked for %s, which was not put back: %s", outcome.asked.by, copy, outcome.reason
        )
        notice = StoreNotice("not_put_back", {"copy": copy, "reason": outcome.reason})
    else:
        _log.warning(
            "%s asked for %s, which is in place: %d rows", outcome.asked.by, copy, done.rows
        )
        facts: dict[str, str | int] = {
            "copy": copy, "path": done.database, "replaced": done.replaced, "count": done.held,
        }  # fmt: skip
        notice = StoreNotice("put_back_held" if done.held else "put_back", facts)
    report = replace(store.report, notices=(notice, *store.report.notices))
    return replace(store, report=report)


def _place(env: Env) -> StorePlace:
    return StorePlace(
        env.database_url, env.database_path, env.database_source, env.data_dir, env.backups_dir
    )
