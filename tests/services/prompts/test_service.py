"""Prompts: versions never change, one active of each type, start data once."""

from datetime import timedelta

import pytest

from db.engine import Database
from db.queries.change_marks import marks_between
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.prompts.service import Prompts
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import OutputProtocol
from tests.support.clock import FakeClock


@pytest.fixture
def prompts(database: Database, clock: FakeClock) -> Prompts:
    prompts = Prompts(database, clock)
    prompts.load()
    return prompts


def test_a_new_store_has_the_four_named_prompts_active(prompts: Prompts) -> None:
    assert [p.name for p in prompts.all()] == [
        "gymbro-default-system-thinkingml-v45",
        "gymbro-default-tools-v1",
        "gymbro-default-system-jsonseq-v1",
        "gymbro-default-tools-jsonseq-v1",
    ]
    assert all(p.is_active and p.version_no == 1 for p in prompts.all())
    thinking = prompts.active(OutputProtocol.THINKINGML)
    lines = prompts.active(OutputProtocol.JSONSEQ)
    assert (thinking.system_id, thinking.tools_id) == (1, 2)
    assert (lines.system_id, lines.tools_id) == (3, 4)
    assert len(thinking.tools) == 11
    assert "<thinking>" in thinking.system_text
    assert "final_delta" in lines.system_text


async def test_every_edit_adds_a_version_and_old_ones_stay(prompts: Prompts) -> None:
    first = prompts.all()[0].content
    changed = await prompts.save(PromptEdit(id=1, content="second", edited_by="me"))
    assert (changed.version_no, changed.newest_no, changed.id) == (1, 2, 1)
    assert prompts.active(OutputProtocol.THINKINGML).system_text == first
    await prompts.activate(1)
    assert prompts.active(OutputProtocol.THINKINGML).system_text == "second"
    back = await prompts.roll_back(1, 1)
    assert (back.version_no, back.content) == (3, first)
    assert [(v.version_no, v.content) for v in await prompts.versions(1)] == [
        (3, first),
        (2, "second"),
        (1, first),
    ]


async def test_activating_switches_the_other_of_its_type_off(prompts: Prompts) -> None:
    mine = await prompts.save(
        PromptEdit(name="mine", prompt_type=PromptType.SYSTEM, content="text")
    )
    assert not mine.is_active
    await prompts.activate(mine.id)
    active = [p.id for p in prompts.all() if p.is_active and p.prompt_type is PromptType.SYSTEM]
    assert active == [mine.id]
    assert prompts.active(OutputProtocol.THINKINGML).system_id == mine.id
    await prompts.deactivate(mine.id)
    assert prompts.active(OutputProtocol.THINKINGML).system_id == 0


async def test_deleted_start_prompts_stay_deleted_and_active_ones_cannot_go(
    prompts: Prompts, database: Database, clock: FakeClock
) -> None:
    with pytest.raises(ConflictError):
        await prompts.delete(1)
    await prompts.deactivate(1)
    await prompts.delete(1)
    again = Prompts(database, clock)
    again.load()
    assert [p.id for p in again.all()] == [2, 3, 4]
    with pytest.raises(NotFoundError):
        await again.versions(1)


async def test_changes_of_active_prompts_leave_marks(
    prompts: Prompts, database: Database, clock: FakeClock
) -> None:
    await prompts.save(PromptEdit(id=1, content="x"))  # a draft: nothing the gateway says changes
    await prompts.activate(1)
    await prompts.deactivate(1)
    await prompts.activate(1)
    day = timedelta(days=1)
    marks = await database.read(lambda s: marks_between(s, clock.now() - day, clock.now() + day))
    assert [(m.kind, m.detail) for m in marks] == [
        ("prompt", "active|2"),
        ("prompt", "switched_off"),
        ("prompt", "active|2"),
    ]


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (PromptEdit(name="x", content="y"), "prompt_type"),
        (PromptEdit(name=" ", content="y", prompt_type=PromptType.TOOLS), "name"),
        (PromptEdit(name="x", content="", prompt_type=PromptType.TOOLS), "content"),
        (PromptEdit(id=1, prompt_type=PromptType.TOOLS), "prompt_type"),
        (PromptEdit(id=1, content="a\x00"), "content"),
        (PromptEdit(id=1, tools_json="text"), "tools_json"),
        (PromptEdit(id=1, tools_json=[{"type": "function"}]), "tools_json"),
    ],
)
async def test_bad_input_names_its_field(prompts: Prompts, edit: PromptEdit, field: str) -> None:
    with pytest.raises(InputError) as error:
        await prompts.save(edit)
    assert error.value.field == field
