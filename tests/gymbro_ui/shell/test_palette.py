"""What the palette offers to whom, over the whole console, in both languages."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.frame import memory
from components.frame.ranking import Entry
from components.rights import settle_rights
from components.words import speaking
from gymbro_ui.shell import shell
from gymbro_ui.shell.finder import Finder
from tests.support.preview import build


@asynccontextmanager
async def palette(*, language: str = "zh", **state: bool) -> AsyncGenerator[tuple[User, Finder]]:
    console: Any = build(**state)
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/audit")
        with user, speaking(language):
            yield user, Finder(console, lambda: ui.label("first steps"))


def named(entries: list[Entry], group: str) -> list[str]:
    return [entry.label for entry in entries if entry.group == group]


FOUND = (  # what is typed, what must be among the answers, where that leads
    ("提示词", "page:/prompts", "/prompts"),
    ("prompts", "page:/prompts", "/prompts"),
    ("数据保留", "settings:retention", "/settings#retention"),
    ("retention", "settings:retention", "/settings#retention"),
    ("deepseek", "provider:3", "/models?q=DeepSeek"),
    ("reasoner deepseek", "model:3:deepseek-reasoner", "/models?q=deepseek-reasoner"),
    ("deepseek-chat", "mapping:mapping:deepseek-chat", "/mapping?q=deepseek-chat"),
    ("dsv3", "e2e:mapping:ds-v3", "/e2e?model=ds-v3"),
    ("gymbro-system", "prompt:1", "/prompts?id=1"),
    ("back up", "start:backup", ""),
    ("备份", "start:backup", ""),
    ("new prompt", "go:new-prompt", "/prompts?do=new"),
    ("新建提示词", "go:new-prompt", "/prompts?do=new"),
    ("dark", "look:dark", ""),
    ("深色", "look:dark", ""),
    ("cancel", "cancel:exe_102", ""),
    ("#7", "run-by-id", "/executions/7"),
    ("exe_0abc12", "run-by-id", "/executions/exe_0abc12"),
)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_everything_is_found_by_its_name_in_either_language(language: str) -> None:
    async with palette(language=language, running=True) as (_, finder):
        await finder.start()
        for text, name, path in FOUND:
            found = {entry.name: entry.path for entry in finder.find(text)}
            assert found.get(name) == path, (text, list(found))


async def test_runs_are_found_in_the_store_by_what_they_are_about() -> None:
    async with palette() as (_, finder):
        runs = await finder.find_runs("deepseek")
        assert runs
        assert all(run.path.startswith("/executions/exe_") for run in runs)
        assert await finder.find_runs("d") == []  # one letter would read the whole store


async def test_what_was_chosen_lately_comes_first_and_is_gone_with_its_thing() -> None:
    async with palette(language="en") as (_, finder):
        for name in ("settings:backup", "prompt:1", "prompt:999", "page:/e2e"):
            memory.note_used(name)
        first = await finder.start()
        assert named(first, "Recent") == ["E2E records", "gymbro-system", "Backup"]
        assert first[0].group == "Recent"
        assert named(first, "Pages")[0] == "Overview"


async def test_who_only_reads_is_offered_ways_and_views_but_no_act() -> None:
    async with palette(language="en", running=True) as (user, finder):
        assert user.client is not None
        settle_rights(user.client, may_change=False)
        offered = {entry.name.partition(":")[0] for entry in await finder.start()}
        assert offered == {"page", "go", "first", "keys", "language", "look", "letters"}
        assert [e.name for e in finder.find("sync")][:1] == ["page:/sync"]
        assert not [entry for entry in finder.find("new") if entry.name.startswith("go:new")]
        assert finder.choose("start:backup") is None


async def test_an_act_that_was_offered_is_done() -> None:
    async with palette(language="en") as (user, finder):
        await finder.start()
        finder.choose("first")
        await user.should_see("first steps")
        before = memory.are_keys_on()
        finder.choose("letters")
        assert memory.are_keys_on() is not before
