"""Revisions: the numbered files that make the schema, known without loading Alembic."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Revisions:
    """A folder of revisions `0001_what.py`, `0002_…`; the number is SQLite's user_version."""

    folder: Path = HERE / "versions"

    @property
    def head(self) -> int:
        """The highest number: the version of a database that is up to date."""
        return max(self.numbers, default=0)

    @property
    def numbers(self) -> list[int]:
        """Every number, ascending."""
        return sorted(int(path.name[:4]) for path in self.folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


SHIPPED = Revisions()


def revision_of(version: int) -> str:
    """Return the Alembic name of a version; version 0 is the empty database."""
    return f"{version:04d}" if version else "base"
