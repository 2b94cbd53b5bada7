"""Run revisions up or down: all of them in one transaction, or none."""

import sqlite3
from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from db.migrations.head import HERE, SHIPPED, Revisions, revision_of


def upgrade(engine: Engine, to: int | None = None, revisions: Revisions = SHIPPED) -> None:
    """Bring the database to a version (the newest one), or leave it as it is and raise."""
    target = "head" if to is None else revision_of(to)
    _run(engine, revisions, command.upgrade, target)


def downgrade(engine: Engine, to: int = 0, revisions: Revisions = SHIPPED) -> None:
    """Take the database back to a version, or leave it as it is and raise."""
    _run(engine, revisions, command.downgrade, revision_of(to))


def configure(revisions: Revisions = SHIPPED) -> Config:
    """Return Alembic's configuration; no ini file, every path absolute."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("version_locations", str(revisions.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _run(
    engine: Engine, revisions: Revisions, work: Callable[[Config, str], None], target: str
) -> None:
    config = configure(revisions)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            # Rebuilding a table drops it: with foreign keys on that would delete its children.
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                work(config, target)
                _check_references(connection)
        finally:
            if isinstance(raw, sqlite3.Connection):
                raw.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if broken:
        raise ValueError(f"the migration leaves rows without their parents: {broken}")
