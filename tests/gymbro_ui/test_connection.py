"""Test of a connection: what works and what does not, in one sentence, over a real server."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from components.words import speaking
from db.engine import Database
from gymbro_ui.connection import try_target
from services.chat.client import ChatClient
from services.foundation.errors import InputError
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.types import Env, Preferences
from services.targets.service import Targets
from services.targets.types import TargetEdit
from tests.support.clock import FakeClock
from tests.support.upstream import Answer, FakeUpstream


@pytest.fixture
async def console(
    database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> AsyncIterator[Any]:
    own: Any = SimpleNamespace(anon_key="own-anon", service_key="own-service")
    targets = Targets(database, clock, secrets, env, own)
    targets.load()
    identities = Identities(database, clock, secrets, targets, env)
    chat = ChatClient(clock)
    settings = SimpleNamespace(preferences=Preferences())
    yield SimpleNamespace(targets=targets, identities=identities, chat=chat, settings=settings)
    chat.close()
    await identities.close()


def edit_of(upstream: FakeUpstream, **changes: Any) -> TargetEdit:
    values: dict[str, Any] = {
        "id": None,
        "name": "Fake",
        "api_base": upstream.api_base,
        "auth_url": upstream.auth_url,
        "anon_key": upstream.auth.anon_key,
        "service_key": upstream.auth.service_key,
        **changes,
    }
    return TargetEdit(**values)


async def tried(console: Any, edit: TargetEdit) -> tuple[bool, str]:
    with speaking("en"):
        found = await try_target(console, edit)
    return found.is_good, found.text


async def test_what_works_is_said_with_the_number_of_models_and_nobody_is_left(
    console: Any, upstream: FakeUpstream
) -> None:
    assert await tried(console, edit_of(upstream)) == (
        True,
        "Sign-in works, the API answers: 2 models.",
    )
    assert upstream.auth.users == {}
    assert not upstream.named("post")
    assert len(console.targets.all()) == 1


async def test_no_mapped_model_is_not_called_good(console: Any, upstream: FakeUpstream) -> None:
    upstream.models = []
    is_good, text = await tried(console, edit_of(upstream))
    assert not is_good
    assert "no model is mapped" in text


async def test_an_api_that_refuses_is_told_apart_from_one_that_is_not_there(
    console: Any, upstream: FakeUpstream, free_port: int
) -> None:
    upstream.always("models", Answer(500, {"detail": "broken"}))
    is_good, text = await tried(console, edit_of(upstream))
    assert not is_good
    assert text.startswith("Sign-in works and the API answers, but lists no models:")
    away = f"http://127.0.0.1:{free_port}/api/v1"
    is_good, text = await tried(console, edit_of(upstream, api_base=away))
    assert not is_good
    assert text.startswith("Sign-in works, but the API cannot be reached:")
    assert upstream.auth.users == {}


async def test_a_refused_sign_in_still_says_whether_the_api_is_there(
    console: Any, upstream: FakeUpstream, free_port: int
) -> None:
    is_good, text = await tried(console, edit_of(upstream, anon_key=""))
    assert not is_good
    assert text.startswith("The API answers, but sign-in does not work:")
    away = f"http://127.0.0.1:{free_port}"
    nowhere = edit_of(upstream, api_base=f"{away}/api/v1", auth_url=away)
    is_good, text = await tried(console, nowhere)
    assert not is_good
    assert text.startswith("Neither sign-in nor the API works:")


async def test_a_wrong_address_is_refused_at_its_field(
    console: Any, upstream: FakeUpstream
) -> None:
    with pytest.raises(InputError) as caught:
        await try_target(console, edit_of(upstream, auth_url="nonsense"))
    assert caught.value.field == "auth_url"
