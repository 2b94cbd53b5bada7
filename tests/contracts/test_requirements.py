"""The pages that say what shows a requirement or a fault name tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATUS = ROOT / "docs" / "requirements-status.md"
FAULTS = ROOT / "docs" / "faults.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
OF_EACH = {
    "S": 45, "J": 10, "P": 16, "T": 16, "R": 35, "E": 28, "A": 35, "W": 20, "X": 15, "L": 14, "O": 8,
}  # fmt: skip
COVERED_LEAST = 220  # what was promised; a row may become honest, not the table poor


def fault_rows() -> list[tuple[str, str, str]]:
    """Id, result and proof of each row of the table of faults."""
    rows = re.findall(
        r"^\| ([A-Z]\d+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$",
        FAULTS.read_text("utf-8"),
        re.MULTILINE,
    )
    return [(number, result.strip(), proof.strip()) for number, result, proof in rows]


@pytest.mark.parametrize("page", [STATUS, FAULTS], ids=lambda page: page.stem)
def test_every_named_proof_is_a_test(page: Path) -> None:
    named = NAMED.findall(page.read_text(encoding="utf-8"))
    assert len(named) > 80
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists()
        or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not gone


def test_every_fault_has_one_row_with_its_proof_or_the_reason_why_not() -> None:
    rows = fault_rows()
    wanted = [f"{part}{number}" for part, of in OF_EACH.items() for number in range(1, of + 1)]
    assert [number for number, _, _ in rows] == wanted  # none missing, none doubled
    bare = [
        number
        for number, _, proof in rows
        if not NAMED.search(proof) and not re.match(r"not covered: \w.{8,}", proof)
    ]
    assert not bare
    covered = [number for number, _, proof in rows if NAMED.search(proof)]
    print(f"{len(covered)} of {len(rows)} faults are covered")  # asked for: pytest -s
    assert len(covered) >= COVERED_LEAST
