"""Catalogues: find every visible template in the source, and compile the .po files to .mo files."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE_DIR = ROOT / "locale"
SOURCES = ("components", "gymbro_ui", "services", "db")
_PLAIN = frozenset({"tr", "say", "word", "Message"})
_PLURAL = "trn"
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Template:
    """One English template and where it stands; `many` is its plural or empty."""

    text: str
    many: str
    place: str  # path:line


def po_files() -> list[Path]:
    """Return every catalogue, sorted."""
    return sorted(LOCALE_DIR.glob("*/LC_MESSAGES/*.po"))


def read_catalogue(path: Path) -> Catalog:
    """Return one .po file; raise PoFileError where it is not well formed."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def compiled(path: Path) -> bytes:
    """Return the .mo bytes of one .po file; fuzzy entries are left out."""
    catalogue = read_catalogue(path)
    catalogue.creation_date = catalogue.revision_date = _NO_DATE  # the same text, the same bytes
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


def translated(language: str) -> dict[str, str]:
    """Return every template that some catalogue of the language translates, and its file."""
    found: dict[str, str] = {}
    for path in sorted((LOCALE_DIR / language / "LC_MESSAGES").glob("*.po")):
        for entry in read_catalogue(path):
            forms = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
            if entry.id and all(forms) and not entry.fuzzy:
                text = entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
                found.setdefault(text, path.name)
    return found


def missing(language: str, places: tuple[str, ...] = ()) -> list[str]:
    """Return place and text of every template without translation, in the places that are named."""
    known = translated(language)
    return sorted(
        f"{template.place}: {template.text!r}"
        for template in templates()
        if template.text not in known and template.place.startswith(places or ("",))
    )


def templates(folders: Iterable[str] = SOURCES) -> list[Template]:
    """Return every template of tr, trn, say, word, Message, the errors for people and labels."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    errors = _error_names(trees.values())
    found: list[Template] = []
    for path, tree in trees.items():
        relative = path.relative_to(ROOT)
        is_service = relative.parts[0] == "services"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                place = f"{relative.as_posix()}:{node.lineno}"
                found.extend(_of_call(node, errors, place, is_service=is_service))
    return found


def _error_names(trees: Iterable[ast.Module]) -> frozenset[str]:
    """The names of ConsoleError and of every class that descends from it."""
    bases: dict[str, list[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
    known = {"ConsoleError"}
    for _ in bases:
        more = {name for name, above in bases.items() if known.intersection(above)} - known
        if not more:
            break
        known |= more
    return frozenset(known)


def _of_call(
    node: ast.Call, errors: frozenset[str], place: str, *, is_service: bool
) -> Iterator[Template]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    texts = [_text(argument) for argument in node.args[:2]]
    if name == _PLURAL and len(texts) == 2:
        yield Template(texts[0], texts[1], place)
    elif texts and texts[0] and (name in _PLAIN or name in errors):
        yield Template(texts[0], "", place)
    if is_service:  # registries name what they hold: ExecutionKind, ReplyCheck
        for keyword in node.keywords:
            if keyword.arg == "label" and (text := _text(keyword.value)):
                yield Template(text, "", place)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
