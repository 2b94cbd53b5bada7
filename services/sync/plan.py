"""Pure: compare what is here, what is there and what both last agreed on; clocks never decide."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.foundation.messages import Message, say
from services.sync.types import (
    Choice,
    Direction,
    LinkState,
    LocalRow,
    RemoteRow,
    SyncAction,
    SyncItem,
    SyncKind,
    SyncPlan,
    SyncRequest,
)

_LABELS: Mapping[SyncKind, str] = {
    SyncKind.MODEL: say("Provider").text,
    SyncKind.PROMPT: say("Prompt").text,
    SyncKind.MAPPING: say("Mapping").text,
}


@dataclass(slots=True)
class Comparison:
    """What comparing one kind found."""

    items: list[SyncItem] = field(default_factory=list[SyncItem])
    same: int = 0  # rows that are alike on both sides
    agreed: list[LinkState] = field(default_factory=list[LinkState])  # those nobody noted yet
    pairs: dict[str, str] = field(default_factory=dict[str, str])  # remote key to local key


def compare(
    kind: SyncKind,
    local: Mapping[str, LocalRow],
    remote: Mapping[str, RemoteRow],
    links: Iterable[LinkState],
    twin: Callable[[LocalRow], str],
) -> Comparison:
    """Return every difference; `twin` names the remote key a row without a link may belong to."""
    found = Comparison()
    known = {link.local_key: link for link in links}
    taken = {link.remote_key for link in known.values()}
    for link in known.values():
        _linked(kind, link, local.get(link.local_key), remote.get(link.remote_key), found)
    for row in local.values():
        if row.key in known:
            continue
        key = twin(row)
        other = remote.get(key) if key and key not in taken else None
        if other is not None:
            taken.add(key)
        _unlinked(kind, row, other, found)
    for row in remote.values():
        if row.key not in taken:
            action = SyncAction.INVALID if row.problem else SyncAction.PULL_ADD
            found.items.append(_item(kind, action, None, row, None))
    return found


def _linked(
    kind: SyncKind,
    link: LinkState,
    here: LocalRow | None,
    there: RemoteRow | None,
    found: Comparison,
) -> None:
    if there is not None and here is not None:
        found.pairs[there.key] = here.key
    if there is not None and there.problem is not None:
        found.items.append(_item(kind, SyncAction.INVALID, here, there, link))
        return
    left = None if here is None else here.content
    right = None if there is None else there.content
    if left == right:
        found.same += 1
        if right is None or right != link.base:  # gone on both sides, or changed alike
            found.agreed.append(LinkState(link.local_key, link.remote_key, right or {}))
        return
    found.items.append(_item(kind, _three_way(left, right, link), here, there, link))


def _three_way(left: object, right: object, link: LinkState) -> SyncAction:
    """Return what happened since the sides agreed; None on a side means that it is gone there."""
    if left == link.base:
        return SyncAction.PULL_DELETE if right is None else SyncAction.PULL_CHANGE
    if right == link.base:
        return SyncAction.PUSH_DELETE if left is None else SyncAction.PUSH_CHANGE
    return SyncAction.CONFLICT


def _unlinked(kind: SyncKind, here: LocalRow, there: RemoteRow | None, found: Comparison) -> None:
    if there is None:
        found.items.append(_item(kind, SyncAction.PUSH_ADD, here, None, None))
        return
    found.pairs[there.key] = here.key
    if there.problem is not None:
        found.items.append(_item(kind, SyncAction.INVALID, here, there, None))
    elif here.content == there.content:
        found.same += 1
        found.agreed.append(LinkState(here.key, there.key, there.content))
    else:
        found.items.append(_item(kind, SyncAction.CONFLICT, here, there, None))


def _item(
    kind: SyncKind,
    action: SyncAction,
    here: LocalRow | None,
    there: RemoteRow | None,
    link: LinkState | None,
) -> SyncItem:
    local_key = here.key if here else link.local_key if link else ""
    remote_key = there.key if there else link.remote_key if link else ""
    base = None if link is None else link.base
    name = "" if base is None else str(base.get("name") or "")
    return SyncItem(
        id=f"{kind}|{local_key}|{remote_key}",
        kind=kind,
        action=action,
        title=(here and here.title) or (there and there.title) or name or local_key or remote_key,
        local_key=local_key,
        remote_key=remote_key,
        local=None if here is None else here.content,
        remote=None if there is None or there.problem else there.content,
        base=base,
        note=_note(action, here, there, link),
        created_at=here.created_at if here else "",
        owner=there.owner if there else "",
    )


def _note(
    action: SyncAction, here: LocalRow | None, there: RemoteRow | None, link: LinkState | None
) -> Message | None:
    if there is not None and there.problem is not None:
        return there.problem
    if action is not SyncAction.CONFLICT:
        return None
    if link is None:
        return say("It is on both sides under this name, but they never agreed on it")
    if here is None:
        return say("Deleted here, changed at Supabase")
    return say("Changed here, deleted at Supabase") if there is None else None


def warnings(
    kind: SyncKind,
    local: Mapping[str, LocalRow],
    remote: Mapping[str, RemoteRow],
    links: Sequence[LinkState],
) -> list[Message]:
    """Return what an operator must know of a whole table before anything is chosen."""
    if remote or not links:
        return []
    return [
        say(
            "Supabase has no row of the kind {label} any more; here there are {n}. Nothing is deleted unless"
            " you choose it",
            label=_LABELS[kind],
            n=len(local),
        )
    ]


def choose(plan: SyncPlan, request: SyncRequest) -> dict[str, Choice]:
    """Return what a sync without a preview does with each difference."""
    wanted = request.local_keys
    items = [item for item in plan.items if not wanted or item.local_key in wanted]
    return {item.id: _choose(item, request) for item in items}


def _choose(item: SyncItem, request: SyncRequest) -> Choice:
    if item.action is SyncAction.CONFLICT:
        if not request.overwrite or request.direction is Direction.BOTH:
            return Choice.SKIP
        return Choice.PUSH if request.direction is Direction.PUSH else Choice.PULL
    is_wanted = request.delete_missing or not item.action.is_delete
    if item.action.is_push and request.direction is not Direction.PULL and is_wanted:
        return Choice.PUSH
    if item.action.is_pull and request.direction is not Direction.PUSH and is_wanted:
        return Choice.PULL
    return Choice.SKIP


def checked(plan: SyncPlan, choices: Mapping[str, Choice]) -> Sequence[tuple[SyncItem, Choice]]:
    """Return each difference with what was chosen for it; what cannot be chosen is skipped."""
    return [
        (item, choice if choice in item.choices else Choice.SKIP)
        for item in plan.items
        for choice in (choices.get(item.id, Choice.SKIP),)
    ]
