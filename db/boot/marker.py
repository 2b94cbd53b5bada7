"""The marker beside the data: which database was used last, and whether it was closed properly."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.files import flush_folder

_FILE = "store.json"


@dataclass(frozen=True, slots=True)
class Marker:
    """What the last start left."""

    path: str  # the database it used
    is_open: bool  # True: that process ended without closing it
    at: str  # when, UTC


def read_marker(data_dir: Path) -> Marker | None:
    """Return the marker, or None before the first start."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        value = json.loads((data_dir / _FILE).read_bytes())
        return Marker(str(value["path"]), value["state"] == "open", str(value["at"]))
    return None


def write_marker(data_dir: Path, path: Path, now: datetime | None) -> None:
    """Say that the database is open since `now`, or with None that it was closed."""
    at = now.isoformat() if now else (old.at if (old := read_marker(data_dir)) else "")
    text = json.dumps({"path": str(path), "state": "open" if now else "closed", "at": at})
    beside = data_dir / f".{_FILE}.part"
    with suppress(OSError):  # a full disk must not stop the start; the marker is only a hint
        with beside.open("w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(data_dir / _FILE)
        flush_folder(data_dir)
