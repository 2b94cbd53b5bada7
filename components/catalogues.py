"""Catalogues: compile the .po files to the .mo files that are read at start."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"


def po_files() -> list[Path]:
    """Return every catalogue, sorted."""
    return sorted(LOCALE_DIR.glob("*/LC_MESSAGES/*.po"))


def compiled(path: Path) -> bytes:
    """Return the .mo bytes of one .po file; fuzzy entries are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parent.parent.name, abort_invalid=True)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def compile_all() -> Iterator[Path]:
    """Write the .mo beside each .po that changed; yield the files written."""
    for path in po_files():
        target = path.with_suffix(".mo")
        content = compiled(path)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
            yield target
