"""Import and export: Markdown and JSON, planned first, the same files twice add nothing."""

import json
import os
from pathlib import Path

import pytest

from db.engine import Database
from services.foundation.errors import InputError
from services.prompts.files import FILE_MAX_BYTES, FILES_MOST, safe_name
from services.prompts.service import Prompts
from services.prompts.types import ImportFate, ImportFile, PromptEdit, PromptType
from tests.support.clock import FakeClock

TOOL = {"type": "function", "function": {"name": "search"}}


@pytest.fixture
def prompts(any_database: Database, clock: FakeClock) -> Prompts:
    prompts = Prompts(any_database, clock)
    prompts.load()
    return prompts


def a_file(name: str, content: object) -> ImportFile:
    text = content if isinstance(content, str) else json.dumps(content)
    return ImportFile(name, text.encode())


MARKDOWN = """---
name: coach
type: system
description: "A coach"
message: first try
tools: ignored
---

# Coach
Be kind.
"""


async def test_markdown_and_json_become_prompts_and_a_second_time_nothing(
    prompts: Prompts,
) -> None:
    files = [
        a_file("coach.md", MARKDOWN),
        a_file("plain.markdown", "Only a text."),
        a_file(
            "many.json",
            {
                "prompts": [
                    {"name": "tooled", "content": "Use them.", "tools": [TOOL]},
                    {"name": "gymbro-default-tools-v1", "system_prompt": "new", "tools_json": "[]"},
                ]
            },
        ),
    ]
    plan = await prompts.plan_import(files)
    assert [(row.file, row.fate) for row in plan] == [
        ("coach.md", ImportFate.NEW),
        ("plain.markdown", ImportFate.NEW),
        ("many.json", ImportFate.NEW),
        ("many.json", ImportFate.VERSION),
    ]
    assert len(prompts.all()) == 4  # a plan stores nothing
    assert await prompts.import_rows(plan, edited_by="ann") == 4
    coach, plain, tooled = (p for p in prompts.all() if p.id > 4)
    assert (coach.name, coach.content, coach.description) == (
        "coach",
        "# Coach\nBe kind.",
        "A coach",
    )
    assert (plain.name, plain.prompt_type) == ("plain", PromptType.SYSTEM)
    assert (tooled.prompt_type, list(tooled.tools)) == (PromptType.TOOLS, [TOOL])
    assert not any(p.is_active for p in (coach, plain, tooled))
    newest = (await prompts.versions(coach.id))[0]
    assert (newest.message, newest.created_by) == ("first try", "ann")
    known = prompts.get(2)
    assert known is not None
    assert (known.version_no, known.newest_no) == (1, 2)  # nothing an import brings goes live
    assert (await prompts.version(2, 2)).tools_json == []

    again = await prompts.plan_import(files)
    assert {row.fate for row in again} == {ImportFate.KNOWN}
    assert await prompts.import_rows(again) == 0
    assert await prompts.import_rows(plan) == 0  # an old plan, confirmed twice


async def test_an_older_version_is_known_too(prompts: Prompts) -> None:
    made = await prompts.save(PromptEdit(name="mine", prompt_type=PromptType.SYSTEM, content="one"))
    await prompts.save(PromptEdit(id=made.id, content="two"))
    (row,) = await prompts.plan_import([a_file("mine.md", "one")])
    assert (row.fate, row.known_no) == (ImportFate.KNOWN, 1)


async def test_an_export_comes_back_as_known(prompts: Prompts) -> None:
    for prompt_id in (1, 2):
        text = await prompts.export_text(prompt_id)
        (row,) = await prompts.plan_import([a_file("x.json", text)])
        assert (row.fate, row.edit.id) == (ImportFate.KNOWN, prompt_id)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (a_file("a.txt", "x"), "Only Markdown and JSON"),
        (a_file("a.json", "{"), "Not valid JSON"),
        (a_file("a.json", "[" * 100_000), "Not valid JSON"),
        (a_file("a.json", "[1]"), "Must hold an object"),
        (a_file("a.json", "[]"), "Must hold an object"),
        (a_file("a.json", {"name": "x", "content": 7.5, "type": "nonsense"}), "Unknown type"),
        (a_file("a.json", {"name": "x", "content": ["y"]}), "must be a text"),
        (a_file("a.json", {"name": "x", "content": "y", "tools": "[{"}), "not valid JSON"),
        (a_file("a.json", {"name": "x", "content": "y", "tools": [{}]}), "Each tool needs a name"),
        (a_file("a.md", ""), "Must not be empty"),
        (a_file("a.md", "a\x00b"), "control characters"),
        (ImportFile("a.md", b"\xff\xfe"), "Not a UTF-8"),
        (ImportFile("a.md", b"x" * (FILE_MAX_BYTES + 1)), "Larger than"),
        (ImportFile("a.md", b"x" * 200_001), "At most"),
    ],
)
async def test_what_cannot_be_taken_says_why(
    prompts: Prompts, file: ImportFile, reason: str
) -> None:
    (row,) = await prompts.plan_import([file])
    assert row.fate is ImportFate.SKIPPED
    assert reason in str(row.reason)
    assert await prompts.import_rows([row]) == 0


async def test_two_files_that_say_the_same_are_taken_once(prompts: Prompts) -> None:
    rows = await prompts.plan_import([a_file("one/x.md", MARKDOWN), a_file("two/x.md", MARKDOWN)])
    assert [row.fate for row in rows] == [ImportFate.NEW, ImportFate.SKIPPED]


async def test_too_many_files_are_refused(prompts: Prompts) -> None:
    with pytest.raises(InputError):
        await prompts.plan_import([a_file(f"{n}.md", str(n)) for n in range(FILES_MOST + 1)])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\x\\y.md", "y.md"),
        (".hidden.md", "hidden.md"),
        ("a\x00\n<b>.md", "a___b_.md"),
        ("提示词 (1).md", "提示词 (1).md"),
        ("..", "file"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names_of_files_lead_nowhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


async def test_a_folder_gives_its_own_plain_files_only(prompts: Prompts, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("b")
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / ".secret.md").write_text("no")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "c.md").write_text("no")
    outside = tmp_path.parent / "outside.md"
    outside.write_text("no")
    (tmp_path / "link.md").symlink_to(outside)
    os.mkfifo(tmp_path / "pipe.md")
    found = await prompts.read_folder(str(tmp_path))
    assert [(file.name, file.content) for file in found] == [("a.json", b"{}"), ("b.md", b"b")]


@pytest.mark.parametrize("folder", ["", "relative", "/no/such/folder", "/etc/hostname"])
async def test_a_folder_that_is_none_is_refused(prompts: Prompts, folder: str) -> None:
    with pytest.raises(InputError) as error:
        await prompts.read_folder(folder)
    assert error.value.field == "folder"
