"""This console's side: rows as comparable contents, read in one transaction."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlmodel import Session

from db.queries import sync as queries
from db.tables.mappings import ModelMappingRow
from db.tables.models import EndpointRow
from db.tables.prompts import PromptRow
from services.models.types import DEMO_PROTOCOL
from services.suppliers.demo import DEMO_MODELS
from services.sync import contents
from services.sync.types import Content, LinkState, LocalRow, SyncKind

LocalState = Mapping[SyncKind, dict[str, LocalRow]]


def read_local(
    session: Session, kinds: Collection[SyncKind]
) -> dict[SyncKind, dict[str, LocalRow]]:
    """Return the rows that are kept on both sides; the demo supplier stays here."""
    session.flush()
    readers = {
        SyncKind.MODEL: _models,
        SyncKind.PROMPT: _prompts,
        SyncKind.MAPPING: _mappings,
    }
    return {kind: {row.key: row for row in readers[kind](session)} for kind in kinds}


def read_links(session: Session, kinds: Collection[SyncKind]) -> dict[SyncKind, list[LinkState]]:
    """Return what belongs together, with what both sides last agreed on."""
    found: dict[SyncKind, list[LinkState]] = {kind: [] for kind in kinds}
    for row in queries.links(session, [str(kind) for kind in kinds]):
        found[SyncKind(row.kind)].append(LinkState(row.local_key, row.remote_key, row.base_json))
    return found


def _models(session: Session) -> list[LocalRow]:
    names = ("provider_protocol", "supabase_id", "model_list", *_STAMPS, *_MODEL)
    return [
        _row(values, contents.model_content(values), values["name"])
        for values in queries.columns_of(session, EndpointRow, names)
        if values["provider_protocol"] != DEMO_PROTOCOL
    ]


def _prompts(session: Session) -> list[LocalRow]:
    names = ("supabase_id", *_STAMPS, *_PROMPT)
    return [
        _row(values, contents.prompt_content(values), values["name"])
        for values in queries.columns_of(session, PromptRow, names)
    ]


def _mappings(session: Session) -> list[LocalRow]:
    return [
        _row(values, contents.mapping_content(values), values["id"])
        for values in queries.columns_of(session, ModelMappingRow, (*_STAMPS, *_MAPPING))
        if not {values["default_model"], *values["candidates_json"]} <= {"", *DEMO_MODELS}
    ]


def _row(values: Mapping[str, Any], content: Content, title: str) -> LocalRow:
    remote_id = values.get("supabase_id")
    return LocalRow(
        str(values["id"]),
        title,
        content,
        contents.local_stamp(values["created_at"]),
        "" if remote_id is None else str(remote_id),
    )


_STAMPS = ("id", "created_at")
_MODEL = ("name", "model", "base_url", "description", "timeout", "is_active", "is_default")
_PROMPT = ("name", "content", "version", "description", "tools_json", "is_active")
_MAPPING = (
    "scope_type",
    "scope_key",
    "name",
    "default_model",
    "candidates_json",
    "is_active",
    "metadata_json",
)
