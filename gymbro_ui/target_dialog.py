"""Target dialog: add or edit a service under test, with a test of what was typed."""

from functools import partial
from typing import TYPE_CHECKING

from components.primitives.field import Field
from components.settings.target_form import TargetForm, Tested
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.connection import try_target
from services.targets.types import Target, TargetEdit

if TYPE_CHECKING:
    from services.console import Console


def edit_target(console: "Console", target: Target | None, *, selects: bool = False) -> None:
    """Open the form of the target, or of a new one; `selects` puts a stored one under test."""
    undo = None if target is None else partial(console.targets.save, _as_edit(target))

    async def save(edit: TargetEdit, fields: dict[str, Field]) -> bool:
        stored = await act(
            lambda: console.targets.save(edit),
            done=tr("{name} saved", name=edit.name),
            undo=undo,
            fields=fields,
        )
        if stored is not None and selects:
            await act(lambda: console.targets.select(stored.id))
        return stored is not None

    async def test(edit: TargetEdit, fields: dict[str, Field]) -> Tested | None:
        return await act(lambda: try_target(console, edit), fields=fields)

    TargetForm(target, save, test)


def _as_edit(target: Target) -> TargetEdit:
    """The stored values without keys: keys that were not touched stay as they are."""
    return TargetEdit(
        id=target.id,
        name=target.name,
        api_base=target.api_base,
        auth_url=target.auth_url,
        colour=target.colour,
        is_production=target.is_production,
        user_email=target.user_email,
    )
