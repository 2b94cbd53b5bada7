"""Endpoints: one default always, keys only in the secret store, addresses by the rules."""

import asyncio
from dataclasses import replace

import pytest

from db.engine import Database
from services.foundation.errors import InputError, NotFoundError
from services.models.rules import normal_base_url
from services.models.seeds import ENVIRONMENT_NAME
from services.models.service import Models
from services.models.types import EndpointEdit
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import FirstEndpoint
from services.suppliers.types import ProbeResult, ProbeState
from tests.support.catalogue import Catalogue
from tests.support.clock import FakeClock

URL = "https://api.example.com"


@pytest.fixture
def models(database: Database, clock: FakeClock, secrets: Secrets, settings: Settings) -> Models:
    models = Models(database, clock, secrets, settings)
    models.load()
    return models


def defaults(models: Models) -> list[str]:
    return [endpoint.name for endpoint in models.endpoints if endpoint.is_default]


async def make(models: Models, name: str, **values: object) -> int:
    edit = EndpointEdit(name=name, base_url=URL, model="m")
    return (await models.save(replace(edit, **values))).id  # type: ignore[arg-type]


def test_a_new_store_has_the_demo_endpoint_as_its_default(models: Models) -> None:
    [demo] = models.endpoints
    assert demo.is_demo
    assert demo.is_default
    assert demo.base_url == ""


async def test_a_deleted_demo_endpoint_stays_deleted(
    models: Models, database: Database, clock: FakeClock, secrets: Secrets, settings: Settings
) -> None:
    await models.delete(models.endpoints[0].id)
    again = Models(database, clock, secrets, settings)
    again.load()
    assert again.endpoints == ()


async def test_the_environments_endpoint_is_made_once_with_its_key_kept_secret(
    database: Database, clock: FakeClock, secrets: Secrets, settings: Settings
) -> None:
    first = FirstEndpoint(
        "openai", "gpt-x", "https://relay.example/v1/chat/completions", "sk-12345678"
    )
    settings.env = replace(settings.env, first_endpoint=first)
    models = Models(database, clock, secrets, settings)
    models.load()
    [endpoint] = [e for e in models.endpoints if e.name == ENVIRONMENT_NAME]
    assert endpoint.base_url == "https://relay.example"
    assert endpoint.is_default
    assert models.api_key(endpoint.id) == "sk-12345678"
    assert endpoint.api_key_masked == "sk-1***5678"
    assert b"sk-12345678" not in settings.env.database_path.read_bytes()  # type: ignore[union-attr]
    await models.delete(endpoint.id)
    again = Models(database, clock, secrets, settings)
    again.load()
    assert [e.name for e in again.endpoints] == ["Demo"]


async def test_parallel_switches_leave_exactly_one_default(models: Models) -> None:
    ids = [await make(models, f"e{n}") for n in range(5)]
    await asyncio.gather(*(models.save(EndpointEdit(id=i, is_default=True)) for i in ids))
    assert len(defaults(models)) == 1


async def test_deleting_or_switching_off_the_default_picks_another(models: Models) -> None:
    first = await make(models, "first", is_default=True)
    second = await make(models, "second")
    assert defaults(models) == ["first"]
    await models.delete(first)
    assert defaults(models) == ["Demo"]
    await models.save(EndpointEdit(id=second, is_default=True))
    await models.save(EndpointEdit(id=second, is_active=False))
    assert defaults(models) == ["Demo"]
    await models.save(EndpointEdit(id=models.endpoints[0].id, is_active=False))
    assert defaults(models) == []
    await models.save(EndpointEdit(id=second, is_active=True))
    assert defaults(models) == ["second"]


async def test_a_default_that_resigns_gives_it_to_another_active_one(models: Models) -> None:
    first = await make(models, "first", is_default=True)
    await models.save(EndpointEdit(id=first, is_default=False))
    assert defaults(models) == ["Demo"]


async def test_a_changed_address_clears_the_key_and_an_unchanged_one_keeps_it(
    models: Models,
) -> None:
    endpoint_id = await make(models, "a", api_key="sk-secret-123")
    await models.save(EndpointEdit(id=endpoint_id, base_url=f"{URL}/v1/"))
    assert models.api_key(endpoint_id) == "sk-secret-123"
    changed = await models.save(EndpointEdit(id=endpoint_id, base_url="https://other.example"))
    assert models.api_key(endpoint_id) == ""
    assert not changed.has_api_key
    both = EndpointEdit(id=endpoint_id, base_url="http://third.example", api_key="sk-new-45678")
    await models.save(both)
    assert models.api_key(endpoint_id) == "sk-new-45678"


