"""Mappings: stored, announced, seeded once, marked in the same transaction."""

from datetime import timedelta

import pytest

from db.engine import Database
from db.queries.change_marks import marks_between
from services.foundation.actor import acting_as
from services.foundation.errors import InputError, NotFoundError
from services.mapping.service import Mappings
from services.mapping.types import EditedMeanwhileError, MappingEdit, Scope
from services.models.service import Models
from services.models.types import EndpointEdit
from services.secrets.service import Secrets
from services.settings.service import Settings
from tests.support.catalogue import Catalogue
from tests.support.clock import FakeClock


@pytest.fixture
def models(database: Database, clock: FakeClock, secrets: Secrets, settings: Settings) -> Models:
    models = Models(database, clock, secrets, settings)
    models.load()
    return models


@pytest.fixture
def mappings(database: Database, clock: FakeClock, models: Models, settings: Settings) -> Mappings:
    mappings = Mappings(database, clock, models, settings)
    mappings.load()
    return mappings


def again(database: Database, clock: FakeClock, models: Models, settings: Settings) -> Mappings:
    mappings = Mappings(database, clock, models, settings)
    mappings.load()
    return mappings


def test_a_new_store_serves_the_global_key_by_the_demo_supplier(mappings: Mappings) -> None:
    [row] = mappings.mapped()
    assert row.name == "global"
    assert row.is_demo
    found = mappings.resolve("global")
    assert found is not None
    assert found.provider == "demo"


async def test_a_deleted_start_mapping_stays_deleted(
    mappings: Mappings, database: Database, clock: FakeClock, models: Models, settings: Settings
) -> None:
    await mappings.delete("global:global")
    assert again(database, clock, models, settings).all() == ()


async def test_a_mapping_is_read_back_with_unknown_metadata(
    mappings: Mappings, database: Database, clock: FakeClock, models: Models, settings: Settings
) -> None:
    metadata = {"required_tier": "pro", "odd": {"deep": [1, None]}}
    edit = MappingEdit(Scope.MAPPING, "k", "Name", "demo-fast", ("demo-slow",), metadata=metadata)
    saved = await mappings.save(edit)
    [stored] = [m for m in again(database, clock, models, settings).all() if m.id == "mapping:k"]
    assert stored == saved
    assert stored.metadata == metadata


async def test_changes_are_announced_and_endpoints_change_the_answer(
    mappings: Mappings, models: Models
) -> None:
    heard: list[None] = []
    mappings.changed.subscribe(heard.append)
    await mappings.save(MappingEdit(Scope.MAPPING, "k", default_model="m"))
    assert mappings.resolve("k") is None
    edit = EndpointEdit(name="e", base_url="https://x.example", model="m", api_key="sk-1")
    await models.save(edit)
    assert mappings.resolve("k") is not None
    await models.set_blocked(["m"])
    assert mappings.resolve("k") is None
    assert len(heard) == 3


async def test_activate_changes_the_first_choice_and_keeps_the_others(mappings: Mappings) -> None:
    await mappings.save(MappingEdit(Scope.MAPPING, "k", default_model="a", is_active=False))
    mapping = await mappings.activate("tenant:k", "b")
    assert (mapping.default_model, mapping.is_active) == ("b", True)
    assert set(mapping.candidates) == {"a", "b"}


async def test_every_real_change_leaves_a_mark(
    mappings: Mappings, database: Database, clock: FakeClock
) -> None:
    await mappings.save(MappingEdit(Scope.MAPPING, "k", default_model="a"))
    await mappings.save(MappingEdit(Scope.MAPPING, "k", default_model="a"))
    await mappings.save(MappingEdit(Scope.MAPPING, "k", default_model="b"))
    await mappings.delete("mapping:k")
    now = clock.now()
    marks = await database.read(
        lambda s: marks_between(s, now - timedelta(days=1), now + timedelta(days=1))
    )
    told = [(m.kind, m.detail) for m in marks if m.subject == "mapping:k"]
    assert told == [
        ("mapping", "created|a"),
        ("mapping", "changed|a → b"),
        ("mapping", "deleted"),
    ]


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (MappingEdit(Scope.MAPPING, " ", default_model="m"), "scope_key"),
        (MappingEdit(Scope.MAPPING, "k"), "default_model"),
        (MappingEdit(Scope.MAPPING, "k\n", default_model="m\x00"), "default_model"),
        (MappingEdit(Scope.MAPPING, "k" * 271, default_model="m"), "scope_key"),
    ],
)
async def test_bad_input_names_its_field(mappings: Mappings, edit: MappingEdit, field: str) -> None:
    with pytest.raises(InputError) as error:
        await mappings.save(edit)
    assert error.value.field == field


async def test_what_is_not_there_is_not_found(mappings: Mappings) -> None:
    for work in (mappings.delete("mapping:x"), mappings.activate("mapping:x")):
        with pytest.raises(NotFoundError):
            await work


async def test_an_edit_that_began_from_an_older_state_is_refused_and_names_who_and_when(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    await catalogue.map(Scope.MAPPING, "k", "a")
    opened = catalogue.mapping.get("mapping:k")
    assert opened is not None
    await clock.advance(60)
    with acting_as("li"):
        theirs = await catalogue.mapping.save(MappingEdit(Scope.MAPPING, "k", "", "theirs"))
    mine = MappingEdit(Scope.MAPPING, "k", "", "mine")
    with pytest.raises(EditedMeanwhileError) as caught:
        await catalogue.mapping.save(mine, seen_at=opened.updated_at)
    assert (caught.value.who, caught.value.at) == ("li", theirs.updated_at)
    assert catalogue.mapping.get("mapping:k") == theirs
    assert await catalogue.mapping.last_change("mapping:k") == ("li", theirs.updated_at)
    stored = await catalogue.mapping.save(mine, seen_at=theirs.updated_at)
    assert stored.default_model == "mine"
    await catalogue.mapping.delete("mapping:k")
    with pytest.raises(EditedMeanwhileError):
        await catalogue.mapping.save(mine, seen_at=stored.updated_at)
