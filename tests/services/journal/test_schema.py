"""S4.27, S4.75: records have the fields of the tables, and the page that describes them is true."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from db.queries.journal import JOURNAL_TABLES
from db.queries.journal_fields import kind_of, restore, table_of
from services.journal.schema import fields_table, schema
from services.journal.service import Journal
from tests.support.journal import REFUSED, files

DOCS = Path(__file__).resolve().parents[3] / "docs"
VALUES: dict[str, Any] = {
    "datetime": datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
    "date": datetime(2026, 11, 24, 5, 0, tzinfo=UTC).date(),
    "json": {"a": [1, None]},
    "boolean": True,
    "integer": 7,
    "number": 1.5,
    "text": "hello\x00",
}


def full_row(name: str) -> dict[str, Any]:
    return {column.name: VALUES[kind_of(column)] for column in table_of(name).columns}


@pytest.mark.parametrize("name", sorted(JOURNAL_TABLES))
async def test_a_record_of_every_table_fits_the_schema_and_comes_back(
    journal: Journal, name: str
) -> None:
    needed = {
        key: value for key, value in full_row(name).items() if key in JOURNAL_TABLES[name].keys
    }
    assert await journal.keep(name, [full_row(name), needed], REFUSED)
    (file,) = files(Path(journal.view.folder))
    found = json.loads(file.read_text())
    validator = jsonschema_rs.validator_for(json.loads((DOCS / "journal.schema.json").read_text()))
    validator.validate(found)
    assert set(found["rows"][0]) == set(table_of(name).columns.keys())
    back = restore(table_of(name), found["rows"][0])
    assert back == {
        key: v if v != "hello\x00" else "hello\ufffd" for key, v in full_row(name).items()
    }
    found["rows"][0]["colour"] = "red"
    assert not validator.is_valid(found)


def test_the_documents_say_what_the_program_does() -> None:
    """Renew them: python -m services.journal.schema > docs/journal.schema.json, --fields for the page."""
    assert json.loads((DOCS / "journal.schema.json").read_text()) == schema()
    assert fields_table() in (DOCS / "journal.md").read_text()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created_at", "2026-11-24T05:00:00"),
        ("created_at", 7),
        ("latency_ms", True),
        ("latency_ms", "7"),
        ("success", 1),
        ("total_ms", "fast"),
        ("model", None),
        ("model", 7),
        ("colour", "red"),
    ],
)
def test_a_value_a_column_does_not_take_is_refused_by_name(column: str, value: Any) -> None:
    with pytest.raises(ValueError, match=column):
        restore(table_of("ai_prompt_tests"), {column: value})
