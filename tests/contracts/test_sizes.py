"""No file over 300 lines, no function over 50, no folder of forbidden names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ("gymbro_ui", "components", "services", "db", "tests")
FILES = [
    path
    for folder in SOURCE
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".css"} and "__pycache__" not in path.parts
] + [ROOT / "main.py"]
FORBIDDEN = re.compile(
    r"(utils?|helpers?|common|misc|manager|base|enhanced|final|new|v\d+)(\.py)?$|\.bak|\.orig|_copy"
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_over_300_lines() -> None:
    long = {
        relative(path): lines
        for path in FILES
        if (lines := len(path.read_text().splitlines())) > 300
        and "migrations/versions" not in str(path)  # it lists every column of its tables
    }
    assert not long


@pytest.mark.parametrize("folder", [*SOURCE])
def test_no_function_is_over_50_lines(folder: str) -> None:
    long = []
    for path in FILES:
        if path.suffix != ".py" or path.relative_to(ROOT).parts[0] != folder:
            continue
        if "migrations/versions" in str(path):
            continue  # a migration lists every column of its tables
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > 50:
                    long.append(f"{relative(path)}:{node.lineno} {node.name} has {lines}")
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    bad = [relative(path) for path in FILES if FORBIDDEN.search(path.name)]
    assert not bad


def test_every_module_says_in_one_sentence_what_it_holds() -> None:
    silent = [
        relative(path)
        for path in FILES
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] != "tests"
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent
