"""The prompts page over the real services, met by a simulated user."""

import json
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.prompts.choice_list import ChoiceList
from components.prompts.diff_view import DiffView
from gymbro_ui.shell import shell
from services.console import Console, build_console
from services.prompts.types import PromptEdit, PromptType
from services.settings.types import Env, OutputProtocol
from tests.support.builders import until

THINKING = OutputProtocol.THINKINGML


@pytest.fixture
def console(env: Env) -> Iterator[Console]:
    made = build_console(env, one_shot=True)
    yield made
    made.close_now()


@pytest.fixture
async def user(console: Console) -> AsyncIterator[User]:
    async with user_simulation(partial(shell, console)) as user:
        yield user
    await console.tasks.stop(1.0)


def every(user: User, kind: type[Any], marker: str = "") -> list[Any]:
    with user:
        found = ElementFilter(kind=kind, marker=marker) if marker else ElementFilter(kind=kind)
        return list(found)


def words(user: User) -> list[str]:
    """Every label of the page."""
    return [label.text for label in every(user, ui.label)]


async def opened(user: User, path: str = "/prompts") -> None:
    await user.open(path)
    await until(lambda: every(user, ui.label, "shown-version"))


def shown(user: User) -> str:
    found = every(user, ui.label, "shown-version")
    return found[0].text if found else ""


def items(user: User, number: int) -> list[dict[str, Any]]:
    """The rows of the list (0) or the timeline (1)."""
    return every(user, ChoiceList)[number]._props["items"]


def choose(user: User, number: int, key: int) -> None:
    """Click a row as the browser would say it."""
    element = every(user, ChoiceList)[number]
    for listener in element._event_listeners.values():
        if listener.type == "choose":
            args = {"id": element.id, "listener_id": listener.id, "args": str(key)}
            element._handle_event(args)


def typed(user: User, number: int, text: str) -> None:
    """Type into the text (0) or the tools (1) of the editor."""
    with user:
        every(user, ui.textarea)[number].value = text


async def written(user: User, text: str, message: str = "why") -> None:
    """Edit the open prompt's text and save it, after the difference."""
    user.find(marker="edit-version").click()
    await until(lambda: every(user, ui.textarea))
    typed(user, 0, text)
    user.find(marker="review-draft").click()
    await until(lambda: every(user, ui.input, "version-message"))
    with user:
        every(user, ui.input, "version-message")[0].value = message
    user.find(marker="accept-review").click()


async def test_prompts_stand_by_type_with_the_live_one_marked(user: User) -> None:
    await opened(user)
    rows = items(user, 0)
    assert [row["title"] for row in rows] == [
        "gymbro-default-system-thinkingml-v45",
        "gymbro-default-tools-v1",
        "gymbro-default-system-jsonseq-v1",
        "gymbro-default-tools-jsonseq-v1",
    ]
    assert [row["group"] for row in rows][:2] == ["系统 · ThinkingML", "工具 · ThinkingML"]
    assert [row["groupNote"] for row in rows] == ["使用中", "使用中", "", ""]
    assert all(row["badges"] == [{"text": "生效中", "tone": "ok"}] for row in rows)
    assert shown(user) == "v1"
    assert every(user, ui.label, "live-badge")
    assert "控制台启动以来网关尚未使用" in words(user)


async def test_an_edit_is_seen_saved_made_live_and_rolled_back(
    user: User, console: Console
) -> None:
    prompts = console.prompts
    first = prompts.active(THINKING).system_text
    await opened(user)
    await written(user, "第二版。", "shorter")
    await until(lambda: shown(user) == "v2")
    assert prompts.active(THINKING).system_text == first  # saved is not live
    assert items(user, 1)[0]["title"] == "v2 · shorter"
    assert items(user, 1)[0]["badges"] == [{"text": "草稿", "tone": ""}]
    user.find(marker="activate-version").click()
    await until(lambda: every(user, DiffView))
    assert "应用将在下一次调用时使用它。 尚未试用。" in words(user)
    user.find(marker="accept-review").click()
    await until(lambda: prompts.active(THINKING).system_text == "第二版。")
    await until(lambda: every(user, ui.label, "live-badge"))

    choose(user, 1, 1)
    await until(lambda: shown(user) == "v1")
    user.find(marker="roll-back").click()
    await until(lambda: every(user, ui.input, "version-message"))
    user.find(marker="accept-review").click()  # once without a word: it asks
    await until(lambda: "写几个字方便以后查看；再点一次可不写直接继续。" in words(user))
    assert prompts.get(1).newest_no == 2  # type: ignore[union-attr]
    user.find(marker="accept-review").click()
    await until(lambda: shown(user) == "v3")
    assert prompts.active(THINKING).system_text == first
    assert "恢复自 v1" in words(user)


async def test_tools_that_are_no_json_are_told_at_their_field_and_not_saved(
    user: User, console: Console
) -> None:
    await opened(user, "/prompts?id=2")
    user.find(marker="edit-version").click()
    await until(lambda: len(every(user, ui.textarea)) == 2)
    typed(user, 1, '[{"name": ')
    await until(lambda: any("不是有效的 JSON：第 1 行" in text for text in words(user)))
    user.find(marker="review-draft").click()
    await until(lambda: not every(user, ui.input, "version-message"))
    tool = {"type": "function", "function": {"name": "only"}}
    typed(user, 1, json.dumps([tool]))
    await until(lambda: "1 个工具" in words(user))
    user.find(marker="review-draft").click()
    await until(lambda: every(user, DiffView))
    assert any(text.startswith("工具：新增 only · 删除 ") for text in words(user))
    user.find(marker="accept-review").click()
    user.find(marker="accept-review").click()
    await until(lambda: console.prompts.get(2).newest_no == 2)  # type: ignore[union-attr]
    assert (await console.prompts.version(2, 2)).tools_json == [tool]


async def test_a_version_that_came_in_between_is_shown_and_mine_goes_on_top(
    user: User, console: Console
) -> None:
    await opened(user)
    user.find(marker="edit-version").click()
    await until(lambda: every(user, ui.textarea))
    typed(user, 0, "mine")
    await console.prompts.save(PromptEdit(id=1, content="theirs", edited_by="bob"))
    await until(lambda: "期间已保存了 v2。" in words(user))
    user.find(marker="review-draft").click()
    await until(lambda: every(user, ui.input, "version-message"))
    with user:
        every(user, ui.input, "version-message")[0].value = "m"
    user.find(marker="accept-review").click()
    await until(lambda: every(user, ui.button, "save-mine"))
    assert any("v2 由 bob 保存" in text for text in words(user))
    assert len(await console.prompts.versions(1)) == 2
    user.find(marker="save-mine").click()
    await until(lambda: console.prompts.get(1).newest_no == 3)  # type: ignore[union-attr]
    newest = await console.prompts.version(1, 3)
    assert (newest.content, newest.parent_no, newest.created_by) == ("mine", 2, "operator")


async def test_what_was_typed_waits_for_the_operator(user: User, console: Console) -> None:
    await opened(user)
    user.find(marker="edit-version").click()
    await until(lambda: every(user, ui.textarea))
    typed(user, 0, "half a thought")
    choose(user, 0, 2)
    await until(lambda: shown(user) == "v1" and not every(user, ui.textarea))
    choose(user, 0, 1)
    await until(lambda: "gymbro-default-system-thinkingml-v45" in words(user))
    user.find(marker="edit-version").click()
    await until(lambda: every(user, ui.textarea))
    assert every(user, ui.textarea)[0].value == "half a thought"
    user.find(marker="discard-draft").click()
    await until(lambda: "放弃你的更改？" in words(user))
    user.find("放弃更改").click()
    await until(lambda: every(user, ui.label, "shown-version") or True)
    assert console.prompts.get(1).newest_no == 1  # type: ignore[union-attr]


