"""Versions on both stores: drafts, what is live, restoring, two authors, search."""

import asyncio

import pytest

from db.engine import Database
from db.queries.change_marks import marks_between
from services.foundation.errors import InputError, NotFoundError
from services.prompts.service import Prompts
from services.prompts.types import PartKind, PromptEdit, PromptType, VersionConflictError
from services.settings.types import OutputProtocol
from tests.support.clock import FakeClock

THINKING = OutputProtocol.THINKINGML
TOOL = {"type": "function", "function": {"name": "search", "description": "finds"}}


@pytest.fixture
def prompts(any_database: Database, clock: FakeClock) -> Prompts:
    prompts = Prompts(any_database, clock)
    prompts.load()
    return prompts


async def saved(prompts: Prompts, content: str, prompt_id: int = 1, **more: object) -> int:
    head = await prompts.save(PromptEdit(id=prompt_id, content=content, **more))  # type: ignore[arg-type]
    return head.newest_no


async def test_a_draft_keeps_everything_about_it_and_changes_nothing_live(
    prompts: Prompts, clock: FakeClock
) -> None:
    live = prompts.active(THINKING)
    await saved(prompts, "draft", edited_by="ann", message="  softer\n tone ", parent_no=1)
    head = prompts.get(1)
    assert head is not None
    assert head.has_draft
    assert prompts.active(THINKING) == live
    draft = await prompts.version(1, 2)
    assert (draft.content, draft.created_by, draft.message) == ("draft", "ann", "softer tone")
    assert (draft.parent_no, draft.restored_from, draft.prompt_type) == (1, None, "system")
    assert len(draft.sha256) == 64
    assert (await prompts.version(1, 1)).content == live.system_text


async def test_what_is_live_is_known_after_a_restart_too(
    prompts: Prompts, any_database: Database, clock: FakeClock
) -> None:
    await saved(prompts, "second")
    await prompts.activate(1)
    since = prompts.get(1)
    await saved(prompts, "third")
    again = Prompts(any_database, clock)
    again.load()
    assert again.active(THINKING).system_text == "second"
    head = again.get(1)
    assert head is not None
    assert since is not None
    assert (head.version_no, head.newest_no, head.live_since) == (2, 3, since.live_since)


async def test_an_older_version_than_the_newest_can_be_made_live(prompts: Prompts) -> None:
    await saved(prompts, "second")
    await saved(prompts, "third")
    await prompts.activate(1, 2)
    assert prompts.active(THINKING).system_text == "second"
    assert prompts.active(THINKING).system_version_no == 2
    await prompts.activate(1)
    assert prompts.active(THINKING).system_text == "third"
    with pytest.raises(NotFoundError):
        await prompts.activate(1, 9)
    assert prompts.active(THINKING).system_text == "third"


async def test_a_prompt_that_rests_shows_its_newest_version(prompts: Prompts) -> None:
    await saved(prompts, "draft")
    mine = await prompts.save(
        PromptEdit(name="mine", prompt_type=PromptType.SYSTEM, content="other")
    )
    await prompts.activate(mine.id)
    head = prompts.get(1)
    assert head is not None
    assert (head.is_active, head.content, head.version_no) == (False, "draft", 2)
    assert head.live_since is None
    await saved(prompts, "later")
    assert prompts.get(1).content == "later"  # type: ignore[union-attr]


async def test_rolling_back_is_a_new_version_that_is_live_at_once(prompts: Prompts) -> None:
    first = prompts.active(THINKING).system_text
    for text in ("second", "third"):
        await saved(prompts, text)
        await prompts.activate(1)
    head = await prompts.roll_back(1, 1, edited_by="ann", message="dots turned red")
    assert (head.version_no, head.newest_no, head.is_active) == (4, 4, True)
    assert prompts.active(THINKING).system_text == first
    newest = (await prompts.versions(1))[0]
    assert (newest.restored_from, newest.parent_no) == (1, 3)
    assert (newest.message, newest.created_by) == ("dots turned red", "ann")
    assert [v.content for v in await prompts.versions(1)] == [first, "third", "second", first]
    assert (await prompts.version(1, 1)).sha256 == newest.sha256


async def test_rolling_back_brings_the_tools_back(prompts: Prompts) -> None:
    tools = prompts.active(THINKING).tools
    await prompts.save(PromptEdit(id=2, tools_json=[TOOL]))
    await prompts.activate(2)
    assert list(prompts.active(THINKING).tools) == [TOOL]
    await prompts.roll_back(2, 1)
    assert prompts.active(THINKING).tools == tools


async def test_restoring_what_is_live_adds_nothing(prompts: Prompts) -> None:
    await saved(prompts, "second")
    await prompts.activate(1)
    await saved(prompts, "a draft")
    for number in (2, 2):
        head = await prompts.roll_back(1, number)
        assert (head.version_no, head.newest_no) == (2, 3)
    assert (await prompts.versions(1))[0].content == "a draft"


