"""Ask for many rows by a column without an address that no server takes."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.supabase.client import Remote

QUERY_CHARACTERS = 3_000
VALUES_MOST = 200


def chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """Yield the values in groups whose text fits in one address."""
    group: list[str] = []
    size = 0
    for value in values:
        length = 3 * len(value.encode()) if not value.isascii() else len(value) + 8
        if group and (size + length > QUERY_CHARACTERS or len(group) >= VALUES_MOST):
            yield group
            group, size = [], 0
        group.append(value)
        size += length
    if group:
        yield group


async def find_all(
    remote: Remote, table: str, column: str, values: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rows whose column holds one of the values."""
    found: list[dict[str, Any]] = []
    for group in chunks(values):
        found += await remote.find(table, column, group)
    return found
