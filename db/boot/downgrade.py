"""Take a stopped console's SQLite file back: `python -m db.boot.downgrade VERSION DATABASE_FILE`.

A checked copy is made first, in `backups` beside the file. Version 0 removes every table of ours.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from db.boot.copies import copy_before
from db.boot.examine import examine
from db.connect import build_engine, sqlite_url
from db.errors import AnotherInstanceError
from db.lock import InstanceLock
from db.migrations.runner import downgrade

DONE, BAD_USE, IN_USE = 0, 2, 3


def main(arguments: list[str]) -> int:
    """Return 0 when done, 2 for bad use, 3 while a console holds the file; only 0 changes it."""
    if len(arguments) != 2 or not arguments[0].isdecimal():
        return _refuse("usage: python -m db.boot.downgrade VERSION DATABASE_FILE")
    version, path = int(arguments[0]), Path(arguments[1]).resolve()
    facts = examine(path)
    if facts.kind != "ours" or version >= facts.version:
        return _refuse(f"{path} is {facts.kind}, version {facts.version}: nothing to take back")
    try:
        lock = InstanceLock.acquire(path.parent, "", name=f"{path.name}.lock")
    except AnotherInstanceError as error:
        sys.stderr.write(f"Stop the console first: {error}\n")
        return IN_USE
    try:
        now = datetime.now(UTC)  # noqa: TID251  # a command of its own: there is no clock to ask
        copy = copy_before(path, path.parent / "backups", facts.version, now)
        engine = build_engine(sqlite_url(str(path)), writes=True)
        downgrade(engine, version)
        if version == 0:  # Alembic's own table would make it another program's file
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        engine.dispose()
    finally:
        lock.release()
    sys.stdout.write(f"{path} is at version {version} now; the copy is {copy}\n")
    return DONE


def _refuse(text: str) -> int:
    sys.stderr.write(text + "\n")
    return BAD_USE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
