"""What checks tell of a reply, word by word, beside the file in which it was read by a person."""

import json
from pathlib import Path
from typing import Any

from services.checks.types import Finding

SHOWN = 60  # characters of what was found: enough to see that it is the right piece


def tell(finding: Finding) -> list[Any]:
    """Return a finding as a line of the file."""
    told = [finding.verdict, finding.reason, finding.expected, finding.actual[:SHOWN], finding.at]
    return [*told, *finding.notes]


def read_told(test_file: str, name: str) -> list[list[Any]]:
    """Return the lines of the file beside a test."""
    return json.loads(Path(test_file).with_name(f"{name}.json").read_text(encoding="utf-8"))
