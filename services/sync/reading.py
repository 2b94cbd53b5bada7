"""Supabase's side: whole tables in pages of 1,000, counted, and read once more when rows moved."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.foundation.messages import Message, say
from services.supabase.client import Remote
from services.supabase.types import Fault, Page, RemoteError
from services.sync import contents
from services.sync.types import RemoteRow, SyncKind

PAGE_ROWS = 1_000
PAGES_MOST = 1_000
PASSES = 3
Rows = list[dict[str, Any]]


class Table(Protocol):
    """What reading needs of the project's tables."""

    async def page(self, table: str, *, after: Any, limit: int, key: str = "id") -> Page:
        """Return rows behind `after` in the key's order."""
        ...

    async def count(self, table: str) -> int:
        """Return the exact number of rows."""
        ...


async def read_table(remote: Table, table: str) -> Rows:
    """Return every row in the order of ids; raise RemoteError.

    The number must be the server's own exact count and no id may come twice; when rows came or went
    meanwhile the table is read again, at most twice.
    """
    for _ in range(PASSES):
        rows = await _one_pass(remote, table)
        ids = [str(row.get("id")) for row in rows]
        if len(set(ids)) == len(ids) and await remote.count(table) == len(rows):
            return rows
    raise RemoteError(
        "The table {table} changes while it is read: its rows and their number do not agree. Nothing was"
        " changed; try again",
        Fault.MALFORMED,
        table=table,
    )


async def _one_pass(remote: Table, table: str) -> Rows:
    found: Rows = []
    after: Any = None
    for _ in range(PAGES_MOST):
        page = await remote.page(table, after=after, limit=PAGE_ROWS)
        found.extend(page.rows)
        if not page.rows or (page.count is not None and len(page.rows) >= page.count):
            return found
        last = page.rows[-1].get("id")
        if last is None or last == after:
            raise RemoteError(
                "The table {table} lacks a column: {detail}",
                Fault.COLUMN_MISSING,
                table=table,
                detail="id",
            )
        after = last
    raise RemoteError("The table {table} has no end", Fault.MALFORMED, table=table)


class RemoteState:
    """Everything that was read, as rows; `has_table` says where mappings live."""

    def __init__(self, models: Rows, prompts: Rows, mappings: Rows | None) -> None:
        """Keep the raw rows; a missing table of mappings is None."""
        self.has_table = mappings is not None
        self.raw: Mapping[SyncKind, Rows] = {
            SyncKind.MODEL: [_without_key(row) for row in models],
            SyncKind.PROMPT: [row for row in prompts if row.get("name") != contents.CARRIER_NAME],
            SyncKind.MAPPING: _raw_mappings(prompts, mappings),
        }
        self.api_keys = {
            str(row.get("id")): str(row["api_key"]) for row in models if row.get("api_key")
        }


async def read_remote(remote: Remote, kinds: Sequence[SyncKind]) -> RemoteState:
    """Return the tables these kinds live in; raise RemoteError."""
    models = await read_table(remote, "ai_model") if SyncKind.MODEL in kinds else []
    prompts: Rows = []
    if SyncKind.PROMPT in kinds or SyncKind.MAPPING in kinds:
        prompts = await read_table(remote, "ai_prompt")
    mappings: Rows | None = None
    if SyncKind.MAPPING in kinds:
        try:
            mappings = await read_table(remote, "model_mappings")
        except RemoteError as error:
            if error.fault is not Fault.TABLE_MISSING:
                raise
    return RemoteState(models, prompts, mappings)


def to_rows(
    kind: SyncKind, raw: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, RemoteRow], list[Message]]:
    """Return the rows by key, and what is wrong with the table as a whole."""
    rows: dict[str, RemoteRow] = {}
    notes: list[Message] = []
    for position, row in enumerate(raw):
        made = _to_row(kind, row)
        key = made.key or f"?{position}"
        if key in rows:
            notes.append(say("The id {id} comes twice; the second one is left out", id=key))
            continue
        rows[key] = made
    return rows, notes


def _to_row(kind: SyncKind, row: Mapping[str, Any]) -> RemoteRow:
    if kind is SyncKind.MODEL:
        return contents.remote_model(row)
    if kind is SyncKind.PROMPT:
        return contents.remote_prompt(row)
    return contents.remote_mapping(row, str(row.get("__owner") or ""))


def _without_key(row: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the supplier's key out: it never reaches the database."""
    return {name: value for name, value in row.items() if name != "api_key"}


def _raw_mappings(prompts: Rows, table: Rows | None) -> Rows:
    found = list(table) if table is not None else carried(prompts)
    for row in prompts:
        mapping = contents.mapping_in(contents.parsed(row.get("tools_json")))
        if mapping is not None and row.get("name") != contents.CARRIER_NAME:
            found.append({**mapping, "__owner": str(row.get("id"))})
    return found


def carried(prompts: Sequence[Mapping[str, Any]]) -> Rows:
    """Return the mappings that travel in the carrier row, in whichever of the known forms."""
    for row in prompts:
        if row.get("name") != contents.CARRIER_NAME:
            continue
        value = contents.parsed(row.get("tools_json"))
        if isinstance(value, dict):
            value = value.get("mappings", value)  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        if isinstance(value, dict):
            value = [{"id": key, **one} for key, one in value.items() if isinstance(one, dict)]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, list):
            return [one for one in value if isinstance(one, dict)]  # pyright: ignore[reportUnknownVariableType]
    return []
