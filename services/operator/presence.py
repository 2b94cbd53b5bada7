"""Is a console running on a data folder, and where; the token its operator speaks with."""

from dataclasses import dataclass
from pathlib import Path

from db.lock import read_holder
from services.foundation.errors import InputError

TOKEN_FILE = "operator.token"


@dataclass(frozen=True, slots=True)
class Running:
    """The console that holds a data folder."""

    pid: int
    url: str


def find_running(data_dir: Path) -> Running | None:
    """Return who holds the folder's lock, or None when nobody does."""
    holder = read_holder(data_dir)
    return None if holder is None else Running(holder.pid, holder.url)


def read_operator_token(secrets_dir: Path) -> str:
    """Return the operator's token; raise InputError when the console has not made one yet."""
    path = secrets_dir / TOKEN_FILE
    try:
        return path.read_text().strip()
    except OSError as error:
        raise InputError(
            "The operator's token {path} cannot be read: {reason}",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
