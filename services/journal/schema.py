"""The JSON Schema of the journal's records, made from the tables: python -m services.journal.schema."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column
from sqlmodel import SQLModel

import db.tables
from db.queries.journal import JOURNAL_TABLES, JournalTable
from db.queries.journal_fields import kind_of, table_of
from services.journal.types import ROWS_MAX, SCHEMA

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "json": {},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
}
WAYS = {
    "insert": "a new row",
    "update": "the row its keys name gets these values",
    "add": "the counts are added to the row of the same keys",
    "end": "the execution is closed, if it is still open",
}
_ENVELOPE: Mapping[str, Mapping[str, Any]] = {
    "sha256": {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "of the record without this field, keys sorted, no blanks, UTF-8",
    },
    "schema": {"const": SCHEMA, "description": "version of this description"},
    "id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_]{1,60}$",
        "description": "marked in journal_marks in the transaction that writes the rows back",
    },
    "seq": {"type": "integer", "minimum": 1, "description": "order of writing back"},
    "store": {
        "type": "string",
        "description": "name of the database the rows were meant for; empty: not known",
    },
    "table": {"type": "string", "description": "where the rows belong"},
    "at": {"type": "string", "format": "date-time", "description": "when they were refused"},
    "reason": {
        "type": "string",
        "maxLength": 500,
        "description": "locked, full, readonly, io, corrupt, gone or other; then the driver's text",
    },
    "rows": {"type": "array", "minItems": 1, "maxItems": ROWS_MAX},
}


def schema() -> dict[str, Any]:
    """Return the schema of every record this version writes."""
    assert db.tables.__all__  # imported: the metadata is complete
    assert set(JOURNAL_TABLES) <= set(SQLModel.metadata.tables)
    return {
        "$schema": DRAFT,
        "title": "Record of the journal",
        "description": "One file in storage/ai_runtime/journal: rows of one table the database refused",
        "type": "object",
        "properties": dict(_ENVELOPE),
        "required": list(_ENVELOPE),
        "additionalProperties": False,
        "oneOf": [
            {
                "properties": {
                    "table": {"const": name},
                    "rows": {"items": {"$ref": f"#/$defs/{name}"}},
                }
            }
            for name in sorted(JOURNAL_TABLES)
        ],
        "$defs": {name: _row(name, table) for name, table in sorted(JOURNAL_TABLES.items())},
    }


def _row(name: str, table: JournalTable) -> dict[str, Any]:
    return {
        "description": f"{table.way}: {WAYS[table.way]}",
        "type": "object",
        "properties": {column.name: _field(column) for column in table_of(name).columns},
        "required": list(table.keys),
        "additionalProperties": False,
    }


def _field(column: Column[Any]) -> dict[str, Any]:
    found = dict(_KINDS[kind_of(column)])
    if column.nullable and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


def fields_table() -> str:
    """Return the Markdown table of every field of every table."""
    lines = ["| table | way | fields (keys bold; `?` may be null) |", "|---|---|---|"]
    for name, table in sorted(JOURNAL_TABLES.items()):
        fields = ", ".join(_named(column, table) for column in table_of(name).columns)
        lines.append(f"| `{name}` | {table.way} | {fields} |")
    return "\n".join(lines)


def _named(column: Column[Any], table: JournalTable) -> str:
    name = f"`{column.name}` {kind_of(column)}{'?' if column.nullable else ''}"
    return f"**{name}**" if column.name in table.keys else name


def main(arguments: list[str]) -> int:
    """Print the schema, or with --fields the table of fields."""
    text = fields_table() if "--fields" in arguments else json.dumps(schema(), indent=2)
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
