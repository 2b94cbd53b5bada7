"""What Alembic runs: our connection, our metadata, our version number; never a transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator
from sqlmodel import AutoString, SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.connect import APPLICATION_ID


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write plain types into a revision: it must not change when a class of ours does."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _raise_version(ctx: MigrationContext, step: MigrationInfo, *_more: Any, **_named: Any) -> None:
    """Let the file itself say its version, in the same transaction as the change."""
    connection = ctx.connection
    if connection is None or connection.dialect.name != "sqlite":
        return
    done = step.up_revision_id if step.is_upgrade else (step.down_revision_ids or ("0",))[0]
    version = int(str(done))
    connection.exec_driver_sql(f"PRAGMA user_version={version}")
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID if version else 0}")


def _run() -> None:
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
        on_version_apply=_raise_version,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():  # ours is open already: this one does nothing
        context.run_migrations()


_run()
