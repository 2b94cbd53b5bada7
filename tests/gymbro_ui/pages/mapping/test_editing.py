"""The editor of a mapping while somebody else changes it too: simulated users over real services."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.mapping.editor import MappingEditor
from gymbro_ui.pages.mapping.page import MappingPage
from gymbro_ui.shell import shell
from services.foundation.actor import acting_as
from services.mapping.types import MappingEdit, Scope
from tests.support.builders import until
from tests.support.catalogue import Catalogue
from tests.support.preview import build


@asynccontextmanager
async def page(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[User, MappingPage]]:
    """The mapping page with the catalogue's own services behind it."""
    console = build()
    console.models, console.mapping = catalogue.models, catalogue.mapping
    console.trials = SimpleNamespace(changed=console.trials.changed, forecast=lambda _: 0)
    drawn: list[MappingPage] = []
    draw = MappingPage.draw

    def kept(self: MappingPage) -> None:
        drawn.append(self)
        draw(self)

    monkeypatch.setattr(MappingPage, "draw", kept)
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/mapping")
        await until(lambda: drawn)
        yield user, drawn[0]


def opened(user: User, shown: MappingPage) -> MappingEditor:
    with user, shown._table:
        shown._desk.edit("mapping:k")
    editor = shown._desk._open
    assert editor is not None
    return editor


async def somebody(catalogue: Catalogue, **values: Any) -> None:
    await catalogue.clock.advance(300)  # type: ignore[attr-defined]
    with acting_as("li@example.com"):
        fields: dict[str, Any] = {"default_model": "theirs", **values}
        edit = MappingEdit(Scope.MAPPING, "k", **fields)
        await catalogue.mapping.save(edit)


async def test_who_edits_is_told_that_somebody_changed_it_and_keeps_what_was_typed(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.map(Scope.MAPPING, "k", "a")
    async with page(catalogue, monkeypatch) as (user, shown):
        editor = opened(user, shown)
        with user:
            editor._fields["name"].control.value = "typed by me"
        await somebody(catalogue)
        await user.should_see("li@example.com 在", retries=30)
        await user.should_see("你输入的内容仍在这里")
        assert editor._fields["name"].control.value == "typed by me"
        with user, editor._dialog:
            await editor._save()  # on purpose, over theirs
        stored = catalogue.mapping.get("mapping:k")
        assert stored is not None
        assert (stored.name, stored.default_model) == ("typed by me", "a")
        assert not editor.is_open or not editor._dialog.value


async def test_a_save_that_did_not_know_of_theirs_stores_nothing(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.map(Scope.MAPPING, "k", "a")
    async with page(catalogue, monkeypatch) as (user, shown):
        editor = opened(user, shown)
        editor.is_saving = True  # as if the save were on its way when theirs came
        await somebody(catalogue)
        with user, editor._dialog:
            await editor._save()
        stored = catalogue.mapping.get("mapping:k")
        assert stored is not None
        assert stored.default_model == "theirs"
        await user.should_see("载入对方的版本", retries=30)
        user.find("载入对方的版本").click()
        await until(lambda: shown._desk._open is not editor)
        assert shown._desk._open is not None
        assert shown._desk._open._order.names == ("theirs",)


async def test_a_deleted_mapping_can_still_be_saved_from_the_open_editor(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.map(Scope.MAPPING, "k", "a")
    async with page(catalogue, monkeypatch) as (user, shown):
        editor = opened(user, shown)
        await catalogue.mapping.delete("mapping:k")
        await user.should_see("删除了 mapping:k", retries=30)
        assert not [b for b in user.find(ui.button).elements if b.text == "载入对方的版本"]
        with user, editor._dialog:
            await editor._save()
        assert catalogue.mapping.get("mapping:k") is not None
