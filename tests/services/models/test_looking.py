"""Looks at endpoints: honest states, and a list of models that changes only when somebody says so."""

import asyncio

import pytest

from services.foundation.errors import ConflictError
from services.models.types import EndpointEdit, EndpointState
from services.suppliers.types import ProbeResult, ProbeState
from tests.support.builders import until
from tests.support.catalogue import OFFLINE, ONLINE, REFUSED, UNLISTED, Catalogue


@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [
        (ONLINE, EndpointState.ONLINE, "online"),
        (REFUSED, EndpointState.SIGN_IN_FAILED, "online"),
        (UNLISTED, EndpointState.MODELS_NOT_LISTED, "online"),
        (OFFLINE, EndpointState.OFFLINE, "offline"),
    ],
)
async def test_the_state_says_what_was_seen_and_the_wire_keeps_its_words(
    catalogue: Catalogue, answer: ProbeResult, state: EndpointState, status: str
) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    catalogue.answers.by_address["https://relay.example"] = answer
    seen = await catalogue.models.check(endpoint_id, catalogue.answers)
    assert (seen.state, seen.status) == (state, status)


async def test_an_endpoint_nobody_looked_at_is_unknown(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    endpoint = catalogue.models.endpoint(endpoint_id)
    assert endpoint is not None
    assert endpoint.state is EndpointState.UNKNOWN


async def test_a_probe_fills_an_empty_list_without_embedding_models(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay")
    seen = await catalogue.models.check(endpoint_id, catalogue.answers)
    assert seen.model_list == ("m-1", "m-2")
    assert catalogue.models.listings[endpoint_id].embedding_models == ("embed-1",)


async def test_a_probe_never_changes_a_list_that_is_there(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1", "m-old")
    seen = await catalogue.models.check(endpoint_id, catalogue.answers)
    assert seen.model_list == ("m-1", "m-old")
    change = catalogue.models.listing_change(endpoint_id)
    assert change is not None
    assert (change.added, change.gone) == (("m-2",), ("m-old",))
    assert change.embedding_models == ("embed-1",)
    assert change.model == "m-1"
    assert catalogue.models.listing_changes() == {endpoint_id: change}


async def test_the_list_that_was_shown_is_the_one_that_is_stored(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-old")
    await catalogue.models.check(endpoint_id, catalogue.answers)
    change = catalogue.models.listing_change(endpoint_id)
    assert change is not None
    assert change.model == "m-1"  # the default is not listed any more
    stored = await catalogue.models.apply_listing(change)
    assert (stored.model, stored.model_list) == ("m-1", ("m-1", "m-2"))
    assert catalogue.models.listing_changes() == {}


async def test_an_outdated_difference_is_not_applied(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    await catalogue.models.check(endpoint_id, catalogue.answers)
    change = catalogue.models.listing_change(endpoint_id)
    assert change is not None
    await catalogue.models.save(EndpointEdit(id=endpoint_id, model_list=("m-1", "m-9")))
    with pytest.raises(ConflictError):
        await catalogue.models.apply_listing(change)


async def test_a_changed_address_forgets_what_the_former_one_listed(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    await catalogue.models.check(endpoint_id, catalogue.answers)
    await catalogue.models.save(EndpointEdit(id=endpoint_id, base_url="https://other.example"))
    assert catalogue.models.listing_change(endpoint_id) is None


async def test_what_was_seen_of_a_former_address_is_not_kept(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    catalogue.answers.gate = asyncio.Event()
    look = asyncio.ensure_future(catalogue.models.check(endpoint_id, catalogue.answers))
    await until(lambda: catalogue.models.checking == frozenset({endpoint_id}))
    await catalogue.models.save(EndpointEdit(id=endpoint_id, base_url="https://other.example"))
    catalogue.answers.gate.set()
    seen = await look
    assert (seen.base_url, seen.state) == ("https://other.example", EndpointState.UNKNOWN)
    assert catalogue.models.checking == frozenset()


async def test_a_copy_is_off_has_a_free_name_and_the_same_key(catalogue: Catalogue) -> None:
    endpoint_id = await catalogue.add("relay", "m-1")
    first = await catalogue.models.duplicate(endpoint_id)
    second = await catalogue.models.duplicate(endpoint_id)
    assert [first.name, second.name] == ["relay (2)", "relay (3)"]
    assert not first.is_active
    assert catalogue.models.api_key(first.id) == "sk-secret-value"


async def test_the_demo_endpoint_has_no_list_to_compare(catalogue: Catalogue) -> None:
    demo = next(e for e in catalogue.models.endpoints if e.is_demo)
    answer = ProbeResult(ProbeState.ONLINE, 0, models=("x",))
    catalogue.answers.by_address[""] = answer
    await catalogue.models.check(demo.id, catalogue.answers)
    assert catalogue.models.listing_change(demo.id) is None


async def test_embedding_models_are_named_apart(catalogue: Catalogue) -> None:
    await catalogue.add("relay", "m-1", "text-embedding-3", "voyage-2")
    assert catalogue.models.embedding == {"text-embedding-3", "voyage-2"}
