"""Desk of the mapping page: what each button does, with what it breaks said before it does."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from components.audit.words import actor_word
from components.mapping.editor import Choices, EditorCalls, MappingEditor
from components.mapping.trial_panel import TrialCalls
from components.primitives.field import Field
from components.primitives.formats import clock_text
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.pages.mapping.several import Several
from services.foundation.errors import InputError
from services.mapping.types import (
    Flaw,
    Impact,
    MappingEdit,
    ModelMapping,
    TrialView,
)

if TYPE_CHECKING:
    from services.console import Console


class Desk:
    """The acts of one page; every change of several mappings is one transaction."""

    def __init__(self, console: "Console") -> None:
        """Keep the console."""
        self._console = console
        self._open: MappingEditor | None = None
        self._seen: ModelMapping | None = None  # what the open editor began from, or warned of
        self.several = Several(console, self._trial_calls())

    # -- what the page asks

    def prompts(self) -> Mapping[str, str]:
        """Return the system prompts by number, as text."""
        found = [prompt for prompt in self._console.prompts.all() if _is_system(prompt.prompt_type)]
        return {str(prompt.id): prompt.name for prompt in found}

    def active_prompt(self) -> str:
        """Return the number of the active system prompt, or an empty text."""
        console = self._console
        active = console.prompts.active(console.settings.app.app_output_protocol)
        return str(active.system_id) if active.system_id else ""

    def hear_trials(self, views: list[TrialView]) -> None:
        """Tell the open dialog how far its trial is."""
        if self._open is not None and self._open.is_open:
            self._open.hear(views)
        self.several.hear_trials(views)

    # -- one mapping

    def edit(self, mapping_id: str | None) -> None:
        """Open the editor."""
        mapping = None if mapping_id is None else self._console.mapping.get(mapping_id)
        if mapping_id is not None and mapping is None:
            return
        choices = Choices(
            models=self._console.mapping.offered,
            endpoints={e.id: e.name for e in self._console.models.endpoints},
            prompts=self.prompts(),
        )

        self._seen = mapping

        async def save(edit: MappingEdit, fields: dict[str, Field]) -> bool:
            return await self._save_one(mapping, edit, fields)

        calls = EditorCalls(
            flaw_of=self._flaw_of,
            impact=lambda edit: self._impact_or_none([edit]),
            trials=self._trial_calls(),
            save=save,
            load_theirs=lambda: self.edit(mapping_id),
        )
        self._open = MappingEditor(mapping, choices, calls)

    async def _save_one(
        self, before: ModelMapping | None, edit: MappingEdit, fields: dict[str, Field]
    ) -> bool:
        mapping = self._console.mapping
        if before is None and (there := mapping.get(f"{edit.scope_type}:{edit.scope_key.strip()}")):
            fields["scope_key"].refuse(tr("There is a mapping {id} already", id=there.id))
            return False

        there = None if before is None else mapping.get(before.id)  # theirs, when mine goes over it

        async def undo() -> object:
            if there is None:
                return await mapping.delete(f"{edit.scope_type}:{edit.scope_key.strip()}")
            return await mapping.save(there.as_edit())

        seen = self._seen.updated_at if self._seen is not None else None
        stored = await act(
            lambda: mapping.save(edit, seen_at=seen),
            done=tr("{name} saved", name=f"{edit.scope_type}:{edit.scope_key.strip()}"),
            undo=undo,
            fields=fields,
        )
        if stored is None and self._open is not None:
            await self._compare(self._open)
        return stored is not None

    @property
    def is_editing(self) -> bool:
        """Whether the editor is open."""
        return self._open is not None and self._open.is_open

    async def hear_changes(self) -> None:
        """Tell the open editor when somebody else changed or deleted its mapping."""
        if self._open is not None and not self._open.is_saving:
            await self._compare(self._open)

    async def _compare(self, editor: MappingEditor) -> None:
        seen = self._seen
        if seen is None or not editor.is_open:
            return
        now = self._console.mapping.get(seen.id)
        if now is not None and now.updated_at == seen.updated_at:
            return
        who, at = await self._console.mapping.last_change(seen.id)
        if self._open is not editor or not editor.is_open:
            return
        self._seen = now
        zone = self._console.settings.preferences.e2e_timezone
        params = {
            "id": seen.id,
            "who": actor_word(who) or tr("somebody"),
            "at": clock_text(at, zone),
        }
        text = tr("{who} deleted {id} at {at}. What you typed is still here.", **params)
        if now is not None:
            text = tr("{who} changed {id} at {at}. What you typed is still here.", **params)
        editor.warn(text, can_load=now is not None)

    def _flaw_of(self, model: str) -> Flaw | None:
        return self._console.mapping.flaw_of(model)

    # -- trials

    def _trial_calls(self) -> TrialCalls:
        return TrialCalls(self._forecast, self._try_out, self._stop_trial)

    def _forecast(self, edits: Sequence[MappingEdit]) -> int:
        try:
            return self._console.trials.forecast(edits)
        except InputError:  # half typed: the field says so when it is saved
            return 0

    async def _try_out(self, edits: Sequence[MappingEdit]) -> TrialView | None:
        return await act(lambda: self._console.trials.start(edits))

    async def _stop_trial(self, execution_id: str) -> None:
        await act(lambda: self._console.executions.cancel(execution_id))

    def _impact_or_none(self, edits: Sequence[MappingEdit]) -> Impact | None:
        try:
            return self._console.mapping.impact(edits=edits)
        except InputError:
            return None


def _is_system(prompt_type: object) -> bool:
    return str(prompt_type).startswith("system")
