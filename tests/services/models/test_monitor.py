"""The periodic probe: on its interval, never twice at once, switched at once, counted."""

from datetime import timedelta

import pytest

from services.executions.types import ExecutionState
from services.foundation.errors import InputError
from services.models.types import CallCounts
from tests.support.builders import until
from tests.support.catalogue import OFFLINE, Catalogue
from tests.support.clock import START, FakeClock


async def until_probed(catalogue: Catalogue, runs: int) -> None:
    await until(lambda: len(catalogue.ended) == runs)
    assert catalogue.monitor.view().runs == runs


async def test_the_first_probe_comes_one_interval_after_the_start(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    await catalogue.monitor.start()
    await clock.advance(595)
    assert catalogue.monitor.view().runs == 0
    await clock.advance(10)
    await until_probed(catalogue, 1)
    view = catalogue.monitor.view()
    assert view.last_run_at == START + timedelta(seconds=600)
    [execution] = await catalogue.executions.newest(5)
    assert (execution.execution_type, execution.trigger) == ("probe", "schedule")
    assert execution.status is ExecutionState.SUCCEEDED
    await catalogue.monitor.stop()


async def test_a_new_interval_has_effect_at_once_and_off_stops_it(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    await catalogue.monitor.start()
    await catalogue.monitor.switch(is_on=True, interval_s=10)
    await clock.advance(15)
    await until_probed(catalogue, 1)
    view = await catalogue.monitor.switch(is_on=False)
    assert (view.is_running, view.next_run_at) == (False, None)
    await clock.advance(5_000)
    assert catalogue.monitor.view().runs == 1
    await catalogue.monitor.stop()


async def test_the_interval_is_a_stored_preference(catalogue: Catalogue) -> None:
    await catalogue.monitor.switch(is_on=True, interval_s=30)
    assert catalogue.settings.preferences.endpoint_probe_interval_s == 30
    await catalogue.monitor.switch(is_on=False)
    assert catalogue.settings.preferences.endpoint_probe_enabled is False


@pytest.mark.parametrize("seconds", [9, 601])
async def test_an_interval_out_of_range_is_refused(catalogue: Catalogue, seconds: int) -> None:
    with pytest.raises(InputError) as caught:
        await catalogue.monitor.switch(is_on=True, interval_s=seconds)
    assert caught.value.field == "interval_seconds"


async def test_a_probe_that_finds_nobody_is_counted_with_its_reason(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    catalogue.answers.by_address[""] = OFFLINE
    await catalogue.monitor.start()
    await clock.advance(605)
    await until_probed(catalogue, 1)
    await until(lambda: catalogue.monitor.view().failures == 1)
    assert "None of 1 providers answered" in catalogue.monitor.view().last_error
    catalogue.answers.by_address.clear()
    await clock.advance(605)
    await until_probed(catalogue, 2)
    await until(lambda: not catalogue.monitor.view().last_error)
    assert catalogue.monitor.view().failures == 1
    await catalogue.monitor.stop()


async def test_an_endpoint_whose_calls_fail_in_a_row_is_looked_at_at_once(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    """S4.71: real calls move the counters; three failures bring a look, at most one a minute."""
    await catalogue.monitor.start()
    note = catalogue.monitor.note_call
    for ok in (True, False, False):
        note((1, ok))
    await clock.advance(5)
    assert catalogue.monitor.view().runs == 0
    note((1, False))
    await clock.advance(5)
    await until_probed(catalogue, 1)
    assert catalogue.monitor.view().calls == {1: CallCounts(4, 3, 3)}
    [execution] = await catalogue.executions.newest(5)
    assert execution.meta["params"] == {"endpoint_ids": [1]}
    note((1, False))
    await clock.advance(30)
    assert catalogue.monitor.view().runs == 1
    await clock.advance(30)
    note((1, False))
    await clock.advance(5)
    await until_probed(catalogue, 2)
    note((1, True))
    assert catalogue.monitor.view().calls[1].failed_in_a_row == 0
    await catalogue.monitor.stop()


async def test_switched_off_failing_calls_are_counted_and_nothing_is_sent(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    await catalogue.monitor.start()
    await catalogue.monitor.switch(is_on=False)
    for _ in range(5):
        catalogue.monitor.note_call((1, False))
    await clock.advance(20)
    view = catalogue.monitor.view()
    assert (view.runs, view.calls[1].failures) == (0, 5)
    await catalogue.monitor.stop()


async def test_while_this_machine_is_offline_nobody_is_looked_at(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    catalogue.monitor.is_held = lambda: True
    await catalogue.monitor.start()
    await clock.advance(900)
    assert catalogue.monitor.view().runs == 0
    catalogue.monitor.is_held = lambda: False
    await clock.advance(5)
    await until_probed(catalogue, 1)
    await catalogue.monitor.stop()
