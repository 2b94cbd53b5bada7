"""Take over endpoints and prompts from Supabase; what is ours alone of them stays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from db.queries import models as model_queries
from db.queries import prompts as prompt_queries
from db.tables.models import EndpointRow
from db.tables.prompts import PromptRow
from services.foundation.errors import ConflictError
from services.models.rules import resolved_addresses
from services.prompts.types import PromptType
from services.sync.types import SyncItem, SyncKind

AUTHOR = "supabase"
_TEXTS = (("content", "content"), ("tools", "tools_json"))


@dataclass(frozen=True, slots=True)
class Pulled:
    """One difference that was taken over."""

    item: SyncItem
    local_key: str
    is_new: bool = False
    is_gone: bool = False


def pull_models(session: Session, items: Sequence[SyncItem], now: datetime) -> list[Pulled]:
    """Return each endpoint as it was taken over; exactly one default is left at the end."""
    rows = {row.id: row for row in model_queries.all_endpoints(session)}
    taken: list[tuple[SyncItem, EndpointRow]] = []
    for item in items:
        row = rows.get(int(item.local_key)) if item.local_key else None
        if item.remote is None:
            assert row is not None  # checked against the preview before
            session.delete(row)
        else:
            taken.append((item, _model(session, row, item.remote, now)))
    session.flush()  # once: thousands may come together
    wanted: int | None = None
    resigns: int | None = None
    for item, row in taken:
        if item.remote is not None and item.remote["is_default"]:
            wanted = row.id
        elif row.is_default:
            resigns = row.id
    model_queries.repair_default(session, now, wanted=wanted, resigns=resigns)
    gone = [Pulled(item, item.local_key, is_gone=True) for item in items if item.remote is None]
    return gone + [Pulled(item, str(row.id), is_new=not item.local_key) for item, row in taken]


def _model(
    session: Session, row: EndpointRow | None, content: Mapping[str, Any], now: datetime
) -> EndpointRow:
    """Return the row; its list of models, protocol and probe results survive."""
    values = {name: value for name, value in content.items() if name != "is_default"}
    if row is None:
        protocol = _protocol(content["base_url"])
        row = EndpointRow(
            **values,
            provider_protocol=protocol,
            model_list=[content["model"]],
            created_at=now,
            updated_at=now,
        )
        _readdress(row)
    else:
        is_moved = row.base_url != content["base_url"]
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
        if is_moved:
            row.allows_local = False  # allowed was the address before, and not by Supabase
            _readdress(row)
    session.add(row)
    return row


def _readdress(row: EndpointRow) -> None:
    row.resolved_endpoints = resolved_addresses(row.base_url, row.provider_protocol)
    row.status, row.latency_ms, row.last_error = "unknown", None, None


def _protocol(base_url: str) -> str:
    host = (urlsplit(base_url).hostname or "").lower()
    return "claude" if host == "anthropic.com" or host.endswith(".anthropic.com") else "openai"


def pull_prompts(
    session: Session, items: Sequence[SyncItem], now: datetime, author: str
) -> Iterator[Pulled]:
    """Yield each prompt after it was taken over as a new version; then who is active follows."""
    touched: list[tuple[int, bool]] = []
    for item in items:
        if item.remote is None:
            _delete(session, item, now)
            yield Pulled(item, item.local_key, is_gone=True)
            continue
        if item.local_key:
            row = _change(session, int(item.local_key), item, now, author)
        else:
            row = prompt_queries.add_prompt(session, _values(item.remote), now, AUTHOR)
        touched.append((row.id or 0, bool(item.remote["is_active"])))
        yield Pulled(item, str(row.id), is_new=not item.local_key)
    _activate(session, touched, now)


def _values(content: Mapping[str, Any]) -> dict[str, Any]:
    has_tools = bool(content["tools"])
    return {
        "name": content["name"],
        "content": content["content"],
        "version": content["version"],
        "description": content["description"],
        "tools_json": content["tools"],
        "prompt_type": str(PromptType.TOOLS if has_tools else PromptType.SYSTEM),
    }


def _change(
    session: Session, prompt_id: int, item: SyncItem, now: datetime, author: str
) -> PromptRow:
    """Return the head; its type never changes, and the text that was here stays as a version."""
    assert item.remote is not None
    changed = {change.name for change in item.fields}
    texts = {column: item.remote[name] for name, column in _TEXTS if name in changed}
    names = ("name", "version", "description")
    facts = {name: item.remote[name] for name in names if name in changed}
    if texts:
        note = prompt_queries.Note(message=f"from Supabase, taken over by {author}"[:500])
        row = prompt_queries.change_prompt(session, prompt_id, texts, now, AUTHOR, note)
    else:
        row = prompt_queries.find_prompt(session, prompt_id)
    return prompt_queries.describe_prompt(session, prompt_id, facts, now) if facts else row


def keep_their_texts(session: Session, items: Sequence[SyncItem], now: datetime) -> None:
    """Keep Supabase's text of a conflict as a version when this console's text wins."""
    for item in items:
        if item.kind is not SyncKind.PROMPT or item.remote is None or not item.local_key:
            continue
        changed = {change.name for change in item.fields}
        texts = {column: item.remote[name] for name, column in _TEXTS if name in changed}
        if not texts:
            continue
        prompt_id = int(item.local_key)
        row = prompt_queries.find_prompt(session, prompt_id)
        ours = {"content": row.content, "tools_json": row.tools_json}
        shown = row.version_no
        theirs = prompt_queries.Note(message="Supabase's side of a conflict, kept")
        prompt_queries.change_prompt(session, prompt_id, texts, now, AUTHOR, theirs)
        kept = prompt_queries.Note(message="kept in a conflict", restored_from=shown)
        prompt_queries.change_prompt(session, prompt_id, ours, now, AUTHOR, kept)


def _activate(session: Session, touched: Sequence[tuple[int, bool]], now: datetime) -> None:
    """One active prompt of each type: the first that Supabase has active, none where it has none."""
    for prompt_id, is_active in touched:
        if not is_active:
            prompt_queries.deactivate_prompt(session, prompt_id, now)
    done: set[str] = set()
    for prompt_id, is_active in touched:
        row = prompt_queries.find_prompt(session, prompt_id)
        if is_active and row.prompt_type not in done:
            done.add(row.prompt_type)
            prompt_queries.activate_prompt(session, prompt_id, now)


def _delete(session: Session, item: SyncItem, now: datetime) -> None:
    row = prompt_queries.find_prompt(session, int(item.local_key))
    if row.is_active:
        raise ConflictError(
            "The prompt {title} is in use here; make another one active before it is deleted",
            title=item.title,
        )
    prompt_queries.delete_prompt(session, row.id or 0, now)
