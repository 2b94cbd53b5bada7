"""What of a plan Locust can do, and what is said where it is not installed."""

from pathlib import Path

import pytest

from services.executions.types import ExecutionState
from services.foundation.errors import InputError
from services.loadtest.reading import read_plan
from services.loadtest.rules import arrangement
from services.loadtest.types import Arrangement
from tests.support.load_desk import LoadDesk
from tests.support.upstream import FakeUpstream, good


def test_a_plan_with_locust_workers_is_locusts_whatever_its_size() -> None:
    plan = read_plan({"users": 2, "locust_workers": 2}, 200)
    assert arrangement(plan) is Arrangement.LOCUST
    assert arrangement(read_plan({"users": 1000, "cap": 1000}, 200)) is Arrangement.WORKER


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"locust_workers": 2, "rate": 5}, "locust_workers"),
        ({"locust_workers": 2, "stages": [{"seconds": 1, "users": 2}]}, "locust_workers"),
        ({"locust_remote": 2}, "locust_port"),
        ({"locust_workers": 101}, "locust_workers"),
        ({"locust_workers": 1, "locust_port": 70_000}, "locust_port"),
    ],
)
def test_what_locust_cannot_do_is_refused_at_its_field(
    values: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as refused:
        read_plan({"users": 2} | values, 200)
    assert refused.value.field == field


async def test_where_locust_is_missing_the_run_says_how_to_get_it(
    desk: LoadDesk, upstream: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locust.py").write_text('raise ImportError("not here")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    upstream.play("model-a", good())
    execution, run = await desk.load(users=2, models=["model-a"], locust_workers=2)
    assert execution.status is ExecutionState.FAILED
    assert 'pip install "locust' in run.error
    assert run.summary is not None
    assert run.summary.counts["not_started"] == 2 == sum(run.summary.counts.values())
