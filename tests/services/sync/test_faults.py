"""Every fault of a project gives its stated result: nothing here is lost, emptied or guessed."""

import pytest

from services.supabase.types import Link, RemoteError
from services.sync.types import SyncAction, SyncKind
from tests.support.supabase_faults import (
    HTML,
    Cut,
    Garbage,
    Meanwhile,
    Reset,
    Rewrite,
    Status,
)
from tests.support.supabase_faults import Fault as Played
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, actions, only

EMPTY = Status(200, "[]", {"content-range": "*/0"})


@pytest.mark.parametrize(
    "played",
    [
        HTML,
        Garbage(),
        Cut(),
        Reset(),
        Status(503),
        Status(540),
        Status(200, "null"),
        Status(302, headers={"location": "http://127.0.0.1:1/"}),
        Status(429, "{}", {"retry-after": "9"}),
        Status(401, '{"message":"Invalid API key"}'),
        Status(403, '{"code":"42501","message":"permission denied for table ai_model"}'),
        Status(404, '{"code":"PGRST205","message":"Could not find the table"}'),
    ],
)
async def test_a_preview_that_meets_a_fault_changes_nothing(
    desk: SyncDesk, supabase_project: SupabaseProject, played: Played
) -> None:
    await desk.add_model("acme")
    before = desk.models.endpoints
    supabase_project.front.fail(played, method="GET", table="ai_model")
    with pytest.raises(RemoteError) as caught:
        await desk.sync.preview()
    assert str(caught.value)
    await desk.models.reload()
    assert desk.models.endpoints == before
    assert desk.supabase.view.link is Link.OFFLINE
    assert desk.supabase.view.fault is caught.value.fault
    assert actions(await desk.sync.preview(), SyncKind.MODEL) == {}
    assert desk.supabase.view.link is Link.ONLINE


async def test_an_empty_answer_asks_before_anything_is_deleted(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("acme")
    supabase_project.front.fail(EMPTY, method="GET", table="ai_model", times=2)
    made = await desk.sync.preview()
    assert only(made, "acme").action is SyncAction.PULL_DELETE
    report = await desk.run(made)
    assert report.skipped >= 1
    assert desk.named("acme")


async def test_rows_with_null_extra_and_renamed_columns_are_listed_one_by_one(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("acme")
    for name in ("no-model", "renamed", "extra"):
        supabase_project.insert("ai_model", name=name, model="m", base_url=f"https://{name}.com")

    def spoil(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        for row in rows:
            if row["name"] == "no-model":
                row["model"] = None
            if row["name"] == "renamed":
                row["title"] = row.pop("name")
            if row.get("name") == "extra":
                row["unheard_of"] = {"a": 1}
            if row.get("name") == "acme":
                row["name"] = 17
        return rows

    supabase_project.front.fail(Rewrite(spoil), method="GET", table="ai_model")
    made = await desk.sync.preview((SyncKind.MODEL,))
    found = {item.title: (item.action, str(item.note)) for item in made.items}
    assert found["no-model"] == (SyncAction.INVALID, "model must be a text")
    assert found["#3"] == (SyncAction.INVALID, "The column name is missing")
    assert found["acme"] == (SyncAction.INVALID, "name must be a text")
    assert found["extra"][0] is SyncAction.PULL_ADD
    await desk.run(made)
    assert {e.name for e in desk.models.endpoints} == {"Demo", "acme", "extra"}


async def test_a_cap_of_rows_per_answer_is_paged_over(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.run(
        "insert into ai_model (name, model, base_url) select 'm-' || n, 'x-' || n,"
        " 'https://m' || n || '.example.com' from generate_series(1, 2300) n"
    )
    made = await desk.sync.preview((SyncKind.MODEL,))
    assert made.remote_count == 2300
    assert made.count(SyncAction.PULL_ADD) == 2300
    pages = supabase_project.front.named("GET", "ai_model")
    assert len(pages) == 4, "three pages and one count"


async def test_rows_that_come_and_go_between_pages_are_read_again(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.run(
        "insert into ai_model (name, model, base_url) select 'm-' || n, 'x', 'https://m' || n || '.com'"
        " from generate_series(1, 1500) n"
    )

    def move() -> None:
        supabase_project.run("delete from ai_model where id = 7")
        supabase_project.insert("ai_model", name="late", model="x", base_url="https://late.com")

    def later() -> None:
        supabase_project.run("delete from ai_model where id = 8")

    front = supabase_project.front
    front.fail(Meanwhile(move), method="GET", match=lambda call: "id=gt." in call.query)
    made = await desk.sync.preview((SyncKind.MODEL,))
    assert made.remote_count == 1500
    front.fail(Meanwhile(later), method="GET", match=lambda call: "id=gt." in call.query)
    made = await desk.sync.preview((SyncKind.MODEL,))
    assert made.remote_count == 1499
    assert "m-8" not in actions(made)
