"""The probe as an execution: progress, honest sums, cancel, and one at a time."""

import asyncio

import pytest

from services.executions.types import Execution, ExecutionState
from services.foundation.errors import ConflictError, InputError
from services.models.probing import AT_ONCE
from tests.support.builders import until
from tests.support.catalogue import OFFLINE, REFUSED, UNLISTED, Catalogue


async def probe(catalogue: Catalogue, **params: object) -> Execution:
    started = await catalogue.executions.start("probe", params)
    return await asyncio.wait_for(catalogue.executions.wait(started.execution_id), 10)


async def test_it_looks_at_every_active_endpoint_and_sums_honestly(catalogue: Catalogue) -> None:
    for name in ("good", "refuses", "bare", "gone"):
        await catalogue.add(name, "m")
    await catalogue.add("off", "m", is_active=False)
    catalogue.answers.by_address |= {
        "https://refuses.example": REFUSED,
        "https://bare.example": UNLISTED,
        "https://gone.example": OFFLINE,
    }
    ended = await probe(catalogue)
    assert ended.status is ExecutionState.SUCCEEDED
    assert (ended.done, ended.total) == (5, 5)
    assert (ended.meta["online"], ended.meta["failed"]) == (3, 2)
    assert "refuses: sign_in_failed, upstream_http_401:bad key" in ended.output
    assert "bare: models_not_listed, upstream_http_404" in ended.output
    assert "https://off.example" not in catalogue.answers.asked
    states = {one["name"]: one["state"] for one in ended.meta["endpoints"]}
    assert states["gone"] == "offline"


async def test_only_the_named_endpoints_are_looked_at(catalogue: Catalogue) -> None:
    await catalogue.add("one", "m")
    wanted = await catalogue.add("two", "m", is_active=False)
    ended = await probe(catalogue, endpoint_ids=[wanted, wanted, 999])
    assert catalogue.answers.asked == ["https://two.example"]
    assert ended.total == 1


async def test_it_fails_when_nobody_answers_and_when_there_is_nobody(catalogue: Catalogue) -> None:
    demo = catalogue.models.endpoints[0]
    wanted = await catalogue.add("gone", "m")
    catalogue.answers.by_address["https://gone.example"] = OFFLINE
    ended = await probe(catalogue, endpoint_ids=[wanted])
    assert (ended.status, ended.error_kind) == (ExecutionState.FAILED, "all_offline")
    for endpoint_id in (demo.id, wanted):
        await catalogue.models.delete(endpoint_id)
    ended = await probe(catalogue)
    assert (ended.status, ended.error_kind) == (ExecutionState.FAILED, "no_endpoints")


async def test_a_cancel_ends_every_look_and_keeps_what_was_seen(catalogue: Catalogue) -> None:
    for number in range(AT_ONCE + 4):
        await catalogue.add(f"e{number}", "m")
    catalogue.answers.gate = asyncio.Event()
    started = await catalogue.executions.start("probe", {})
    await until(lambda: catalogue.answers.at_once == AT_ONCE)
    with pytest.raises(ConflictError) as caught:
        await catalogue.executions.start("probe", {})
    assert caught.value.existing_id == started.execution_id
    await catalogue.executions.cancel(started.execution_id)
    ended = await asyncio.wait_for(catalogue.executions.wait(started.execution_id), 10)
    assert ended.status is ExecutionState.CANCELLED
    assert catalogue.answers.at_once == 0
    assert catalogue.answers.most_at_once == AT_ONCE
    assert catalogue.models.checking == frozenset()


async def test_ids_that_are_no_numbers_are_refused_before_any_row(catalogue: Catalogue) -> None:
    with pytest.raises(InputError):
        await catalogue.executions.start("probe", {"endpoint_ids": ["one"]})
    assert catalogue.executions.running() == ()
