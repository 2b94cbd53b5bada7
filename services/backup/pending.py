"""Pending: a restore that was asked for on the page is done by the next start, before anything opens."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.backup.commands import put_back
from services.backup.types import Restored
from services.foundation.errors import ConsoleError
from services.secrets.files import write_private
from services.settings.types import Env

FILE = "restore.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which copy is to take the place of the database, and who said so."""

    file: Path
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the start made of it; without `done` the database is the one it was."""

    asked: Asked
    done: Restored | None
    reason: str = ""


def ask(env: Env, file: Path, by: str) -> None:
    """Note that the next start of the console puts this copy back; raise OSError."""
    write_private(env.data_dir / FILE, json.dumps({"file": str(file), "by": by}).encode())


def take_up(env: Env, now: datetime) -> Outcome | None:
    """Return what was done of what was asked, None when nothing was; the lock must be held.

    The note is gone before the work begins: a restore that cannot succeed is tried once.
    """
    note = env.data_dir / FILE
    try:
        found = json.loads(note.read_bytes())
        asked = Asked(Path(str(found["file"])), str(found["by"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        note.unlink(missing_ok=True)
        return None
    note.unlink(missing_ok=True)
    try:
        return Outcome(asked, put_back(env, asked.file, now))
    except ConsoleError as error:
        return Outcome(asked, None, str(error))
