"""Tests that share a console stay in one worker."""

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_a_group_is_part_of_the_name_the_scheduler_sees(
    request: pytest.FixtureRequest, worker_id: str
) -> None:
    """Without it every worker starts its own server for each group and the run takes twice as long."""
    if worker_id != "master" and request.config.getoption("loadgroup"):
        assert request.node.nodeid.endswith("@groups")
