"""This console's side: rows as comparable contents, read in one transaction."""

from collections.abc import Collection, Mapping

from sqlmodel import Session

from db.queries import sync as queries
from db.queries.mappings import all_mappings
from db.queries.models import all_endpoints
from db.queries.prompts import all_prompts
from services.models.types import DEMO_PROTOCOL
from services.suppliers.demo import DEMO_MODELS
from services.sync import contents
from services.sync.types import LinkState, LocalRow, SyncKind

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
    return [
        LocalRow(
            str(row.id),
            row.name,
            contents.model_content(row.model_dump()),
            contents.local_stamp(row.created_at),
            "" if row.supabase_id is None else str(row.supabase_id),
        )
        for row in all_endpoints(session)
        if row.provider_protocol != DEMO_PROTOCOL
    ]


def _prompts(session: Session) -> list[LocalRow]:
    return [
        LocalRow(
            str(row.id),
            row.name,
            contents.prompt_content(row.model_dump()),
            contents.local_stamp(row.created_at),
            "" if row.supabase_id is None else str(row.supabase_id),
        )
        for row in all_prompts(session)
    ]


def _mappings(session: Session) -> list[LocalRow]:
    return [
        LocalRow(
            row.id,
            row.id,
            contents.mapping_content(row.model_dump()),
            contents.local_stamp(row.created_at),
        )
        for row in all_mappings(session)
        if not {row.default_model, *row.candidates_json} <= {"", *DEMO_MODELS}
    ]
