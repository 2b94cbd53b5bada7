"""Import dialog: what a file would add, change, leave and skip, before it does."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from components.primitives.button import button
from components.primitives.json_upload import json_upload
from components.status.impacts import impact_list
from components.words import sentence, tr, trn
from services.mapping.types import Changed, Impact, ImportPlan, MappingEdit

SHOWN = 60
BYTES_MAX = 4_000_000
Read = Callable[[bytes], Awaitable[ImportPlan | None]]


class ImportDialog:
    """Choose a file, look at the plan, then store it in one transaction."""

    def __init__(
        self,
        read: Read,
        impact: Callable[[ImportPlan], Impact],
        store: Callable[[ImportPlan], Awaitable[bool]],
    ) -> None:
        """Open it; `read` tells itself why a file cannot be read."""
        self._read = read
        self._impact = impact
        self._store = store
        self._plan: ImportPlan | None = None
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog ma-wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Import mappings"))
            ui.label(
                tr("An export of this console, or the answer of /llm/model-groups as a JSON file.")
            ).classes("c-muted t-wrap")
            json_upload(self._arrived, BYTES_MAX).classes("ma-upload")
            self._shown = ui.element("div").classes("gb-col gap-12")
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Cancel"), self._dialog.close)
                self._submit = button(tr("Import"), self._save, kind="primary", acts=True)
        self._submit.set_enabled(False)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    async def _arrived(self, content: bytes) -> None:
        plan = await self._read(content)
        if plan is not None and not self._dialog.is_deleted:
            self._show(plan)

    def _show(self, plan: ImportPlan) -> None:
        self._plan = plan
        count = len(plan.edits)
        self._submit.set_enabled(count > 0)
        text = trn("Import {n} mapping", "Import {n} mappings", count)
        self._submit.set_text(text if count else tr("Import"))
        self._shown.clear()
        with self._shown:
            with ui.element("div").classes("gb-row gb-wrap"):
                for n, word in (
                    (len(plan.added), tr("{n} new", n=len(plan.added))),
                    (len(plan.changed), tr("{n} changed", n=len(plan.changed))),
                    (plan.same, tr("{n} as they are", n=plan.same)),
                    (len(plan.skipped), tr("{n} skipped", n=len(plan.skipped))),
                ):
                    badge = ui.label(word).classes("gb-badge gb-badge--line")
                    badge.set_visibility(n > 0)
            if not count and not plan.skipped:
                ui.label(tr("Everything in the file is stored already.")).classes("c-muted")
            self._rows(plan)
            if count:
                ui.label(tr("What this does")).classes("t-table t-strong")
                impact_list(self._impact(plan))

    def _rows(self, plan: ImportPlan) -> None:
        lines: list[tuple[str, str, str]] = [("+", "ok", _added_text(e)) for e in plan.added]
        lines += [("≠", "slow", _changed_text(one)) for one in plan.changed]
        lines += [("!", "failed", f"{s.name}: {sentence(s.reason)}") for s in plan.skipped]
        if not lines:
            return
        with ui.element("ul").classes("mo-list"):
            for sign, tone, text in lines[:SHOWN]:
                with ui.element("li"):
                    ui.label(sign).classes("mo-sign").props["data-tone"] = tone
                    ui.label(text).classes("t-mono")
            if len(lines) > SHOWN:
                with ui.element("li"):
                    ui.label(tr("and {n} more", n=len(lines) - SHOWN)).classes("c-faint")

    async def _save(self) -> None:
        if self._plan is not None and await self._store(self._plan):
            self._dialog.close()


def _added_text(edit: MappingEdit) -> str:
    return f"{edit.scope_type}:{edit.scope_key} → {edit.default_model}"


def _changed_text(one: Changed) -> str:
    before, edit = one.before, one.edit
    parts: list[str] = []
    if before.default_model != edit.default_model:
        parts.append(f"{before.default_model} → {edit.default_model}")
    if before.candidates != edit.candidates:
        parts.append(f"[{', '.join(before.candidates)}] → [{', '.join(edit.candidates)}]")
    if before.is_active != edit.is_active:
        parts.append(tr("on") if edit.is_active else tr("off"))
    if before.name != edit.name:
        parts.append(f"{before.name} → {edit.name}")
    if before.metadata != edit.metadata:
        parts.append(tr("further fields"))
    return f"{before.id}: {'; '.join(parts)}"
