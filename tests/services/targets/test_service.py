"""Targets: our own, the environment's, the operator's; keys never follow to another address."""

from dataclasses import replace

import pytest

from db.engine import Database
from services.foundation.errors import InputError, NotFoundError
from services.secrets.service import Secrets
from services.settings.types import Env
from services.targets.service import Targets
from services.targets.types import SELF_ID
from tests.support.clock import FakeClock
from tests.support.targets import ANON, SERVICE, OwnKeys, an_edit


def test_our_own_gateway_is_there_from_the_first_start(targets: Targets, env: Env) -> None:
    own = targets.current
    assert (own.id, own.is_self, own.is_current) == (SELF_ID, True, True)
    assert own.api_base == f"http://127.0.0.1:{env.port}/api/v1"
    assert own.auth_url == f"http://127.0.0.1:{env.port}"
    assert (own.anon_key, own.service_key) == ("own-anon", "own-service")
    assert targets.all() == (own,)


def test_our_own_uses_the_supabase_project_of_the_environment(build) -> None:
    own = build(
        SUPABASE_URL="https://abc.supabase.example/",
        SUPABASE_ANON_KEY=ANON,
        SUPABASE_SERVICE_ROLE_KEY=SERVICE,
        E2E_USER_EMAIL="a@b.cn",
        E2E_USER_PASSWORD="secret-1",
    ).current
    assert own.auth_url == "https://abc.supabase.example"
    assert (own.anon_key, own.service_key) == (ANON, SERVICE)
    assert (own.user_email, own.user_password) == ("a@b.cn", "secret-1")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("0.0.0.0", "http://127.0.0.1"),
        ("::", "http://[::1]"),
        ("192.168.1.5", "http://192.168.1.5"),
    ],
)
def test_our_own_is_reached_where_the_process_listens(
    build, env: Env, host: str, origin: str
) -> None:
    own = build(GYMBRO_HOST=host, PUBLIC_URL="https://console.example").current
    assert own.auth_url == f"{origin}:{env.port}"


ELSEWHERE = {
    "E2E_API_BASE": "http://gym.example:8080",
    "E2E_SUPABASE_URL": "https://abc.supabase.example",
    "E2E_SUPABASE_ANON_KEY": ANON,
    "E2E_SUPABASE_SERVICE_ROLE_KEY": SERVICE,
    "E2E_EMAIL_DOMAIN": "gym.example",
    "TEST_USER_EMAIL": "a@b.cn",
    "TEST_USER_PASSWORD": "secret-1",
}


def test_the_environments_target_is_made_and_chosen_once(build) -> None:
    first = build(**ELSEWHERE)
    target = first.current
    assert (target.name, target.api_base) == ("gym.example:8080", "http://gym.example:8080/api/v1")
    assert target.auth_url == "https://abc.supabase.example"
    assert (target.anon_key, target.service_key) == (ANON, SERVICE)
    assert (target.user_email, target.user_password) == ("a@b.cn", "secret-1")
    assert target.email_domain == "gym.example"
    assert first.get(SELF_ID).user_email == ""
    again = build(**ELSEWHERE)
    assert len(again.all()) == 2
    assert again.current.id == target.id


async def test_what_an_operator_deleted_or_left_stays_so(build) -> None:
    first = build(**ELSEWHERE)
    await first.select(SELF_ID)
    second = build(**ELSEWHERE)
    assert second.current.is_self
    await second.delete(2)
    assert len(build(**ELSEWHERE).all()) == 1


def test_the_environment_may_name_ourselves(build, env: Env) -> None:
    targets = build(E2E_API_BASE=f"http://127.0.0.1:{env.port}")
    assert len(targets.all()) == 1


async def test_new_keys_of_the_environment_are_taken_but_not_for_another_address(build) -> None:
    build(**ELSEWHERE)
    changed = {**ELSEWHERE, "E2E_SUPABASE_ANON_KEY": "new-anon"}
    assert build(**changed).current.anon_key == "new-anon"
    moved = {
        **changed,
        "E2E_SUPABASE_URL": "https://evil.example",
        "E2E_SUPABASE_ANON_KEY": "x-anon",
    }
    target = build(**moved).current
    assert (target.auth_url, target.anon_key) == ("https://abc.supabase.example", "new-anon")


def test_a_wrong_address_in_the_environment_names_the_variable(build) -> None:
    with pytest.raises(InputError) as caught:
        build(E2E_API_BASE="gym.example")
    assert caught.value.field == "E2E_API_BASE"
    assert "E2E_API_BASE" in str(caught.value)


async def test_a_saved_target_is_normalised_and_survives_a_restart(targets: Targets, build) -> None:
    seen: list[str] = []
    targets.changed.subscribe(lambda target: seen.append(target.name))
    saved = await targets.save(an_edit(is_production=True))
    assert (saved.id, saved.api_base) == (2, "https://staging.example/api/v1")
    assert saved.auth_url == "https://abc.supabase.example"
    await targets.select(saved.id)
    assert seen == ["This console", "Staging"]
    again = build()
    assert again.current == replace(saved, is_current=True)
    assert again.current.is_production


async def test_secrets_are_kept_out_of_the_database(targets: Targets, env: Env) -> None:
    await targets.save(
        an_edit(anon_key="canary-anon", user_email="a@b.cn", user_password="canary-pw")
    )
    assert env.database_path is not None
    files = [env.database_path, env.database_path.with_name(env.database_path.name + "-wal")]
    stored = b"".join(file.read_bytes() for file in files if file.exists())
    assert b"Staging" in stored
    assert b"canary" not in stored
    assert "canary" not in repr(targets.get(2))


