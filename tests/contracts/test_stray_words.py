"""No visible word stands outside the catalogues: not in a widget's template, not in a property."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from components.catalogues import ROOT

PLACES = ("components", "gymbro_ui")
# Names that are the same in every language, keys, units and icons.
SAME = frozenset(
    {
        *("GymBro", "Supabase", "Python", "NiceGUI", "JSON", "SQL", "URL", "CSV", "Ctrl", "Esc"),
        *("Console", "GymBro Console", "Ctrl K", "API", "ms", "min", "UTC", "TTFT", "HTTP"),
        *("Authorization", "Bearer", "sha"),
    }
)
NAMED = ("aria-label", "title", "placeholder", "label", "alt", "aria-description", "hint")
_CHINESE = re.compile(r"[\u3400-\u9fff\uff01-\uff5e]")
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_TEMPLATE = re.compile(r"template: `(.*?)`,\n", re.DOTALL)
_BETWEEN = re.compile(r">([^<>]+)<")
_STATIC = re.compile(r"(?<![:\w-])(" + "|".join(NAMED) + r')="([^"]*)"')
_PROP = re.compile(r"(?<![:\w-])(" + "|".join(NAMED) + r")=(?:\"([^\"]+)\"|'([^']+)'|([^\s\"']+))")
_ICONS = re.compile(r'<i class="q-icon[^>]*>.*?</i>')
_ARROWS = re.compile(r"=>|&&|>=|<=")


def test_no_chinese_stands_outside_of_the_catalogues() -> None:
    """A language names itself, and the wire has words of its contract; all else is English here."""
    found = [
        f"{path.relative_to(ROOT)}:{no}: {line.strip()[:80]}"
        for place in PLACES
        for kind in ("py", "js", "css")
        for path in sorted((ROOT / place).rglob(f"*.{kind}"))
        for no, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _CHINESE.search(line) and "中文" not in line and "gymbro_ui/api" not in path.as_posix()
    ]
    assert not found, "\n".join(found)


def test_no_widget_has_a_word_of_its_own() -> None:
    found = [f"{path.name}: {text!r}" for path in _files("js") for text in _own_words(path)]
    assert not found, "\n".join(found)


def test_no_property_and_no_label_is_a_bare_text() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{no}: {text!r}"
        for path in _files("py")
        for no, text in _bare(ast.parse(path.read_text(encoding="utf-8")))
        if _is_word(text)
    ]
    assert not found, "\n".join(found)


def _files(kind: str) -> Iterator[Path]:
    for place in PLACES:
        yield from sorted((ROOT / place).rglob(f"*.{kind}"))


def _own_words(path: Path) -> Iterator[str]:
    for template in _TEMPLATE.findall(path.read_text(encoding="utf-8")):
        plain = _ICONS.sub("", template)
        for _, text in _STATIC.findall(plain):
            if _is_word(text):
                yield text
        outside = _ARROWS.sub("", re.sub(r'"[^"]*"', '""', re.sub(r"\{\{.*?\}\}", "", plain)))
        for text in _BETWEEN.findall(outside):
            if _is_word(text):
                yield text.strip()


def _bare(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from ((node.lineno, text) for text in _of_call(node, node.func))
        elif isinstance(node, ast.Assign) and _names_a_word(node.targets[0]):
            yield from ((node.lineno, text) for text in _texts(node.value))


def _of_call(node: ast.Call, func: ast.Attribute) -> Iterator[str]:
    first = node.args[:1]
    if func.attr == "props":
        for text in (text for argument in first for text in _texts(argument)):
            yield from ("".join(found[1:]) for found in _PROP.findall(text))
    elif isinstance(func.value, ast.Name) and func.value.id == "ui":
        if func.attr in ("label", "button", "link", "tooltip", "switch", "checkbox", "menu_item"):
            yield from (text for argument in first for text in _texts(argument))
        named = [word.value for word in node.keywords if word.arg in ("label", "placeholder")]
        yield from (text for value in named for text in _texts(value))


def _texts(node: ast.expr) -> Iterator[str]:
    """The constant parts of a text, an f-string's too; what a call returns was translated there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.Constant):
                yield str(part.value)


def _names_a_word(target: ast.expr) -> bool:
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Constant)
        and target.slice.value in NAMED
        and isinstance(target.value, ast.Attribute)
        and target.value.attr == "props"
    )


def _is_word(text: str) -> bool:
    return any(word not in SAME for word in _LETTERS.findall(text)) and text.strip() not in SAME
