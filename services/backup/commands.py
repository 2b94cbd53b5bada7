"""What the commands `backup` and `restore` do, without a console."""

from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from db.boot.backup import BackupFailedError, back_up, keep_newest
from db.boot.open import open_store
from db.boot.place import StorePlace
from db.boot.restore import NotRestorableError, Staged, stage, swap, swap_back
from db.connect import build_engine, sqlite_url
from db.errors import AnotherInstanceError, DatabaseUnavailableError, StoreRefusedError
from db.lock import InstanceLock
from db.queries import config as queries
from db.queries import outbox
from services.backup.service import list_backups
from services.backup.types import Restored, StoredBackup
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, ConsoleError, InputError, StoreError
from services.foundation.messages import say
from services.settings import rules
from services.settings.types import Env, Preferences

_REASONS = {
    "missing": say("There is no file {file}"),
    "in_use": say("{file} has a log beside it: it is in use. Close what uses it first"),
    "empty": say("{file} is empty"),
    "foreign": say("{file} is not a database of this console"),
    "damaged": say("{file} is damaged: {detail}"),
    "newer": say("{file} has version {detail} of the tables, this program knows up to {known}"),
}


def make_backup(env: Env, clock: Clock) -> tuple[StoredBackup, int]:
    """Return the copy just made and how many old ones went; a running console is not disturbed.

    Raises InputError, StoreError.
    """
    path = _file(env)
    if not path.is_file():
        raise InputError("There is no database {path} yet", path=str(path))
    try:
        made = back_up(path, env.backups_dir, clock.now(), lambda _done, _total: None)
    except (BackupFailedError, DatabaseUnavailableError) as error:
        raise StoreError("The backup failed: {reason}", reason=str(error)) from error
    gone = keep_newest(env.backups_dir, _preferences(made.path).backups_kept)
    name = made.path.name
    return next(one for one in list_backups(env.backups_dir) if one.name == name), len(gone)


def restore(env: Env, clock: Clock, file: Path) -> Restored:
    """Return what was put back; nothing is changed unless the copy is good and opens.

    A bare name is looked for in the folder of backups too. Raises ConflictError while a console
    runs, InputError for a file that cannot be it, StoreError when it does not open.
    """
    _file(env)  # PostgreSQL is refused before anything else
    if not file.exists() and file.name == str(file):
        file = env.backups_dir / file
    try:
        lock = InstanceLock.acquire(env.data_dir, env.public_url)
    except AnotherInstanceError as error:
        raise _running(error) from error
    except OSError as error:
        raise StoreError("{reason}", reason=str(error)) from error
    try:
        return put_back(env, file.absolute(), clock.now())
    finally:
        lock.release()


def put_back(env: Env, file: Path, now: datetime) -> Restored:
    """Return what was put back, with the lock of the data folder held already.

    What the copy still had to push to Supabase waits until an operator has looked. Raises as
    restore() does.
    """
    database = _file(env)
    place = StorePlace(
        env.database_url, database, env.database_source, env.data_dir, env.backups_dir
    )
    staged = staged_copy(file, database, place.revisions.head)
    try:  # the same database from another data folder holds this lock
        beside = InstanceLock.acquire(database.parent, env.public_url, database.name + ".lock")
    except AnotherInstanceError as error:
        staged.path.unlink(missing_ok=True)
        raise _running(error) from error
    try:
        kept = swap(staged.path, database, now)
    except OSError as error:
        raise StoreError("{reason}", reason=str(error)) from error
    finally:
        beside.release()
    try:
        store = open_store(place, now)
    except (StoreRefusedError, DatabaseUnavailableError) as error:
        swap_back(kept, database)
        raise StoreError(
            "The copy did not open ({reason}); the database is the one it was", reason=str(error)
        ) from error
    opened_as = store.report.version
    try:
        held = store.database.write_now(lambda session: outbox.hold(session, file.name, now))
    finally:
        store.database.close_now()
    return Restored(str(database), staged.version, opened_as, staged.rows, str(kept or ""), held)


def staged_copy(file: Path, database: Path, known: int) -> Staged:
    """Return a checked copy of the file beside that path; raise InputError, StoreError."""
    try:
        return stage(file, database, known)
    except NotRestorableError as error:
        raise InputError(
            _REASONS[error.reason].text, file=str(file), detail=error.detail, known=known
        ) from error
    except (OSError, DatabaseUnavailableError) as error:
        raise StoreError("{reason}", reason=str(error)) from error


def _running(error: AnotherInstanceError) -> ConsoleError:
    return ConflictError(
        "A console runs on {folder} (process {pid}). Stop it first; nothing was changed.",
        folder=str(error.folder),
        pid=error.pid,
    )


def _file(env: Env) -> Path:
    if env.database_path is None:
        raise InputError(
            "The data are in PostgreSQL: use pg_dump to back them up and pg_restore to put them back"
        )
    return env.database_path


def _preferences(copy: Path) -> Preferences:
    """Return what the copy itself says; the database may be in use."""
    engine = build_engine(sqlite_url(str(copy)), writes=False)
    try:
        with Session(engine) as session:
            row = queries.read_config(session)
            return rules.read_preferences(Preferences(), row.config_json if row else {})[0]
    finally:
        engine.dispose()
