"""Agent form: everything that makes an agent, in a dialog."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, choice_field, number_field, text_field
from components.words import tr
from services.agents.types import Agent, AgentEdit

ACTIVE = "active"
NEWEST = "newest"
Save = Callable[[AgentEdit, dict[str, Field]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class AgentChoices:
    """What can be chosen."""

    models: Sequence[str]  # keys mapped now
    prompts: Mapping[int, str]  # number to name
    versions: Callable[[int], Awaitable[Sequence[int]]]  # of a prompt, newest first


class AgentForm:
    """One dialog for a new or a stored agent."""

    def __init__(self, agent: Agent | None, choices: AgentChoices, save: Save) -> None:
        """Open it; `save` returns whether the agent was stored."""
        self._agent = agent
        self._choices = choices
        self._store = save
        self.fields: dict[str, Field] = {}
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            self._draw()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _draw(self) -> None:
        old = self._agent
        with ui.element("h2").classes("t-section"):
            ui.label(tr("New agent") if old is None else tr("Edit {name}", name=old.name))
        with ui.element("form").classes("gb-form").on("submit.prevent", self.save):
            self.fields["name"] = text_field(tr("Name"), old.name if old else "")
            self.fields["model_key"] = self._model_field(old.model_key if old else "")
            self._prompt_fields(old)
            self._number_fields(old)
            self.fields["description"] = text_field(tr("Note"), old.description if old else "")
            with ui.element("div").classes("gb-form__wide"):
                self.tools = ui.switch(
                    tr("Offer the tools of the prompt"), value=old.uses_tools if old else False
                )
            with ui.element("div").classes("gb-form__acts gb-form__wide"):
                button(tr("Cancel"), self._dialog.close).props("type=button")
                self._submit = button(tr("Save"), None, kind="primary", acts=True).props(
                    "type=submit"
                )

    def _model_field(self, chosen: str) -> Field:
        field = Field(tr("Model key"), tr("A mapped key, as an app would ask for it"))
        keys = list(dict.fromkeys([*self._choices.models, *([chosen] if chosen else [])]))
        control = ui.select(
            keys, value=chosen or None, with_input=True, new_value_mode="add-unique"
        )
        field.hold(control)
        return field

    def _prompt_fields(self, old: Agent | None) -> None:
        choices = {ACTIVE: tr("The active prompts"), **_named(self._choices.prompts)}
        present = str(old.prompt_id) if old and old.prompt_id is not None else ACTIVE
        if present not in choices:
            choices[present] = tr("A prompt that is gone")
        self.fields["prompt_id"] = choice_field(tr("Prompt"), choices, present)
        version = old.prompt_version_no if old else None
        first = {NEWEST: tr("Newest")} | ({str(version): f"v{version}"} if version else {})
        self.fields["prompt_version_no"] = choice_field(
            tr("Version"), first, str(version) if version else NEWEST
        )
        self.fields["prompt_id"].control.on_value_change(self._offer_versions)
        self.fields["prompt_version_no"].control.set_enabled(present != ACTIVE)
        if present != ACTIVE:
            ui.timer(0, self._offer_versions, once=True)

    async def _offer_versions(self) -> None:
        chosen = self.fields["prompt_id"].control.value
        control = self.fields["prompt_version_no"].control
        numbers: Sequence[int] = ()
        if chosen != ACTIVE:
            numbers = await self._choices.versions(int(chosen))
        options = {NEWEST: tr("Newest")} | {str(no): f"v{no}" for no in numbers}
        value = control.value if control.value in options else NEWEST
        control.set_options(options, value=value)
        control.set_enabled(chosen != ACTIVE)

    def _number_fields(self, old: Agent | None) -> None:
        field = Field(tr("Temperature"), tr("0 – 2; empty: the provider's own"))
        field.hold(ui.number(value=old.temperature if old else None, step=0.1))
        self.fields["temperature"] = field
        self.fields["max_tokens"] = number_field(
            tr("Most tokens of a reply"),
            old.max_tokens if old else None,
            low=1,
            high=200_000,
            hint=tr("Empty: 1,024"),
        )
        self.fields["timeout_s"] = number_field(
            tr("Time limit"), old.timeout_s if old else 120, low=5, high=600, unit=tr("s")
        )

    def edit(self) -> AgentEdit:
        """Return what the form holds now."""
        value = {name: field.control.value for name, field in self.fields.items()}
        chosen, version = value["prompt_id"], value["prompt_version_no"]
        return AgentEdit(
            id=self._agent.id if self._agent else None,
            name=str(value["name"] or ""),
            model_key=str(value["model_key"] or ""),
            description=str(value["description"] or ""),
            prompt_id=None if chosen == ACTIVE else int(chosen),
            prompt_version_no=None if version == NEWEST else int(version),
            temperature=value["temperature"],
            max_tokens=value["max_tokens"],
            timeout_s=_or_zero(value["timeout_s"]),
            uses_tools=bool(self.tools.value),
        )

    async def save(self) -> None:
        """Store what the form holds; close it when it was taken."""
        self._submit.props("loading")
        is_stored = await self._store(self.edit(), self.fields)
        self._submit.props(remove="loading")
        if is_stored:
            self._dialog.close()


def _named(prompts: Mapping[int, str]) -> dict[str, str]:
    return {str(number): name for number, name in prompts.items()}


def _or_zero(value: Any) -> Any:
    """An emptied number is refused by its range."""
    return 0 if value is None else value
