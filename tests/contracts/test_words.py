"""Every visible template has a Chinese translation, and every translation a template."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from components.catalogues import (
    ROOT,
    SOURCES,
    compiled,
    missing,
    po_files,
    read_catalogue,
    templates,
    translated,
)

pytestmark = pytest.mark.xdist_group("words")  # the sources are read once
_CALLS = {"tr", "trn", "say", "word"}


def test_every_template_is_translated() -> None:
    left = missing("zh")
    assert not left, f"{len(left)} templates without Chinese:\n" + "\n".join(left)


def test_every_translation_is_used() -> None:
    used = {template.text for template in templates()}
    strays = sorted(
        f"{file}: {text!r}" for text, file in translated("zh").items() if text not in used
    )
    assert not strays, f"{len(strays)} translations nobody shows:\n" + "\n".join(strays)


def test_compiled_catalogues_are_up_to_date() -> None:
    stale = [
        path.name
        for path in po_files()
        if not path.with_suffix(".mo").exists()
        or path.with_suffix(".mo").read_bytes() != compiled(path)
    ]
    assert not stale, f"run `make words`: {stale}"


def test_translations_keep_the_braces_of_their_template() -> None:
    wrong: list[str] = []
    for path in po_files():
        for text, forms in _entries(read_catalogue(path)):
            allowed = set().union(*(_braces(one) for one in text))
            wrong += [
                f"{path.name}: {text[0]!r} → {form!r}"
                for form in forms
                if not _braces(form) <= allowed or (len(text) == 1 and _braces(form) != allowed)
            ]
    assert not wrong, "\n".join(wrong)


def test_one_text_has_one_translation() -> None:
    """Two catalogues that disagree would make a word depend on the order of files."""
    seen: dict[str, tuple[str, tuple[str, ...]]] = {}
    clashes: list[str] = []
    for path in po_files():
        for text, forms in _entries(read_catalogue(path)):
            other = seen.setdefault(text[0], (path.name, forms))
            if other[1] != forms:
                clashes.append(f"{text[0]!r}: {other[0]} {other[1]} and {path.name} {forms}")
    assert not clashes, "\n".join(clashes)


def test_no_template_is_put_together_at_run_time() -> None:
    """An f-string or a sum can never be found in a catalogue."""
    wrong: list[str] = []
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            wrong.extend(_put_together(path))
    assert not wrong, "\n".join(wrong)


def _put_together(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _CALLS
        and node.args
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]


def _entries(catalogue: Catalog) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for entry in catalogue:
        if entry.id:
            text = tuple(entry.id) if isinstance(entry.id, tuple | list) else (entry.id,)
            forms = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
            found.append((text, tuple(form or "" for form in forms)))
    return found


def _braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
