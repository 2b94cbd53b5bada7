"""The manual hangs together: both languages, every page in the nav, no dead link, every command known."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gymbro_ui.command_line import parse_arguments

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ENGLISH_ONLY = {  # records of proof, made of test names; the Chinese manual shows the English page
    "benchmarks.md",
    "faults.md",
    "requirements-status.md",
}
GENERATED_ROWS = {"journal.md"}  # its last table is made from the code and stands once
_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"`python main\.py ?([^`]*)`")


class _Lenient(yaml.SafeLoader):
    """MkDocs files name Python objects; here they are only words."""


def _as_word(_loader: yaml.SafeLoader, suffix: str, _node: yaml.Node) -> str:
    return suffix


_Lenient.add_multi_constructor("tag:yaml.org,2002:python/", _as_word)


def configuration() -> dict[str, Any]:
    return yaml.load((ROOT / "mkdocs.yml").read_text(), _Lenient)  # a SafeLoader


def pages() -> list[Path]:
    """What is committed; somebody may be writing a page beside."""
    listed = subprocess.run(
        ["git", "ls-files", "docs/*.md"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    return sorted(path for name in listed if (path := ROOT / name).is_file())


def named(nav: Any) -> list[tuple[str, str]]:
    """Each title of the nav with its page, empty for a section."""
    if isinstance(nav, list):
        return [one for item in nav for one in named(item)]
    ((title, value),) = nav.items()
    return [(title, value)] if isinstance(value, str) else [(title, ""), *named(value)]


def prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """What the headings of a page are called in addresses."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?)(?: +\{#([\w-]+)\})? *$", prose(path), re.MULTILINE):
        text, given = heading
        plain = re.sub(r"[^\w\s-]", "", re.sub(r"[`*]|\]\([^)]*\)|\[", "", text)).strip().lower()
        found.add(given or re.sub(r"\s", "-", plain))
    return found


def test_every_page_is_in_the_nav_and_there() -> None:
    listed = [page for _, page in named(configuration()["nav"]) if page]
    english = {path.name for path in pages() if not path.name.endswith(".zh.md")}
    assert len(listed) == len(set(listed))
    assert set(listed) == english


def test_every_title_of_the_nav_has_its_chinese() -> None:
    plugins = configuration()["plugins"]
    (i18n,) = [one["i18n"] for one in plugins if isinstance(one, dict)]
    (chinese,) = [one for one in i18n["languages"] if one["locale"] == "zh"]
    titles = {title for title, _ in named(configuration()["nav"])}
    assert titles == set(chinese["nav_translations"])


def test_every_page_is_there_in_both_languages() -> None:
    english = {path.name for path in pages() if not path.name.endswith(".zh.md")}
    chinese = {path.name.replace(".zh.md", ".md") for path in pages() if ".zh." in path.name}
    assert english - chinese <= ENGLISH_ONLY
    assert chinese <= english


@pytest.mark.parametrize("path", [p for p in pages() if ".zh." in p.name], ids=lambda p: p.name)
def test_a_translation_has_the_tables_samples_and_sections_of_its_page(path: Path) -> None:
    english = DOCS / path.name.replace(".zh.md", ".md")
    here, there = shape(path), shape(english)
    if english.name in GENERATED_ROWS:
        here["rows"] = there["rows"] = None
    assert here == there
    assert re.search("[\u4e00-\u9fff]", path.read_text())


def shape(path: Path) -> dict[str, Any]:
    """Levels of headings, rows of tables, and the fenced blocks word for word."""
    text = path.read_text()
    return {
        "headings": [len(level) for level in re.findall(r"^(#+) ", prose(path), re.MULTILINE)],
        "rows": len(re.findall(r"^\|", prose(path), re.MULTILINE)),
        "blocks": len(_FENCE.findall(text)),
        "images": [target for target in _LINK.findall(text) if target.endswith(".png")] != [],
    }


@pytest.mark.parametrize("path", [*pages(), ROOT / "README.md"], ids=lambda p: p.name)
def test_no_link_is_dead(path: Path) -> None:
    dead: list[str] = []
    for target in _LINK.findall(prose(path)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name).resolve() if name else path
        is_there = page.is_file() and (path.parent != DOCS or DOCS in page.parents)
        if is_there and anchor and page.suffix == ".md":
            is_there = anchor in anchors(_in_language(page, path))
        if not is_there:
            dead.append(target)
    assert not dead


def _in_language(page: Path, reader: Path) -> Path:
    """A link from a Chinese page leads to the Chinese page where there is one."""
    other = page.with_name(page.name.replace(".md", ".zh.md"))
    return other if ".zh." in reader.name and other.is_file() else page


def test_no_picture_is_unused() -> None:
    texts = " ".join(path.read_text() for path in [*pages(), ROOT / "README.md"])
    listed = subprocess.run(
        ["git", "ls-files", "docs/images"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    unused = [name for name in listed if Path(name).name not in texts]
    assert not unused


@pytest.mark.parametrize("path", [*pages(), ROOT / "README.md"], ids=lambda p: p.name)
def test_every_command_that_is_named_is_understood(path: Path) -> None:
    """What stands in the text between backquotes parses; placeholders get a value."""
    for line in _COMMAND.findall(path.read_text()):
        words = re.sub(r"[（(].*|…", "", line).split()
        values = [_VALUES.get(word, word) for word in words]
        if "COMMAND" in values or "--help" in values or "--version" in values:
            continue
        parse_arguments(values or ["run"])


_VALUES = {"N": "2", "M": "3", "S": "1", "R": "2", "X": "0.1", "P": "4000"}
