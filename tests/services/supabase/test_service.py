"""Which project, which keys, whether it answers, and what keeps it awake."""

import asyncio
import base64
import json
from dataclasses import replace

import pytest

from db.engine import Database
from services.foundation.errors import ConflictError, InputError
from services.foundation.tasks import Tasks
from services.outbox.service import Outbox
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.settings.types import SupabaseEnv
from services.supabase.service import Supabase
from services.supabase.types import Fault, Link, SupabaseEdit
from services.sync.wiring import FIRST_S, KeepAlive
from tests.support.clock import FakeClock
from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject

NOBODY = SupabaseEnv()


def a_key(role: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"


@pytest.fixture
def project(database: Database, clock: FakeClock, secrets: Secrets) -> Supabase:
    made = Supabase(database, clock, secrets, NOBODY)
    made.load()
    return made


async def test_nothing_set_is_disabled_and_has_no_tables(project: Supabase) -> None:
    assert (project.view.link, project.is_configured) == (Link.DISABLED, False)
    with pytest.raises(ConflictError):
        project.remote()


@pytest.mark.parametrize("key", [a_key("service_role"), "sb_secret_0123456789abcdef"])
async def test_a_service_key_in_the_wrong_field_is_noticed(project: Supabase, key: str) -> None:
    with pytest.raises(InputError) as refused:
        await project.save(SupabaseEdit(anon_key=key))
    assert refused.value.field == "anon_key"
    assert "full rights" in str(refused.value)
    with pytest.raises(InputError) as other:
        await project.save(SupabaseEdit(service_key=a_key("anon")))
    assert other.value.field == "service_key"


@pytest.mark.parametrize(
    "url",
    ["ftp://x.example", "http://user:pw@x.example", "http://169.254.169.254", "https://", "x y",
     "https://x.example/?a=1", "http://x.example:0"],
)  # fmt: skip
async def test_an_address_that_cannot_be_used_is_refused(project: Supabase, url: str) -> None:
    with pytest.raises(InputError):
        await project.save(SupabaseEdit(url=url))


async def test_the_address_loses_its_endings_and_survives_a_restart(
    project: Supabase, database: Database, clock: FakeClock, secrets: Secrets
) -> None:
    url = "https://abcd.supabase.co/rest/v1/"
    view = await project.save(SupabaseEdit(url=url, service_key=a_key("service_role")))
    assert (view.url, view.source, view.is_configured) == (
        "https://abcd.supabase.co",
        "page",
        True,
    )
    assert view.link is Link.UNKNOWN
    again = Supabase(database, clock, secrets, NOBODY)
    again.load()
    assert again.view.url == view.url
    assert again.is_configured


async def test_the_environment_names_a_project_and_its_keys_serve_no_other(
    database: Database, clock: FakeClock, secrets: Secrets
) -> None:
    env = SupabaseEnv("https://env.supabase.co", a_key("anon"), a_key("service_role"))
    project = Supabase(database, clock, secrets, env)
    project.load()
    assert (project.view.source, project.view.service_key_source) == ("environment", "environment")
    await project.save(SupabaseEdit(url="https://page.supabase.co"))
    assert project.view.service_key_masked == ""
    await project.save(SupabaseEdit(url=""))
    assert project.view.service_key_source == "environment"


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({}, 10),
        ({"SUPABASE_KEEPALIVE_INTERVAL_MINUTES": "3"}, 3),
        ({"SUPABASE_KEEPALIVE_INTERVAL_MINUTES": "0"}, 1),
        ({"SUPABASE_KEEPALIVE_ENABLED": "false"}, 0),
    ],
)
def test_the_pace_of_the_keep_alive_is_the_environments(
    values: dict[str, str], minutes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = str(tmp_path_factory.mktemp("data"))
    assert read_env(data_dir=folder, values=values).supabase.keepalive_minutes == minutes


async def test_a_test_names_each_table_with_its_rows(
    project: Supabase, supabase_project: SupabaseProject
) -> None:
    supabase_project.insert("ai_model", name="a", model="b")
    await project.save(
        SupabaseEdit(url=supabase_project.url, service_key=supabase_project.front.service_key)
    )
    report = await project.test()
    assert report.is_good
    assert [(t.name, t.is_there, t.rows) for t in report.tables] == [
        ("ai_model", True, 1),
        ("ai_prompt", True, 0),
        ("model_mappings", True, 0),
        ("dashboard_stats", True, 0),
    ]
    assert project.view.link is Link.ONLINE
    await project.close()


async def test_a_missing_optional_table_offers_its_sql_and_spoils_nothing(
    project: Supabase, bare_supabase_project: SupabaseProject
) -> None:
    front = bare_supabase_project.front
    await project.save(SupabaseEdit(url=front.url, service_key=front.service_key))
    report = await project.test()
    assert report.is_good
    missing = [table.name for table in report.tables if table.fault is Fault.TABLE_MISSING]
    assert missing == ["model_mappings", "dashboard_stats"]
    assert "create table if not exists public.model_mappings" in project.optional_sql
    assert project.view.link is Link.ONLINE
    await project.close()


async def test_the_keep_alive_asks_with_head_tries_three_times_and_goes_on(
    project: Supabase, database: Database, clock: FakeClock, supabase_project: SupabaseProject
) -> None:
    front = supabase_project.front
    await project.save(SupabaseEdit(url=front.url, service_key=front.service_key))
    tasks = Tasks()
    keeper = KeepAlive(project, Outbox(database, clock, tasks), clock)
    task = tasks.start(keeper.run(), "keep-alive")
    looks: asyncio.Queue[Link] = asyncio.Queue()
    project.changed.subscribe(lambda view: looks.put_nowait(view.link))
    await clock.advance(FIRST_S - 1)
    assert front.calls == [], "the first page comes first"
    await clock.advance(1)
    assert await asyncio.wait_for(looks.get(), 20) is Link.ONLINE
    assert [(c.method, c.query) for c in front.calls] == [("HEAD", "select=id&limit=1")]
    front.fail(Status(503), times=3)
    for seconds in (600, 1, 2):
        await clock.advance(seconds)
        assert await asyncio.wait_for(looks.get(), 20) is Link.OFFLINE
    assert len(front.calls) == 4
    await clock.advance(600)
    assert await asyncio.wait_for(looks.get(), 20) is Link.ONLINE
    task.cancel()
    await tasks.stop()
    await project.close()


async def test_a_switched_off_keep_alive_asks_nothing(
    database: Database, clock: FakeClock, secrets: Secrets
) -> None:
    env = replace(NOBODY, url="http://127.0.0.1:9", service_key="k" * 20, keepalive_minutes=0)
    project = Supabase(database, clock, secrets, env)
    project.load()
    keeper = KeepAlive(project, Outbox(database, clock, Tasks()), clock)
    task = asyncio.ensure_future(keeper.run())
    await clock.advance(FIRST_S)
    await task
    assert project.view.link is Link.UNKNOWN