async def test_search_finds_messages_and_texts_and_says_where(user: User, console: Console) -> None:
    await console.prompts.save(PromptEdit(id=3, content="needle 针", message="warmer"))
    await console.prompts.save(PromptEdit(id=3, content="gone"))
    await opened(user)
    for words_typed in ("针", "WARMER"):
        with user:
            every(user, ui.input, "search-prompts")[0].value = words_typed
        await until(lambda: [row["sub"] for row in items(user, 0)] == ["见于 v2"])
    with user:
        every(user, ui.input, "search-prompts")[0].value = ""
    await until(lambda: len(items(user, 0)) == 4)


async def test_any_two_versions_can_be_compared(user: User, console: Console) -> None:
    for text in ("one two", "one three"):
        await console.prompts.save(PromptEdit(id=1, content=text))
    await opened(user, "/prompts?id=1&v=3")
    with user:
        every(user, ui.element, "version-views")[0]._chosen(type("E", (), {"args": "changes"}))
    await until(lambda: every(user, DiffView))
    with user:
        every(user, ui.select, "compare-with")[0].value = 2

    def parts() -> list[tuple[str, str]]:
        views = every(user, DiffView)
        return [(p["kind"], p["text"]) for p in views[0]._props["parts"]] if views else []

    await until(lambda: parts() == [("same", "one "), ("removed", "two"), ("added", "three")])


async def test_a_folder_is_shown_before_it_is_imported(
    user: User, console: Console, tmp_path: Path
) -> None:
    (tmp_path / "coach.md").write_text("Be kind.")
    (tmp_path / "bad.json").write_text("{")
    await opened(user)
    user.find(marker="import-prompts").click()
    await until(lambda: every(user, ui.input, "import-folder"))
    with user:
        every(user, ui.input, "import-folder")[0].value = "nowhere"
    user.find(marker="import-read").click()
    await until(lambda: "不是本机上的文件夹" in words(user))
    with user:
        every(user, ui.input, "import-folder")[0].value = str(tmp_path)
    user.find(marker="import-read").click()
    await until(lambda: "不是有效的 JSON" in words(user))
    assert len(console.prompts.all()) == 4
    user.find(marker="import-store").click()
    await until(lambda: len(console.prompts.all()) == 5)
    made = console.prompts.all()[-1]
    assert (made.name, made.is_active) == ("coach", False)
    await until(lambda: any(row["title"] == "coach" for row in items(user, 0)))


async def test_a_new_prompt_begins_with_the_live_text_and_is_not_live(
    user: User, console: Console
) -> None:
    await opened(user)
    user.find(marker="new-prompt").click()
    await until(lambda: every(user, ui.input, "new-name"))
    with user:
        every(user, ui.input, "new-name")[0].value = "gymbro-default-tools-v1"
    user.find(marker="begin-prompt").click()
    await until(lambda: "这个名称已被使用" in words(user))
    with user:
        every(user, ui.input, "new-name")[0].value = "mine"
    user.find(marker="begin-prompt").click()
    await until(lambda: every(user, ui.textarea))
    assert every(user, ui.textarea)[0].value == console.prompts.active(THINKING).system_text
    typed(user, 0, "all mine")
    user.find(marker="review-draft").click()
    await until(lambda: every(user, ui.input, "version-message"))
    user.find(marker="accept-review").click()
    user.find(marker="accept-review").click()
    await until(lambda: len(console.prompts.all()) == 5)
    made = console.prompts.all()[-1]
    assert (made.name, made.content, made.is_active) == ("mine", "all mine", False)
    assert made.prompt_type is PromptType.SYSTEM


async def test_hostile_names_texts_and_messages_stay_text(user: User, console: Console) -> None:
    bad = "<img src=x onerror=alert(1)>{{7*7}}"
    made = await console.prompts.save(
        PromptEdit(name=bad, prompt_type=PromptType.AGENT_SYSTEM, content=bad, message=bad)
    )
    await opened(user, f"/prompts?id={made.id}")
    assert bad in words(user)
    assert not every(user, ui.html)
    assert not every(user, ui.markdown)


@pytest.mark.parametrize("query", ["?id=99", "?id=x&v=-1", "?id=1&v=77", "?id=1&v=99999999999"])
async def test_an_odd_address_shows_something_sensible(user: User, query: str) -> None:
    await opened(user, f"/prompts{query}")
    assert shown(user) == "v1"
