"""Which tables the log watches, and which of their columns it keeps."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session, SQLModel, col, select

from db.tables.config import AppSettingRow, DashboardConfigRow
from db.tables.mappings import ModelMappingRow
from db.tables.models import BlockedModelRow, EndpointRow
from db.tables.prompts import PromptRow
from db.tables.targets import TargetRow
from services.audit.types import AuditKind

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Watched:
    """One kind of thing: how its rows are read, and what is its name."""

    read: Callable[[Session], Rows]
    name: Callable[[str, Mapping[str, Any]], str]


def read_rows(session: Session, table: type[SQLModel], key: str, columns: tuple[str, ...]) -> Rows:
    """Return the columns of every row by its key, past the session's own objects."""
    session.flush()
    wanted: list[Any] = [col(getattr(table, name)) for name in (key, *columns)]
    found = cast("Sequence[Sequence[Any]]", session.exec(cast("Any", select(*wanted))).all())
    return {str(row[0]): dict(zip(columns, row[1:], strict=True)) for row in found}


def _table(table: type[SQLModel], key: str, *columns: str) -> Callable[[Session], Rows]:
    return lambda session: read_rows(session, table, key, columns)


def _named(column: str) -> Callable[[str, Mapping[str, Any]], str]:
    return lambda key, row: str(row.get(column) or key)


def _always(name: str) -> Callable[[str, Mapping[str, Any]], str]:
    return lambda _key, _row: name


def _prompts(session: Session) -> Rows:
    """Texts are kept as versions: the log only says which, and how long they are."""
    rows = read_rows(session, PromptRow, "id", _PROMPT)
    for row in rows.values():
        content, tools = row.pop("content"), row.pop("tools_json")
        whole = json.dumps([content, tools], sort_keys=True, ensure_ascii=False)
        row["characters"] = len(content)
        row["sha256"] = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:16]
    return rows


def _blocked(session: Session) -> Rows:
    names = sorted(session.exec(select(BlockedModelRow.name)).all())
    return {"blocked": {"models": names}}


def _preferences(session: Session) -> Rows:
    row = session.get(DashboardConfigRow, 1)
    return {"dashboard_config": {} if row is None else dict(row.config_json)}


def _app_settings(session: Session) -> Rows:
    session.flush()
    found = session.exec(select(AppSettingRow.key, AppSettingRow.value_json)).all()
    kept = {str(key): value for key, value in found if not str(key).startswith(_FACTS)}
    return {"llm_app_settings": kept}


def _targets(session: Session) -> Rows:
    rows = read_rows(session, TargetRow, "id", _TARGET)
    return {key: row for key, row in rows.items() if row.pop("deleted_at") is None}


_TARGET = (
    "name",
    "api_base",
    "auth_url",
    "colour",
    "is_production",
    "user_email",
    "deleted_at",
)
_PROMPT = (
    "name",
    "prompt_type",
    "version_no",
    "newest_no",
    "version",
    "category",
    "description",
    "is_active",
    "content",
    "tools_json",
)
_FACTS = ("seeded_", "console_", "supabase_", "ui_")  # what the console remembers by itself
WATCHED: Mapping[str, Watched] = {
    AuditKind.MODEL: Watched(
        _table(
            EndpointRow,
            "id",
            "name",
            "base_url",
            "provider_protocol",
            "model",
            "model_list",
            "description",
            "timeout",
            "is_active",
            "is_default",
            "allows_local",
        ),
        _named("name"),
    ),
    AuditKind.BLOCKED: Watched(_blocked, _always("blocked models")),
    AuditKind.MAPPING: Watched(
        _table(
            ModelMappingRow,
            "id",
            "scope_type",
            "scope_key",
            "name",
            "default_model",
            "candidates_json",
            "is_active",
            "metadata_json",
        ),
        lambda key, _: key,
    ),
    AuditKind.PROMPT: Watched(_prompts, _named("name")),
    AuditKind.SETTINGS: Watched(_preferences, _always("settings")),
    AuditKind.GATEWAY: Watched(_app_settings, _always("gateway")),
    AuditKind.TARGET: Watched(_targets, _named("name")),
}