async def test_a_probe_sets_status_and_models(models: Models) -> None:
    endpoint_id = await make(models, "a")
    online = ProbeResult(ProbeState.ONLINE, 12, models=("x", "y"))
    assert (await models.set_status(endpoint_id, online)).model_list == ("x", "y")
    refused = ProbeResult(ProbeState.SIGN_IN_FAILED, 9, error="401 Bearer abcdefgh12345")
    endpoint = await models.set_status(endpoint_id, refused)
    assert endpoint.status == "online"
    assert endpoint.last_error == "401 Bearer ***"
    assert endpoint.model_list == ("x", "y")
    gone = await models.set_status(endpoint_id, ProbeResult(ProbeState.OFFLINE, 0, error="no"))
    assert (gone.status, gone.latency_ms) == ("offline", None)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com"),
        ("https://api.anthropic.com/v1/messages/", "https://api.anthropic.com"),
        ("HTTP://127.0.0.1:8080/v1/models", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("https://x.example/api/v1", "https://x.example/api"),
        ("https://x.example/v4", "https://x.example/v4"),
    ],
)
def test_addresses_are_normalised(given: str, wanted: str) -> None:
    assert normal_base_url(given) == wanted


@pytest.mark.parametrize(
    "given",
    [
        *(
            "ftp://x.example",
            "x.example",
            "http://",
            "https://user:pw@x.example",
            "javascript:alert(1)",
        ),
        *(
            "http://169.254.169.254",
            "http://0.0.0.0",
            "http://0",
            "http://[::]",
            "http://[fe80::1]",
        ),
        *(
            "http://0xA9FEA9FE",
            "http://2852039166",
            "http://0251.0376.0251.0376",
            "http://169.16689662",
        ),
        *("http://[::ffff:169.254.169.254]", "http://metadata.google.internal", "http://x y"),
        *(
            "https://x.example/?a=1",
            "https://x.example/#f",
            "http://x.example:99999",
            "http://[::1",
        ),
        "http://x\x00.example",
    ],
)
def test_addresses_that_are_never_stored(given: str) -> None:
    with pytest.raises(InputError) as error:
        normal_base_url(given)
    assert error.value.field == "base_url"


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (EndpointEdit(name="", base_url=URL), "name"),
        (EndpointEdit(name="x"), "base_url"),
        (EndpointEdit(name="x", base_url=URL, provider_protocol="odd"), "provider_protocol"),
        (EndpointEdit(name="x", base_url=URL, api_key="a b"), "api_key"),
        (EndpointEdit(name="x", base_url=URL, timeout=0), "timeout"),
        (EndpointEdit(name="x\x00", base_url=URL), "name"),
        (EndpointEdit(name="x", base_url=URL, model="m" * 301), "model"),
    ],
)
async def test_bad_input_names_its_field_and_stores_nothing(
    models: Models, edit: EndpointEdit, field: str
) -> None:
    with pytest.raises(InputError) as error:
        await models.save(edit)
    assert error.value.field == field
    assert len(models.endpoints) == 1


async def test_what_is_not_there_is_not_found(models: Models) -> None:
    for work in (models.delete(99), models.save(EndpointEdit(id=99, name="x"))):
        with pytest.raises(NotFoundError):
            await work


async def test_blocked_models_are_kept(
    models: Models, database: Database, clock: FakeClock, secrets: Secrets, settings: Settings
) -> None:
    assert await models.set_blocked(["b", " a ", "b", ""]) == ("a", "b")
    again = Models(database, clock, secrets, settings)
    again.load()
    assert again.blocked == {"a", "b"}


async def test_what_a_supplier_says_never_keeps_anybodys_key(catalogue: Catalogue) -> None:
    await catalogue.add("other", "b", api_key="canary-of-the-other-2f0a")
    asked = await catalogue.add("asked", "a")
    said = ProbeResult(ProbeState.OFFLINE, 1, error="upstream_http_500:canary-of-the-other-2f0a")
    endpoint = await catalogue.models.set_status(asked, said)
    assert endpoint.last_error == "upstream_http_500:***"
