"""The log in words: what changed is named as the forms name it."""

from datetime import UTC, datetime

import pytest

from components.audit.rows import entry_rows
from components.words import speaking
from services.audit.types import AuditAction, AuditEntry, AuditKind


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Address, Models, Local addresses allowed, own_column"),
        ("zh", "地址, 模型, 允许本机或内网地址, own_column"),
    ],
)
def test_a_changed_column_is_named_as_in_its_form(language: str, said: str) -> None:
    names = ("base_url", "model_list", "candidates_json", "allows_local", "own_column")
    entry = AuditEntry(
        id=1,
        at=datetime(2026, 1, 5, tzinfo=UTC),
        actor="console",
        request_id="",
        kind=AuditKind.MODEL,
        subject_id="1",
        subject="acme",
        action=AuditAction.CHANGED,
        before=dict.fromkeys(names, "a"),
        after=dict.fromkeys(names, "b"),
    )
    with speaking(language):
        assert entry_rows([entry], "UTC")[0]["fields"] == said
