"""Several mappings at once: one transaction, change marks, replacements, and nothing half done."""

from datetime import timedelta

import pytest

from db.engine import Database
from db.queries.change_marks import marks_between
from services.foundation.errors import InputError, NotFoundError
from services.mapping.types import MappingEdit, RequestContext, Scope
from tests.support.catalogue import Catalogue
from tests.support.clock import START


async def test_a_model_is_replaced_everywhere_and_order_and_further_fields_stay(
    catalogue: Catalogue, database: Database
) -> None:
    await catalogue.add("relay", "old", "new", "b")
    await catalogue.mapping.save(
        MappingEdit(
            Scope.MAPPING, "k", "K", "old", ("b", "old", "new"), True, {"x": 1}
        )  # every field
    )
    await catalogue.map(Scope.MAPPING, "other", "b")
    edits = catalogue.mapping.replacing(["mapping:k", "mapping:other"], "old", "new")
    assert [edit.scope_key for edit in edits] == ["k"]
    await catalogue.mapping.save_many(edits)
    stored = catalogue.mapping.get("mapping:k")
    assert stored is not None
    assert (stored.default_model, stored.candidates) == ("new", ("b", "new"))
    assert (stored.name, stored.metadata) == ("K", {"x": 1})
    day = timedelta(days=1)
    marks = database.read_now(lambda s: marks_between(s, START - day, START + day))
    assert marks[-1].detail == "changed|old, b, new → new, b"


async def test_leaving_a_model_out_moves_the_default_and_never_leaves_nothing(
    catalogue: Catalogue,
) -> None:
    await catalogue.map(Scope.MAPPING, "k", "gone", "b")
    await catalogue.map(Scope.MAPPING, "only", "gone")
    [edit] = catalogue.mapping.replacing(["mapping:k"], "gone", "")
    assert (edit.default_model, edit.candidates) == ("b", ("b",))
    with pytest.raises(InputError, match="mapping:only would have no model left"):
        catalogue.mapping.replacing(["mapping:k", "mapping:only"], "gone", "")


async def test_one_bad_edit_stores_none(catalogue: Catalogue) -> None:
    before = catalogue.mapping.all()
    good = MappingEdit(Scope.MAPPING, "good", default_model="a")
    with pytest.raises(InputError):
        await catalogue.mapping.save_many([good, MappingEdit(Scope.MAPPING, "bad")])
    assert catalogue.mapping.all() == before


async def test_one_unknown_id_removes_none(catalogue: Catalogue) -> None:
    await catalogue.map(Scope.MAPPING, "k", "a")
    with pytest.raises(NotFoundError):
        await catalogue.mapping.delete_many(["mapping:k", "mapping:nobody"])
    assert catalogue.mapping.get("mapping:k") is not None
    assert await catalogue.mapping.delete_many(["mapping:k", "mapping:k"]) == 1


async def test_a_change_of_the_catalogue_is_told_as_a_change_of_the_mapping(
    catalogue: Catalogue,
) -> None:
    told: list[None] = []
    catalogue.mapping.changed.subscribe(told.append)
    endpoint_id = await catalogue.add("relay", "a")
    await catalogue.map(Scope.MAPPING, "k", "a")
    assert [row.name for row in catalogue.mapping.mapped()] == ["global", "k"]
    await catalogue.models.delete(endpoint_id)
    assert [row.name for row in catalogue.mapping.mapped()] == ["global"]
    assert len(told) == 3


async def test_an_impact_foretells_what_then_happens(catalogue: Catalogue) -> None:
    relay = await catalogue.add("relay", "a")
    await catalogue.map(Scope.MAPPING, "k", "a")
    left = [e for e in catalogue.models.endpoints if e.id != relay]
    assert catalogue.mapping.impact(endpoints=left).lost == ("k",)
    assert catalogue.mapping.impact(blocked={"a"}).lost == ("k",)
    assert catalogue.mapping.impact(deleted=["mapping:k"]).lost == ("k",)
    edit = MappingEdit(Scope.MAPPING, "k", default_model="a", is_active=False)
    assert catalogue.mapping.impact(edits=[edit]).lost == ("k",)
    assert catalogue.mapping.resolve("k") is not None  # foretelling changed nothing
    await catalogue.models.delete(relay)
    assert catalogue.mapping.resolve("k", RequestContext()) is None


async def test_metadata_nobody_knows_survives_every_way(catalogue: Catalogue) -> None:
    await catalogue.mapping.save(
        MappingEdit(Scope.MAPPING, "k", default_model="a", metadata={"z": [1, {"q": None}]})
    )
    await catalogue.mapping.set_active("mapping:k", is_active=False)
    await catalogue.mapping.activate("mapping:k", "b")
    await catalogue.mapping.save_many(catalogue.mapping.replacing(["mapping:k"], "a", "c"))
    await catalogue.mapping.reload()
    stored = catalogue.mapping.get("mapping:k")
    assert stored is not None
    assert stored.metadata == {"z": [1, {"q": None}]}