async def test_keys_not_given_stay_and_empty_ones_are_deleted(targets: Targets) -> None:
    saved = await targets.save(an_edit())
    kept = await targets.save(an_edit(id=saved.id, name="Renamed", anon_key=None, service_key=None))
    assert (kept.name, kept.anon_key, kept.service_key) == ("Renamed", ANON, SERVICE)
    cleared = await targets.save(an_edit(id=saved.id, anon_key=None, service_key=""))
    assert (cleared.anon_key, cleared.service_key) == (ANON, "")


@pytest.mark.parametrize(
    "moved",
    [
        {"auth_url": "https://evil.example"},
        {"auth_url": "http://abc.supabase.example"},
        {"api_base": "https://evil.example"},
        {"auth_url": "https://abc.supabase.example:444"},
    ],
)
async def test_another_address_clears_the_stored_keys(
    targets: Targets, moved: dict[str, str]
) -> None:
    edit = an_edit(user_email="a@b.cn", user_password="secret-1")
    saved = await targets.save(edit)
    changed = replace(
        edit, id=saved.id, anon_key=None, service_key=None, user_password="new-1", **moved
    )
    target = await targets.save(changed)
    assert (target.anon_key, target.service_key, target.user_password) == ("", "", "new-1")


async def test_our_own_keeps_address_and_keys_whatever_is_sent(targets: Targets, env: Env) -> None:
    saved = await targets.save(
        an_edit(id=SELF_ID, name="Here", user_email="a@b.cn", user_password="p")
    )
    assert saved.api_base == f"http://127.0.0.1:{env.port}/api/v1"
    assert (saved.anon_key, saved.service_key) == ("own-anon", "own-service")
    assert (saved.name, saved.user_email, saved.user_password) == ("Here", "a@b.cn", "p")
    with pytest.raises(InputError):
        await targets.delete(SELF_ID)


async def test_ids_are_never_used_twice(targets: Targets) -> None:
    first = await targets.save(an_edit())
    await targets.select(first.id)
    await targets.delete(first.id)
    assert targets.current.is_self
    second = await targets.save(an_edit(anon_key=None))
    assert second.id == first.id + 1
    assert second.anon_key == ""


async def test_what_does_not_exist_is_told(targets: Targets) -> None:
    for call in (targets.select(99), targets.delete(99), targets.save(an_edit(id=99))):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(NotFoundError):
        targets.get(99)


BAD: list[tuple[str, dict[str, object]]] = [
    ("name", {"name": "  "}),
    ("name", {"name": "x" * 81}),
    ("name", {"name": "this CONSOLE"}),
    ("api_base", {"api_base": ""}),
    ("api_base", {"api_base": "gym.example"}),
    ("api_base", {"api_base": "ftp://gym.example"}),
    ("api_base", {"api_base": "javascript:alert(1)"}),
    ("api_base", {"api_base": "http://"}),
    ("api_base", {"api_base": "http://user:pw@gym.example"}),
    ("api_base", {"api_base": "http://gym.example:99999"}),
    ("api_base", {"api_base": "http://gym.example:0"}),
    ("api_base", {"api_base": "http://[::1"}),
    ("api_base", {"api_base": "http://gym.example/?a=1"}),
    ("api_base", {"api_base": "http://gym example"}),
    ("api_base", {"api_base": "http://169.254.169.254"}),
    ("api_base", {"api_base": "http://0.0.0.0:80"}),
    ("api_base", {"api_base": "http://x/" + "y" * 500}),
    ("auth_url", {"auth_url": "supabase"}),
    ("colour", {"colour": "red"}),
    ("anon_key", {"anon_key": "two words"}),
    ("anon_key", {"anon_key": "ключ"}),
    ("anon_key", {"anon_key": SERVICE}),
    ("anon_key", {"anon_key": "sb_secret_abcdefgh"}),
    ("service_key", {"service_key": ANON}),
    ("service_key", {"service_key": "sb_publishable_abcdefgh"}),
    ("user_email", {"user_email": "nobody"}),
    ("user_password", {"user_email": "a@b.cn"}),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
async def test_bad_input_is_told_at_its_field(
    targets: Targets, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(InputError) as caught:
        await targets.save(an_edit(**changes))
    assert caught.value.field == field
    assert str(caught.value)
    assert "pw@" not in str(caught.value)
    assert len(targets.all()) == 1


async def test_our_own_can_be_saved_while_the_account_comes_from_the_environment(build) -> None:
    targets = build(E2E_USER_EMAIL="a@b.cn", E2E_USER_PASSWORD="secret-1")
    shown = targets.current
    edit = an_edit(id=SELF_ID, name="Here", user_email=shown.user_email, user_password=None)
    saved = await targets.save(edit)
    assert (saved.user_email, saved.user_password) == ("a@b.cn", "secret-1")


def test_an_old_address_of_our_own_does_not_hide_the_environments_target(
    build, database: Database, clock: FakeClock, secrets: Secrets, env: Env
) -> None:
    build()
    moved = replace(
        env, port=env.port + 1, e2e=replace(env.e2e, api_base=f"http://127.0.0.1:{env.port}")
    )
    targets = Targets(database, clock, secrets, moved, OwnKeys())
    targets.load()
    assert [target.is_self for target in targets.all()] == [True, False]
