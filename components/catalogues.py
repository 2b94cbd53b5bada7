"""Catalogues: find every visible template in the source, and compile the .po files to .mo files."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
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
_LABELLED = frozenset({"ExecutionKind", "ReplyCheck"})
_TABLE = "TEXTS"
_HOLES = re.compile(r"\{[^{}]*\}")
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


@cache
def templates(folders: tuple[str, ...] = SOURCES) -> list[Template]:
    """Return every template: of tr, trn, say, word, errors for people, labels and TEXTS tables."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    errors = _error_names(trees.values())
    found: list[Template] = []
    for path, tree in trees.items():
        relative = path.relative_to(ROOT).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found.extend(_of_call(node, errors, f"{relative}:{node.lineno}"))
        found.extend(_of_tables(tree, relative))
    return [template for template in found if _HOLES.sub("", template.text).strip()]


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


def _of_call(node: ast.Call, errors: frozenset[str], place: str) -> Iterator[Template]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    texts = [_text(argument, {}) for argument in node.args[:2]]
    if name == _PLURAL and len(texts) == 2:
        yield Template(texts[0], texts[1], place)
    elif texts and texts[0] and (name in _PLAIN or name in errors):
        yield Template(texts[0], "", place)
    if name in _LABELLED:  # plug-ins name themselves: label is given by word or second in place
        labels = [_text(word.value, {}) for word in node.keywords if word.arg == "label"]
        for text in labels or texts[1:2]:
            if text:
                yield Template(text, "", place)


def _of_tables(tree: ast.Module, relative: str) -> Iterator[Template]:
    """The values of a module's dict TEXTS: whole sentences by code, also where they are sums."""
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.id if isinstance(target, ast.Name) else ""
            names[name] = _text(node.value, names)
            tables = [one for one in ast.walk(node.value) if isinstance(one, ast.Dict)]
            for table in tables if name == _TABLE else ():
                for value in table.values:
                    yield Template(_text(value, names), "", f"{relative}:{value.lineno}")


def _text(node: ast.expr, names: Mapping[str, str]) -> str:
    """The constant text of an expression, sums and known names included; empty if there is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _text(left, names), _text(right, names)
            return first + second if first and second else ""
        case _:
            return ""
