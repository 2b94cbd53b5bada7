"""What differs from the last good cell."""

from dataclasses import replace

import pytest

from components.e2e.compare import (
    differences,
    first_differing_check,
    has_config_change,
    what_changed,
)
from components.words import speaking
from services.e2e.types import CheckResult
from tests.support.e2e_views import a_cell, a_detail


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def changed(before: object, now: object) -> list[str]:
    return [d.name for d in differences(before, now) if d.is_changed]  # type: ignore[arg-type]


def test_changed_facts_stand_first_and_are_named():
    detail = a_detail()
    assert detail.last_ok is not None
    found = differences(detail.last_ok, detail.cell)
    assert [d.name for d in found[:2]] == ["Prompt", "Resolved model"]
    assert what_changed(found) == "Changed in between: Prompt, Resolved model."
    assert has_config_change(detail.last_ok, detail.cell)


def test_nothing_changed_is_said_plainly():
    cell = a_cell()
    assert what_changed(differences(cell, cell)) == "Nothing on our side changed in between."
    assert not has_config_change(cell, cell)


def test_a_fact_the_failed_call_never_reached_is_not_a_change():
    cell = a_cell()
    assert changed(cell, replace(cell, resolved_model="", endpoint_id=None, prompt={})) == []


def test_only_a_clearly_longer_time_counts_as_a_change():
    cell = a_cell(latency_ms=1000, ttft_ms=100)
    assert changed(cell, replace(cell, latency_ms=1400)) == []
    assert changed(cell, replace(cell, latency_ms=1600)) == ["Total time"]
    assert changed(cell, replace(cell, latency_ms=500)) == []


def test_the_first_check_that_turned_is_found():
    detail = a_detail()
    assert detail.last_ok is not None
    found = first_differing_check(detail.last_ok, detail.cell)
    assert found is not None
    assert found.name == "thinkingml"


def test_a_check_that_already_failed_then_is_not_the_difference():
    bad = CheckResult("latency", False, "slow", "1", "2")
    before, now = a_cell(checks=(bad,)), a_cell(checks=(bad,))
    assert first_differing_check(before, now) is None
