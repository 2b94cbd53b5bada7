"""Pure: a report as values for programs, and as a file."""

import json
from typing import Any

from services.foundation.csv_file import csv_file
from services.imports.types import Fate, ImportReport, Line, TableCount

_COLUMNS = ("table", "row", "fate", "reasons")


def report_values(report: ImportReport) -> dict[str, Any]:
    """Return the report with every row and its reasons in English."""
    return {
        "file": report.file,
        "source": report.source,
        "is_rehearsal": report.is_rehearsal,
        "target": report.target,
        "added": report.count(Fate.ADDED),
        "known": report.count(Fate.KNOWN),
        "changed": report.count(Fate.CHANGED),
        "skipped": report.count(Fate.SKIPPED),
        "secrets_moved": report.secrets_moved,
        "tables": [_count(one) for one in report.tables],
        "notes": [str(note) for note in report.notes],
        "left": dict(report.left),
        "rows": [_line(one) for one in report.lines],
    }


def as_json(values: dict[str, Any]) -> bytes:
    """Return the report as a JSON file."""
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(values: dict[str, Any]) -> bytes:
    """Return the rows as a CSV file, one line each."""
    rows = (
        (one["table"], one["row"], one["fate"], "; ".join(one["reasons"])) for one in values["rows"]
    )
    return csv_file(_COLUMNS, rows)


def _count(one: TableCount) -> dict[str, Any]:
    return {
        "table": one.table,
        "found": one.found,
        "added": one.added,
        "known": one.known,
        "changed": one.changed,
        "skipped": one.skipped,
    }


def _line(one: Line) -> dict[str, Any]:
    return {
        "table": one.table,
        "row": one.row,
        "fate": str(one.fate),
        "reasons": [str(reason) for reason in one.reasons],
    }
