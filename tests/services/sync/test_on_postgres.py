"""The same sync with this console's own store on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.models.types import EndpointEdit
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import Env
from services.sync.types import Choice, SyncAction
from tests.support.clock import FakeClock
from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, only

pytestmark = pytest.mark.postgres


@pytest.fixture
async def desk(
    postgres_database: Database,
    clock: FakeClock,
    secrets: Secrets,
    env: Env,
    supabase_project: SupabaseProject,
) -> AsyncIterator[SyncDesk]:
    settings = Settings(postgres_database, clock, env, "UTC")
    settings.load()
    made = SyncDesk(postgres_database, clock, secrets, settings)
    await made.connect(supabase_project)
    yield made
    await made.stop()


async def test_both_ways_conflicts_and_the_outbox(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("acme", "acme-1", is_default=True)
    await desk.add_mapping("gpt", "acme-1")
    await desk.add_prompt("coach", "Be strict.", tools_json=[{"function": {"name": "x"}}])
    supabase_project.insert("ai_model", name="new", model="n", base_url="https://n.example.com")
    supabase_project.run("update ai_prompt set system_prompt = 'Mild.' where name = 'coach'")
    report = await desk.settle()
    assert report.is_complete
    assert report.pulled == {"pull_add": 1, "pull_change": 1}
    assert (await desk.sync.preview()).items == ()
    supabase_project.front.fail(Status(503), method="PATCH")
    await desk.models.save(EndpointEdit(id=desk.named("acme").id, description="ours"))
    assert desk.waiting() == [("acme", "save", "waiting")]
    supabase_project.run("update ai_model set description = 'theirs' where name = 'acme'")
    desk.outbox.resume()
    assert (await desk.outbox.flush()).conflicts == 1
    made = await desk.sync.preview()
    assert only(made, "acme").action is SyncAction.CONFLICT
    await desk.run(made, acme=Choice.PULL)
    assert desk.named("acme").description == "theirs"
    assert desk.waiting() == []
    await desk.models.delete(desk.named("new").id)
    assert [row["name"] for row in supabase_project.rows("ai_model")] == ["acme"]
    assert (await desk.sync.preview()).items == ()


async def test_a_refused_change_is_rolled_back_before_it_is_made(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(Status(400, '{"code":"23514","message":"check"}'), method="POST")
    with pytest.raises(Exception, match="nothing was changed"):
        await desk.add_model("acme")
    assert [e.name for e in desk.models.endpoints] == ["Demo"]
    made = await desk.add_model("acme")
    assert made.sync_status == "synced"