async def test_a_version_or_prompt_that_is_gone_is_refused_and_changes_nothing(
    prompts: Prompts,
) -> None:
    live = prompts.active(THINKING)
    gone = await prompts.save(
        PromptEdit(name="gone", prompt_type=PromptType.SYSTEM, content="gone")
    )
    await prompts.delete(gone.id)
    for prompt_id, version_no in ((gone.id, 1), (1, 99), (1, 0), (1, -1)):
        with pytest.raises(NotFoundError):
            await prompts.roll_back(prompt_id, version_no, goes_live=True)
    assert prompts.active(THINKING) == live
    assert len(await prompts.versions(1)) == 1


async def test_restoring_can_make_another_prompt_live_again(prompts: Prompts) -> None:
    mine = await prompts.save(
        PromptEdit(name="mine", prompt_type=PromptType.SYSTEM, content="mine")
    )
    await prompts.activate(mine.id)
    head = await prompts.roll_back(1, 1, goes_live=True)
    assert (head.is_active, head.version_no) == (True, 1)  # its text was there: no copy of it
    assert prompts.active(THINKING).system_id == 1


async def test_of_two_authors_the_second_is_told_and_nothing_is_lost(prompts: Prompts) -> None:
    first = PromptEdit(id=1, content="by ann", edited_by="ann", parent_no=1)
    second = PromptEdit(id=1, content="by bob", edited_by="bob", parent_no=1)
    done = await asyncio.gather(prompts.save(first), prompts.save(second), return_exceptions=True)
    conflicts = [one for one in done if isinstance(one, VersionConflictError)]
    assert len(conflicts) == 1
    assert conflicts[0].newest_no == 2
    versions = await prompts.versions(1)
    assert len(versions) == 2
    assert versions[0].created_by in str(conflicts[0])
    await prompts.save(PromptEdit(id=1, content="by bob", edited_by="bob", parent_no=2))
    assert [v.created_by for v in await prompts.versions(1)][:1] == ["bob"]


async def test_parallel_switches_leave_exactly_one_active(prompts: Prompts) -> None:
    made = [
        await prompts.save(PromptEdit(name=f"p{n}", prompt_type=PromptType.SYSTEM, content="c"))
        for n in range(6)
    ]
    await asyncio.gather(*(prompts.activate(one.id) for one in made for _ in range(3)))
    active = [p for p in prompts.all() if p.is_active and p.prompt_type is PromptType.SYSTEM]
    assert len(active) == 1
    assert prompts.active(THINKING).system_id == active[0].id


async def test_only_what_the_gateway_says_leaves_marks(
    prompts: Prompts, any_database: Database, clock: FakeClock
) -> None:
    await saved(prompts, "x")
    await prompts.activate(1)
    await prompts.roll_back(1, 1)
    marks = await any_database.read(lambda s: marks_between(s, clock.now(), clock.now()))
    assert [mark.detail for mark in marks] == ["active|2", "version|3"]


async def test_a_new_name_is_no_new_version(prompts: Prompts) -> None:
    head = await prompts.describe(1, name="renamed", description="why")
    assert (head.name, head.description, head.newest_no) == ("renamed", "why", 1)
    with pytest.raises(InputError):
        await prompts.describe(1, name=" ", description="")


async def test_two_versions_are_compared_by_word(prompts: Prompts) -> None:
    await saved(prompts, "Be kind.")
    await saved(prompts, "Be strict.")
    found = await prompts.compare(1, 2, 3)
    assert [(p.kind, p.text) for p in found.text.parts if p.kind is not PartKind.SAME] == [
        (PartKind.REMOVED, "kind"),
        (PartKind.ADDED, "strict"),
    ]
    with pytest.raises(NotFoundError):
        await prompts.compare(1, 2, 9)


async def test_search_finds_names_texts_and_messages(prompts: Prompts) -> None:
    await saved(prompts, "你好，教练 50%_x", message="Warmer Greeting")
    await saved(prompts, "other")
    assert [hit.prompt_id for hit in await prompts.search("TOOLS-V1")] == [2]
    assert [(h.prompt_id, h.version_no) for h in await prompts.search("教练")] == [(1, 2)]
    assert [(h.prompt_id, h.version_no) for h in await prompts.search("warmer")] == [(1, 2)]
    assert [(h.prompt_id, h.version_no) for h in await prompts.search("0%_X")] == [(1, 2)]
    assert await prompts.search("%") == await prompts.search("50%")
    assert await prompts.search("  ") == []
    assert await prompts.search("nowhere at all") == []


async def test_a_history_leaves_the_texts_out_and_can_be_paged(prompts: Prompts) -> None:
    for number in range(2, 6):
        await saved(prompts, f"text {number}", message=f"m{number}")
    page = await prompts.history(1, 2)
    assert [(v.version_no, v.message, v.content) for v in page] == [(5, "m5", ""), (4, "m4", "")]
    assert [v.version_no for v in await prompts.history(1, 9, before=4)] == [3, 2, 1]


async def test_what_the_gateway_served_is_counted(prompts: Prompts, clock: FakeClock) -> None:
    active = prompts.active(THINKING)
    prompts.note_served(active, clock.now(), with_tools=False)
    prompts.note_served(active, clock.now(), with_tools=True)
    served = prompts.served(1, 1)
    assert served is not None
    assert served.count == 2
    assert prompts.served(2, 1).count == 1  # type: ignore[union-attr]
    assert prompts.served(1, 2) is None
