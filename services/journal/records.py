"""Records of the journal as JSON: encoded with their own checksum, decoded with every doubt named."""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, NoReturn, cast

from services.journal.types import RECORD_BYTES, ROWS_MAX, SCHEMA, BadRecordError, Record, Row

NAME = re.compile(
    r"(?P<seq>\d{10})-(?P<table>[a-z0-9_]+)-(?P<rows>\d+)-(?P<id>[A-Za-z0-9_]+)\.json"
)
REASON_MAX = 500
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # what no database column takes
_FIELDS = ("schema", "id", "seq", "store", "table", "at", "reason", "rows")


def file_name(record: Record) -> str:
    """Return the name a record's file has: order, table, number of rows, id."""
    return f"{record.seq:010d}-{record.table}-{len(record.rows)}-{record.id}.json"


def rows_in(name: str) -> int:
    """Return how many rows the record of that file name holds, 0 when it is no such name."""
    found = NAME.fullmatch(name)
    return int(found["rows"]) if found else 0


def chunks(rows: Sequence[Row]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows as JSON keeps them, in lists that make one record each."""
    piece: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        values = {name: plain(value) for name, value in row.items()}
        length = len(_dump(values))
        if piece and (len(piece) >= ROWS_MAX or size + length > RECORD_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(values)
        size += length
    if piece:
        yield piece


def plain(value: Any) -> Any:
    """Return the value as JSON and both databases can keep it."""
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(plain(key)): plain(item) for key, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    return _scalar(value.value if isinstance(value, Enum) else value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # NaN and infinity are no JSON
    if value is None or isinstance(value, int):
        return value
    text = value.isoformat() if isinstance(value, date) else str(value)
    return _UNSTORABLE.sub("\ufffd", text)


def record_ids(record_id: str, rows: int) -> list[str]:
    """Return the ids of the records that so many small rows make under one id."""
    return [f"{record_id}_{number}" for number in range(-(-rows // ROWS_MAX))]


def encode(record: Record) -> bytes:
    """Return the record as one line of JSON; its rows went through chunks()."""
    body = {
        "schema": SCHEMA,
        "id": record.id,
        "seq": record.seq,
        "store": record.store,
        "table": record.table,
        "at": record.at.astimezone(UTC).isoformat(),
        "reason": plain(record.reason)[:REASON_MAX],
        "rows": list(record.rows),
    }
    text = _dump(body)
    return f'{{"sha256":"{_sha256(text)}",{text[1:]}\n'.encode()


def decode(data: bytes) -> Record:
    """Return the record; raise BadRecordError with the reason when it is torn, changed or foreign."""
    try:
        found: Any = json.loads(data.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadRecordError(f"it is no JSON: {error}"[:300]) from error
    if not isinstance(found, dict):
        raise BadRecordError("it is no record of the journal")
    body = cast("dict[str, Any]", found)
    sha256 = body.pop("sha256", None)
    if not isinstance(body.get("schema"), int) or not isinstance(sha256, str):
        raise BadRecordError("it is no record of the journal")
    if body["schema"] != SCHEMA:
        raise BadRecordError(f"its schema is {body['schema']}, this version writes {SCHEMA}")
    if _sha256(_dump(body)) != sha256:
        raise BadRecordError("its checksum does not fit: it was changed or cut")
    return _record(body)


def _record(body: Mapping[str, Any]) -> Record:
    if set(body) != set(_FIELDS):
        raise BadRecordError("its fields are not those of a record")
    try:
        return Record(
            id=_id(body["id"]),
            seq=int(body["seq"]),
            store=str(body["store"]),
            table=str(body["table"]),
            at=datetime.fromisoformat(body["at"]),
            reason=str(body["reason"]),
            rows=_rows(body["rows"]),
        )
    except (TypeError, ValueError) as error:
        raise BadRecordError(f"a field cannot be read: {error}") from error


def _rows(value: Any) -> list[dict[str, Any]]:
    rows = cast("list[Any]", value) if isinstance(value, list) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("rows")
    return rows


def _id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_]{1,60}", value):
        raise ValueError("id")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _dump(value: Any) -> str:
    # Surrogates were replaced, so the text is valid UTF-8 whatever was foreign in it.
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
