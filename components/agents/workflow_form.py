"""Workflow form: the editor of a workflow: steps added, set, moved and removed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from nicegui import ui

from components.agents.drafts import Draft, from_step, moved, new_draft, to_step, without
from components.agents.names import workflow_name, workflow_note
from components.agents.step_card import CardActs, StepCard
from components.agents.step_fields import StepChoices
from components.primitives.button import button
from components.primitives.button import icon as draw_icon
from components.primitives.empty import empty
from components.primitives.field import Field, text_field
from components.words import tr
from services.workflows.types import STEPS_MAX, StepKind, Workflow, WorkflowEdit

Save = Callable[[WorkflowEdit, dict[str, Field]], Awaitable[bool]]


class WorkflowForm:
    """One dialog for a new or a stored workflow."""

    def __init__(
        self,
        workflow: Workflow | None,
        kinds: Mapping[str, StepKind],
        choices: StepChoices,
        save: Save,
    ) -> None:
        """Open it; `save` returns whether the workflow was stored."""
        self._workflow = workflow
        self._kinds = kinds
        self._choices = choices
        self._store = save
        steps = workflow.steps if workflow else ()
        self.drafts = [from_step(step, kinds.get(step.kind)) for step in steps]
        self._head: dict[str, Field] = {}
        self._dragged: int | None = None
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog ga-editor"):
            self._draw()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _draw(self) -> None:
        old = self._workflow
        with ui.element("h2").classes("t-section ga-editor__head"):
            ui.label(
                tr("New workflow") if old is None else tr("Edit {name}", name=workflow_name(old))
            )
        with ui.element("div").classes("ga-editor__body"):
            with ui.element("div").classes("gb-form"):
                name, note = (workflow_name(old), workflow_note(old)) if old else ("", "")
                self._head["name"] = text_field(tr("Name"), name)
                self._head["description"] = text_field(tr("Note"), note)
            self._whole = Field(tr("Steps, one after the other"))
            with self._whole:
                self._cards = ui.element("div").classes("ga-cards")
        with ui.element("div").classes("ga-editor__foot"):
            self._add_menu()
            ui.element("div").classes("gb-grow")
            button(tr("Cancel"), self._dialog.close)
            self._submit = button(tr("Save"), self.save, kind="primary", acts=True).mark(
                "save-workflow"
            )
        self._show()

    def _add_menu(self) -> None:
        with button(tr("Add a step"), icon="add").mark("add-step") as self._add, ui.menu():
            for kind in self._kinds.values():
                with (
                    ui.menu_item(on_click=partial(self.add, kind.name)),
                    ui.element("div").classes("gb-row"),
                ):
                    draw_icon(kind.icon)
                    ui.label(tr(kind.label))

    # -- the steps

    @property
    def fields(self) -> dict[str, Field]:
        """Every field under the name its refusal carries."""
        found = {**self._head, "steps": self._whole}
        for card in self._step_cards:
            found |= card.fields
        return found

    def _show(self, focus: int | None = None) -> None:
        """Draw the cards anew, the focus on the one that was moved."""
        self._cards.clear()
        self._whole.refuse("")
        self._step_cards: list[StepCard] = []
        acts = CardActs(self.move, self.remove, self._grab, self._drop)
        with self._cards:
            if not self.drafts:
                empty(tr("No step yet"), tr("Add the first one below."), symbol="account_tree")
            for at, draft in enumerate(self.drafts):
                choices = replace(self._choices, earlier=self._labels()[:at])
                place = (at, len(self.drafts))
                kind = self._kinds.get(draft.kind)
                self._step_cards.append(StepCard(draft, kind, place, choices, acts))
        self._add.set_enabled(len(self.drafts) < STEPS_MAX)
        if focus is not None:
            self._step_cards[focus].run_method("focus")

    def _labels(self) -> Sequence[str]:
        return [draft.name or self._label(draft) for draft in self.drafts]

    def _label(self, draft: Draft) -> str:
        kind = self._kinds.get(draft.kind)
        return draft.kind if kind is None else tr(kind.label)

    def add(self, kind: str) -> None:
        """Put a new step at the end."""
        self.drafts.append(new_draft(self._kinds[kind]))
        self._show()
        self._step_cards[-1].run_method("scrollIntoView", {"block": "nearest"})

    def move(self, start: int, end: int) -> None:
        """Put a step at another place; placeholders go on naming the same steps."""
        if not 0 <= end < len(self.drafts) or start == end:
            return
        self.drafts = moved(self.drafts, start, end)
        self._show(end)

    def remove(self, at: int) -> None:
        """Take a step out."""
        self.drafts = without(self.drafts, at)
        self._show()

    def _grab(self, at: int) -> None:
        self._dragged = at

    def _drop(self, at: int) -> None:
        start, self._dragged = self._dragged, None
        if start is not None:
            self.move(start, at)

    # -- saving

    def edit(self) -> WorkflowEdit:
        """Return what the form holds now."""
        return WorkflowEdit(
            id=self._workflow.id if self._workflow else None,
            name=str(self._head["name"].control.value or ""),
            description=str(self._head["description"].control.value or ""),
            steps=tuple(to_step(draft, self._kinds.get(draft.kind)) for draft in self.drafts),
        )

    async def save(self) -> None:
        """Store what the form holds; close it when it was taken."""
        self._submit.props("loading")
        is_stored = await self._store(self.edit(), self.fields)
        self._submit.props(remove="loading")
        if is_stored:
            self._dialog.close()
