"""Several mappings at once: bulk edit, repair, blocked models, import and export."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nicegui import ui

from components.mapping.blocked import BlockedDialog
from components.mapping.bulk import ReplaceCalls, ReplaceDialog
from components.mapping.repair import RepairDialog
from components.mapping.transfer_dialog import ImportDialog
from components.mapping.trial_panel import TrialCalls
from components.primitives.confirm import confirm
from components.primitives.field import Field
from components.status.impacts import impact_text, names_text
from components.words import tr, trn
from gymbro_ui.actions import act
from services.foundation.errors import InputError
from services.mapping.types import (
    Impact,
    ImportPlan,
    MappingEdit,
    ModelMapping,
    Problem,
    TrialView,
)

if TYPE_CHECKING:
    from services.console import Console


class Several:
    """Every change is one transaction, says what it breaks before, and can be undone."""

    def __init__(self, console: "Console", trials: TrialCalls) -> None:
        """Keep the console."""
        self._console = console
        self._trials = trials
        self._open: ReplaceDialog | None = None
        self._blocked: BlockedDialog | None = None

    def hear_trials(self, views: Sequence[TrialView]) -> None:
        """Tell the open dialog how far its trial is."""
        if self._open is not None and self._open.is_open:
            self._open.hear(views)

    def refresh(self) -> None:
        """Show what changed in the dialog of blocked models."""
        if self._blocked is not None and self._blocked.is_open:
            self._blocked.show(sorted(self._console.models.blocked))

    # -- several mappings

    async def switch_many(self, ids: Sequence[str], *, is_on: bool) -> None:
        """Switch mappings on or off, the keys that lose their model named first."""
        chosen = [m for m in self._known(ids) if m.is_active != is_on]
        if not chosen:
            return
        edits = [mapping.as_edit(is_active=is_on) for mapping in chosen]
        impact = self._console.mapping.impact(edits=edits)
        question = trn("Switch {n} mapping off?", "Switch {n} mappings off?", len(chosen))
        if not is_on and impact.lost and not await _ask(question, impact, tr("Switch off")):
            return
        text = trn("{n} mapping is on", "{n} mappings are on", len(chosen))
        if not is_on:
            text = trn("{n} mapping is off", "{n} mappings are off", len(chosen))
        await self._store(edits, chosen, text, {})

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete mappings after what depends on them was named."""
        chosen = self._known(ids)
        if not chosen:
            return
        mapping = self._console.mapping
        names = [one.id for one in chosen]
        text = f"{names_text(names)}\n{impact_text(mapping.impact(deleted=names))}"
        question = trn("Delete {n} mapping?", "Delete {n} mappings?", len(chosen))
        if await confirm(question, text, accept=tr("Delete"), danger=True):
            await act(
                lambda: mapping.delete_many(names),
                done=trn("{n} mapping deleted", "{n} mappings deleted", len(chosen)),
                undo=lambda: mapping.save_many([one.as_edit() for one in chosen]),
            )

    def replace(self, ids: Sequence[str]) -> None:
        """Open the dialog that puts one model in another's place."""
        chosen = self._known(ids)
        used = sorted({n for m in chosen for n in (m.default_model, *m.candidates) if n})
        mapping = self._console.mapping

        def edits(old: str, new: str) -> Sequence[MappingEdit] | None:
            try:
                return mapping.replacing(ids, old, new)
            except InputError:
                return None

        async def save(wanted: Sequence[MappingEdit], fields: dict[str, Field]) -> bool:
            text = trn("{n} mapping changed", "{n} mappings changed", len(wanted))
            return await self._store(wanted, chosen, text, fields)

        calls = ReplaceCalls(
            edits=edits,
            impact=lambda wanted: mapping.impact(edits=wanted),
            trials=self._trials,
            save=save,
        )
        self._open = ReplaceDialog(len(chosen), used, mapping.offered, calls)

    # -- repair

    def repair_all(self) -> None:
        """Open the repair of every reference that leads nowhere."""
        self._open_repair(self._console.mapping.problems())

    def repair(self, mapping_id: str) -> None:
        """Open the repair of one mapping."""
        problems = self._console.mapping.problems()
        self._open_repair([one for one in problems if one.mapping_id == mapping_id])

    def _open_repair(self, problems: Sequence[Problem]) -> None:
        mapping = self._console.mapping

        async def do(ids: Sequence[str], old: str, new: str) -> bool:
            before = self._known(ids)

            async def change() -> int:
                return await mapping.save_many(mapping.replacing(ids, old, new))

            text = tr("{old} is {new} now", old=old, new=new)
            if not new:
                text = tr("{old} is left out now", old=old)
            done = await act(
                change,
                done=text,
                undo=lambda: mapping.save_many([one.as_edit() for one in before]),
            )
            return done is not None

        RepairDialog(problems, mapping.offered, do)

    # -- blocked models

    def show_blocked(self) -> None:
        """Open the list of blocked models."""
        self._blocked = BlockedDialog(self._console.mapping.offered, self._block)
        self.refresh()

    async def _block(self, model: str, is_blocked: bool) -> None:  # noqa: FBT001  # a callback of two values
        models = self._console.models
        before = models.blocked
        wanted = before | {model} if is_blocked else before - {model}
        impact = self._console.mapping.impact(blocked=wanted)
        question = tr("Block {model}?", model=model)
        if is_blocked and impact.lost and not await _ask(question, impact, tr("Block")):
            return
        await act(lambda: models.set_blocked(wanted), undo=lambda: models.set_blocked(before))

    # -- files

    def export_file(self) -> None:
        """Hand the file to the browser."""
        stamp = self._console.clock.now().strftime("%Y%m%d-%H%M%S")
        ui.download.content(
            self._console.mapping.export_text(), f"mappings-{stamp}.json", "application/json"
        )

    def import_file(self) -> None:
        """Open the import."""
        mapping = self._console.mapping

        async def plan(content: bytes) -> ImportPlan:
            return mapping.plan_import(content)

        async def store(planned: ImportPlan) -> bool:
            count = len(planned.edits)
            before = [one.before for one in planned.changed]
            added = [f"{edit.scope_type}:{edit.scope_key}" for edit in planned.added]

            async def undo() -> None:
                await mapping.delete_many(added)
                await mapping.save_many([one.as_edit() for one in before])

            stored = await act(
                lambda: mapping.save_many(planned.edits, source="import"),
                done=trn("{n} mapping imported", "{n} mappings imported", count),
                undo=undo,
            )
            return stored is not None

        ImportDialog(
            lambda content: act(lambda: plan(content)),
            lambda planned: mapping.impact(edits=planned.edits),
            store,
        )

    # -- shared

    def _known(self, ids: Sequence[str]) -> list[ModelMapping]:
        found = (self._console.mapping.get(mapping_id) for mapping_id in ids)
        return [mapping for mapping in found if mapping is not None]

    async def _store(
        self,
        edits: Sequence[MappingEdit],
        before: Sequence[ModelMapping],
        done: str,
        fields: dict[str, Field],
    ) -> bool:
        mapping = self._console.mapping
        stored = await act(
            lambda: mapping.save_many(edits),
            done=done,
            undo=lambda: mapping.save_many([one.as_edit() for one in before]),
            fields=fields,
        )
        return stored is not None


async def _ask(question: str, impact: Impact, accept: str) -> bool:
    return await confirm(question, impact_text(impact), accept=accept, danger=True)
