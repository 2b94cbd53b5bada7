"""Before each sync: what is here, as files that can be read without this program."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from services.foundation.redact import redact_fields
from services.sync.types import LinkState, LocalRow, SyncKind

ARCHIVES = 3
_NAMES = {SyncKind.MODEL: "models", SyncKind.PROMPT: "prompts", SyncKind.MAPPING: "mappings"}


def write_backups(
    folder: Path,
    local: Mapping[SyncKind, Mapping[str, LocalRow]],
    links: Mapping[SyncKind, list[LinkState]],
    now: datetime,
) -> tuple[str, ...]:
    """Return the paths of `<name>-latest.json`; the one before is kept among 3 archives.

    Raise OSError when the disk takes nothing: then no sync begins.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    for kind, rows in local.items():
        name = _NAMES[kind]
        body = _body(kind, rows, links.get(kind, []), now)
        latest = folder / f"{name}-latest.json"
        if latest.exists():
            stamp = datetime.fromtimestamp(latest.stat().st_mtime, tz=now.tzinfo)
            latest.replace(folder / f"{name}-{stamp:%Y%m%dT%H%M%S%f}.json")
        _write(latest, body)
        old = sorted(folder.glob(f"{name}-2*.json"))
        for path in old[:-ARCHIVES]:
            path.unlink(missing_ok=True)
        written.append(str(latest))
    return tuple(written)


def _body(
    kind: SyncKind, rows: Mapping[str, LocalRow], links: list[LinkState], now: datetime
) -> dict[str, Any]:
    remote = {link.local_key: link.remote_key for link in links}
    return {
        "kind": str(kind),
        "written_at": now.isoformat(),
        "rows": [
            {
                "key": row.key,
                "remote_key": remote.get(row.key, row.remote_id),
                "created_at": row.created_at,
                "content": _shown(kind, row),
            }
            for row in rows.values()
        ],
    }


def _shown(kind: SyncKind, row: LocalRow) -> dict[str, Any]:
    """A prompt's text may speak of keys and is kept whole; nothing else holds a secret-like name."""
    return dict(row.content) if kind is not SyncKind.MODEL else redact_fields(row.content)


def _write(path: Path, body: dict[str, Any]) -> None:
    beside = path.with_suffix(".tmp")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(body, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
