"""Pure: rows as a CSV file that spreadsheets open rightly; no cell of it can become a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

MEDIA_TYPE = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain_cell(value: Any) -> Any:
    """Return the value as a spreadsheet shows it and never computes it."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_file(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """Return the file in UTF-8, with the names of the columns first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([plain_cell(value) for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()  # so that Excel reads it as UTF-8
