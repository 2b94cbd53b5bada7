"""Apply what was chosen of a preview: this console's side and every push, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.queries import mappings as mapping_queries
from db.queries import outbox as outbox_queries
from db.queries import sync as queries
from services.audit.books import record_change
from services.foundation.actor import Actor
from services.foundation.errors import ConflictError
from services.sync import contents, settling
from services.sync.local import read_local
from services.sync.pulling import Pulled, keep_their_texts, pull_models, pull_prompts
from services.sync.types import Choice, SyncAction, SyncItem, SyncKind, SyncPlan

Chosen = Sequence[tuple[SyncItem, Choice]]


@dataclass(slots=True)
class Applied:
    """What the transaction did."""

    pulled: dict[str, int] = field(default_factory=dict[str, int])
    queued: int = 0
    conflicts: int = 0
    skipped: int = 0
    keys_to_forget: list[int] = field(default_factory=list[int])  # endpoints that went
    new_models: dict[str, int] = field(default_factory=dict[str, int])  # remote key to local id


def check_fresh(session: Session, plan: SyncPlan, chosen: Chosen) -> None:
    """Raise ConflictError when a row that would be touched is not what the preview showed."""
    local = read_local(session, plan.kinds)
    for item, choice in chosen:
        if choice is Choice.SKIP:
            continue
        here = local[item.kind].get(item.local_key) if item.local_key else None
        if (here.content if here else None) != item.local:
            raise ConflictError(
                "{title} was changed here since the preview; look at it again", title=item.title
            )


def apply(session: Session, plan: SyncPlan, chosen: Chosen, who: Actor, now: datetime) -> Applied:
    """Return what was done; nothing of it stays when any part fails."""
    check_fresh(session, plan, chosen)
    applied = Applied()
    pulls = [item for item, choice in chosen if choice is Choice.PULL]
    steps: tuple[tuple[SyncKind, Callable[[Session], object]], ...] = (
        (SyncKind.MODEL, lambda s: _models(s, _of(pulls, SyncKind.MODEL), now, applied)),
        (SyncKind.PROMPT, lambda s: _prompts(s, _of(pulls, SyncKind.PROMPT), now, who.name)),
        (SyncKind.MAPPING, lambda s: _mappings(s, _of(pulls, SyncKind.MAPPING), now)),
    )
    for kind, step in steps:
        if _of(pulls, kind):
            record_change(session, str(kind), step, who, now)
    disputed = [
        item
        for item, choice in chosen
        if choice is Choice.PUSH and item.action is SyncAction.CONFLICT
    ]
    if any(item.kind is SyncKind.PROMPT for item in disputed):
        record_change(
            session, str(SyncKind.PROMPT), lambda s: keep_their_texts(s, disputed, now), who, now
        )
    for item, choice in chosen:
        _note(session, item, choice, now, applied)
    return applied


def _of(items: Sequence[SyncItem], kind: SyncKind) -> list[SyncItem]:
    return [item for item in items if item.kind is kind]


def note_agreed(session: Session, plan: SyncPlan, now: datetime) -> None:
    """Keep what both sides turned out to have alike; no row of either side changes by that."""
    for kind, pairs in plan.agreed.items():
        outbox_queries.drop_all(session, str(kind), [pair.local_key for pair in pairs])
        for pair in pairs:
            if not pair.base:
                settling.part(session, kind, pair.local_key)
        alike = [((p.local_key, p.remote_key), p.base) for p in pairs if p.base]
        settling.agree_all(session, kind, alike, now)


def _models(session: Session, items: Sequence[SyncItem], now: datetime, applied: Applied) -> None:
    found = pull_models(session, items, now)
    _link(session, SyncKind.MODEL, found, now)
    for pulled in found:
        if pulled.is_gone:
            applied.keys_to_forget.append(int(pulled.local_key))
        if pulled.is_new:
            applied.new_models[pulled.item.remote_key] = int(pulled.local_key)


def _prompts(session: Session, items: Sequence[SyncItem], now: datetime, author: str) -> None:
    _link(session, SyncKind.PROMPT, list(pull_prompts(session, items, now, author)), now)


def _mappings(session: Session, items: Sequence[SyncItem], now: datetime) -> None:
    prompts = {
        row.remote_key: row.local_key for row in queries.links(session, [str(SyncKind.PROMPT)])
    }
    found: list[Pulled] = []
    for item in items:
        local_key = item.local_key or _local_key(item, prompts)
        if not local_key:
            raise ConflictError(
                "The prompt of the mapping {title} is not here; take the prompt over too",
                title=item.title,
            )
        if item.remote is None:
            mapping_queries.delete_mapping(session, local_key, now)
        else:
            values = mapping_values(local_key, item.remote)
            mapping_queries.save_mapping(session, local_key, values, now)
        found.append(Pulled(item, local_key, is_gone=item.remote is None))
    _link(session, SyncKind.MAPPING, found, now)


def mapping_values(local_key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a mapping of this console."""
    scope, _, key = local_key.partition(":")
    return {
        "scope_type": scope,
        "scope_key": key,
        "name": str(content["name"])[:300] or key,
        "default_model": content["default_model"] or next(iter(content["candidates"]), ""),
        "candidates_json": list(content["candidates"]),
        "is_active": content["is_active"],
        "metadata_json": dict(content["metadata"]),
        "source": "supabase",
    }


def _local_key(item: SyncItem, prompts: Mapping[str, str]) -> str:
    if item.owner:
        local = prompts.get(item.owner)
        return f"{contents.PROMPT_SCOPE}:{local}" if local else ""
    assert item.remote is not None  # only something that is there can be added
    return f"{item.remote['scope_type']}:{item.remote['scope_key']}"


def _link(session: Session, kind: SyncKind, found: Sequence[Pulled], now: datetime) -> None:
    """Both sides hold Supabase's content now; a push that waited for such a row is over."""
    outbox_queries.drop_all(session, str(kind), [pulled.local_key for pulled in found])
    for pulled in found:
        if pulled.is_gone:
            settling.part(session, kind, pulled.local_key)
    pairs = [
        ((pulled.local_key, pulled.item.remote_key), pulled.item.remote or {})
        for pulled in found
        if not pulled.is_gone
    ]
    settling.agree_all(session, kind, pairs, now)


def _note(
    session: Session, item: SyncItem, choice: Choice, now: datetime, applied: Applied
) -> None:
    if choice is Choice.PULL:
        applied.pulled[item.action] = applied.pulled.get(item.action, 0) + 1
        return
    if choice is Choice.PUSH:
        applied.queued += 1
        _queue(session, item, now)
        return
    if item.action is SyncAction.CONFLICT:
        applied.conflicts += 1
        if item.local_key:
            settling.mark(session, item.kind, item.local_key, settling.SKIPPED)
    else:
        applied.skipped += 1


def _queue(session: Session, item: SyncItem, now: datetime) -> None:
    """Put the push into the outbox: it carries what it may replace, as the operator saw it."""
    key = item.local_key
    if not key:
        return
    payload: dict[str, Any] = {
        "content": dict(item.local or item.base or {}),
        "created_at": item.created_at,
        "remote_id": item.remote_key,
        "expect": None if item.remote is None else dict(item.remote),
        "restores": item.action is SyncAction.CONFLICT and item.remote is None,
    }
    values = {
        "title": item.title[:320],
        "op": "delete" if item.local is None else "save",
        "payload_json": payload,
        "state": "waiting",
        "reason_json": None,
    }
    outbox_queries.put(session, str(item.kind), key, values, now)
    settling.mark(session, item.kind, key, settling.PENDING)
