"""Differences as rows of the big table."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.primitives.big_table import BigColumn
from components.status.looks import look_props
from components.sync.words import ACTION_LOOKS, KIND_WORDS, choice_look, field_word
from components.words import sentence, tr
from services.sync.types import Choice, SyncAction, SyncItem

Choices = Mapping[str, Choice]


def columns() -> list[BigColumn]:
    """Return the columns of the table of differences."""
    return [
        BigColumn("name", tr("What"), "name"),
        BigColumn("action", tr("Difference"), "look", "184px"),
        BigColumn("fields", tr("Fields"), width="22%", from_px=760),
        BigColumn("breaks", tr("Would break"), "chips", "20%", from_px=960),
        BigColumn("choice", tr("Then"), "look", "168px"),
    ]


def facets() -> dict[str, str]:
    """Return what the table can be narrowed to."""
    return {
        "all": tr("All"),
        "conflict": tr("Conflicts"),
        "pull": tr("From Supabase"),
        "push": tr("To Supabase"),
        "delete": tr("Deletions"),
        "breaks": tr("Break a mapping"),
        "invalid": tr("Not usable"),
    }


def item_rows(items: Sequence[SyncItem], choices: Choices) -> list[dict[str, Any]]:
    """Return one row a difference, what needs a look first."""
    ordered = sorted(items, key=_urgency)
    return [_row(item, choices.get(item.id, Choice.SKIP)) for item in ordered]


def _urgency(item: SyncItem) -> tuple[int, int, str]:
    if item.action is SyncAction.CONFLICT:
        rank = 0
    elif item.action.is_delete:
        rank = 1
    else:
        rank = 2 if item.breaks else 4 if item.action is SyncAction.INVALID else 3
    return rank, list(KIND_WORDS).index(item.kind), item.title.casefold()


def _row(item: SyncItem, choice: Choice) -> dict[str, Any]:
    note = "" if item.note is None else sentence(item.note)
    names = [field_word(change.name) for change in item.fields]
    is_change = item.local is not None and item.remote is not None
    return {
        "id": item.id,
        "name": item.title,
        "name_tags": [[tr(KIND_WORDS[item.kind]), ""]],
        "action": look_props(ACTION_LOOKS[item.action]),
        "fields": note or (", ".join(names) if is_change else ""),
        "breaks": [
            [one, "structure", tr("This mapping would lose a model")] for one in item.breaks
        ],
        "choice": look_props(choice_look(item, choice)),
        "off": choice is Choice.SKIP,
        "facets": _facets(item),
    }


def _facets(item: SyncItem) -> list[str]:
    action = item.action
    marks = (
        ("conflict", action is SyncAction.CONFLICT),
        ("pull", action.is_pull),
        ("push", action.is_push),
        ("delete", action.is_delete),
        ("breaks", bool(item.breaks)),
        ("invalid", action is SyncAction.INVALID),
    )
    return [name for name, holds in marks if holds]
