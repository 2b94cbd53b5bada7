"""kill -9 in mid-run: nothing stays running, nothing acknowledged is lost.

Few rounds here; `make bench ARGS=executions` kills fifty times.
"""

import random
from pathlib import Path

import pytest

from tests.support.execution_kills import Kills

ROUNDS = 6


@pytest.mark.timeout(120)
def test_s2_46_a_killed_process_leaves_nothing_running_and_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    kills = Kills(tmp_path / "data")
    chance = random.Random(11)
    for _ in range(ROUNDS):
        kills.round(chance)
    assert kills.faults() == []
    assert kills.recovered >= ROUNDS  # every kill met running ones
    assert len(kills.events) > ROUNDS
