"""Mapping editor: one key or restriction with its models in order, in a dialog."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.mapping.order_list import OrderItem, OrderList
from components.mapping.rows import KEY_SCOPES, scope_word
from components.mapping.trial_panel import TrialCalls, TrialPanel, submit_text
from components.primitives.button import button, icon
from components.primitives.field import Field, choice_field, empty_choice, text_field
from components.status.impacts import flaw_word, impact_list
from components.words import tr, trn
from services.mapping.types import Flaw, Impact, MappingEdit, ModelMapping, Scope, TrialView

_KEPT = ("required_tier", "preferred_endpoint_id")  # metadata the form has fields for


@dataclass(frozen=True, slots=True)
class EditorCalls:
    """What the page does; refusals are told at the fields."""

    flaw_of: Callable[[str], Flaw | None]
    impact: Callable[[MappingEdit], Impact | None]
    trials: TrialCalls
    save: Callable[[MappingEdit, dict[str, Field]], Awaitable[bool]]
    load_theirs: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen from."""

    models: Sequence[str]
    endpoints: Mapping[int, str]
    prompts: Mapping[str, str]


class MappingEditor:
    """One dialog; scope and key are fixed once they are stored."""

    def __init__(self, mapping: ModelMapping | None, choices: Choices, calls: EditorCalls) -> None:
        """Open it for the mapping, or for a new one."""
        self._old = mapping
        self._choices = choices
        self._calls = calls
        self._fields: dict[str, Field] = {}
        self.is_saving = False  # a change heard now is one's own
        with (
            ui.dialog().props("persistent") as self._dialog,
            ui.card().classes("gb-dialog ma-wide"),
        ):
            self._draw()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()
        self._changed()

    def hear(self, views: Sequence[TrialView]) -> None:
        """Show how far the trial is."""
        self._trial.hear(views)

    def warn(self, text: str, *, can_load: bool) -> None:
        """Say that somebody else changed it; what was typed stays, and saving writes over theirs."""
        self._theirs.clear()
        with self._theirs:
            icon("group")
            with ui.element("div").classes("gb-col gap-4"):
                ui.label(text)
                if can_load:
                    button(tr("Load theirs"), self._load_theirs, icon="sync").props("type=button")
        self._theirs.classes(remove="gb-hide")
        self._submit.set_text(tr("Save mine over it"))

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return not self._dialog.is_deleted

    # -- drawing

    def _draw(self) -> None:
        old = self._old
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Add a mapping") if old is None else tr("Edit {name}", name=old.id))
        with ui.element("form").classes("gb-form").on("submit.prevent", self._save):
            self._draw_place(old)
            self._draw_models(old)
            self._draw_more(old)
            self._impact = ui.element("div").classes("gb-form__wide")
            self._theirs = ui.element("div").classes("ma-theirs gb-form__wide gb-hide")
            self._theirs.props("role=alert data-tone=slow")
            with ui.element("div").classes("gb-form__wide"):
                self._trial = TrialPanel(self._calls.trials.stop, self._judged)
            with ui.element("div").classes("gb-form__acts gb-form__wide"):
                button(tr("Cancel"), self._dialog.close).props("type=button")
                self._try = button("", self._try_out, icon="rule").props("type=button")
                self._submit = button(tr("Save"), None, kind="primary", acts=True).props(
                    "type=submit"
                )

    def _draw_place(self, old: ModelMapping | None) -> None:
        scopes = {str(scope): scope_word(scope) for scope in reversed(Scope)}
        scope = str(old.scope_type if old else Scope.MAPPING)
        self._fields["scope_type"] = choice_field(tr("Scope"), scopes, scope)
        self._fields["scope_type"].control.on_value_change(self._scope_changed)
        self._fields["scope_key"] = text_field(tr("Key"), old.scope_key if old else "")
        self._fields["scope_key"].control.on_value_change(self._changed)
        for name in ("scope_type", "scope_key"):
            self._fields[name].control.set_enabled(old is None)
        name = old.name if old and old.name != old.scope_key else ""
        self._fields["name"] = text_field(tr("Name"), name, hint=tr("For people; may be empty"))
        self._scope_changed()

    def _draw_models(self, old: ModelMapping | None) -> None:
        field = Field(
            tr("Models"), tr("The first one is the default; the others are tried after it")
        )
        self._order = OrderList(self._item, self._changed)
        field.hold(self._order)
        self._fields["default_model"] = field.classes("gb-form__wide")
        with Field(tr("Add a model")).classes("gb-form__wide") as adding:
            self._add = ui.select(
                list(self._choices.models),
                with_input=True,
                new_value_mode="add",
                on_change=self._added,
            ).props("virtual-scroll-slice-size=30")
            adding.hold(self._add)
        self._fields["candidates"] = adding
        if old is not None:
            self._order.show((old.default_model, *old.candidates))

    def _draw_more(self, old: ModelMapping | None) -> None:
        metadata: Mapping[str, Any] = old.metadata if old else {}
        endpoints = {"": tr("Any"), **{str(i): name for i, name in self._choices.endpoints.items()}}
        preferred = str(metadata.get("preferred_endpoint_id") or "")
        if preferred not in endpoints:
            endpoints[preferred] = tr("{n}, not there any more", n=preferred)
        self._preferred = choice_field(tr("Preferred endpoint"), endpoints, preferred)
        tier = metadata.get("required_tier")
        self._tier = text_field(
            tr("Required tier"),
            tier if isinstance(tier, str) else "",
            hint=tr("Told to the apps; routes nothing"),
        )
        self._active = ui.switch(
            tr("On"), value=old.is_active if old else True, on_change=self._changed
        )

    def _item(self, name: str) -> OrderItem:
        flaw = self._calls.flaw_of(name)
        return OrderItem(name) if flaw is None else OrderItem(name, flaw_word(flaw), "slow")

    # -- reading

    def _edit(self) -> MappingEdit:
        names = self._order.names
        old = self._old
        present = () if old is None else tuple(dict.fromkeys((old.default_model, *old.candidates)))
        stored: Mapping[str, Any] = old.metadata if old else {}
        metadata = {k: v for k, v in stored.items() if k not in _KEPT}
        if preferred := str(self._preferred.control.value or ""):
            metadata["preferred_endpoint_id"] = int(preferred)
        if tier := str(self._tier.control.value or "").strip():
            metadata["required_tier"] = tier
        return MappingEdit(
            scope_type=Scope(str(self._fields["scope_type"].control.value)),
            scope_key=str(self._fields["scope_key"].control.value or ""),
            name=str(self._fields["name"].control.value or ""),
            default_model=names[0] if names else "",
            candidates=old.candidates if old is not None and names == present else names,
            is_active=bool(self._active.value),
            metadata=metadata,
        )

    # -- what happens

    def _scope_changed(self, _event: object = None) -> None:
        scope = Scope(str(self._fields["scope_type"].control.value))
        hints = {
            Scope.USER: tr("The user's id (sub of the token)"),
            Scope.PREMIUM_USER: tr("A user's id, or * for every premium user"),
            Scope.PROMPT: tr("The prompt's number, as in its address"),
            Scope.MODULE: tr("What the app sends as metadata.module"),
            Scope.MAPPING: tr("What the apps send as model"),
            Scope.GLOBAL: tr("What the apps send as model, after every mapping of that key"),
        }
        self._fields["scope_key"].note(hints[scope])
        if scope not in KEY_SCOPES:
            text = tr("Restricts what the keys of such a request may get")
            self._fields["scope_type"].note(text)
        else:
            self._fields["scope_type"].note(tr("Routes a key"))

    def _added(self, event: Any) -> None:
        name = str(event.value or "").strip()
        if name:
            self._order.add(name)
            empty_choice(self._add)

    def _judged(self, view: TrialView | None) -> None:
        self._submit.set_text(submit_text(view, tr("Save")))

    def _changed(self, _event: object = None) -> None:
        self._trial.put_away()
        if not self._order.names or not self._fields["scope_key"].control.value:
            self._try.set_enabled(False)
            self._try.set_text(tr("Check first"))
            self._impact.clear()
            return
        edit = self._edit()
        count = self._calls.trials.forecast([edit])
        text = trn("Check first · {n} conversation", "Check first · {n} conversations", count)
        self._try.set_text(text if count else tr("Check first"))
        self._try.set_enabled(count > 0)
        impact = self._calls.impact(edit)
        self._impact.clear()
        if impact is not None and not impact.is_empty:
            with self._impact:
                impact_list(impact)

    async def _try_out(self) -> None:
        edit = self._edit()
        self._try.props("loading")
        view = await self._calls.trials.try_out([edit])
        self._try.props(remove="loading")
        if view is not None:
            self._trial.begin(view)

    def _load_theirs(self) -> None:
        self._dialog.close()
        self._calls.load_theirs()

    async def _save(self) -> None:
        self._submit.props("loading")
        self.is_saving = True
        try:
            is_stored = await self._calls.save(self._edit(), self._fields)
        finally:
            self.is_saving = False
            self._submit.props(remove="loading")
        if is_stored:
            self._dialog.close()
