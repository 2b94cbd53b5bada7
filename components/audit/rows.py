"""Entries of the log as rows of the big table."""

from collections.abc import Sequence
from typing import Any

from components.audit.words import (
    action_look,
    actor_word,
    field_word,
    fields_of,
    kind_word,
    subject_word,
)
from components.primitives.big_table import BigColumn
from components.primitives.formats import epoch_ms, moment_text
from components.status.demo import demo_tag
from components.status.looks import look_props
from components.words import tr
from services.audit.types import AuditEntry


def columns() -> list[BigColumn]:
    """Return the columns of the log."""
    return [
        BigColumn("subject", tr("What"), "name"),
        BigColumn("action", tr("Act"), "look", "120px"),
        BigColumn("fields", tr("Fields"), width="26%", from_px=760),
        BigColumn("actor", tr("Who"), width="18%", from_px=560),
        BigColumn("at", tr("When"), "age", "112px"),
    ]


def entry_rows(entries: Sequence[AuditEntry], zone: str) -> list[dict[str, Any]]:
    """Return one row an entry, newest first."""
    return [_row(entry, zone) for entry in entries]


def _row(entry: AuditEntry, zone: str) -> dict[str, Any]:
    tags = [] if subject_word(entry) == kind_word(entry.kind) else [[kind_word(entry.kind), ""]]
    if entry.is_demo:
        tags.append(demo_tag())
    if entry.undone_at is not None:
        tags.append([tr("Taken back"), "ended"])
    return {
        "id": str(entry.id),
        "subject": subject_word(entry),
        "subject_tags": tags,
        "action": look_props(action_look(entry.action)),
        "fields": ", ".join(dict.fromkeys(map(field_word, fields_of(entry)))),
        "actor": actor_word(entry.actor),
        "at": epoch_ms(entry.at),
        "at_title": moment_text(entry.at, zone),
        "off": entry.undone_at is not None,
        "find": f"{entry.subject_id} {entry.request_id}",
    }
