"""The page that says what shows a requirement names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATUS = ROOT / "docs" / "requirements-status.md"


def test_every_named_proof_is_a_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", STATUS.read_text(encoding="utf-8"))
    assert len(named) > 80
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists()
        or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not gone
