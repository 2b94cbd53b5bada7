"""Settings form: as whom, which model, under which system message, and how it is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.primitives.field import Field, choice_field, long_field, number_field
from components.simulator.token_view import token_view
from components.simulator.words import (
    IDENTITY_WORDS,
    PROMPT_WORDS,
    PROTOCOL_WORDS,
    RESULT_MODES,
)
from components.words import tr
from services.dialogs.types import SYSTEM_MAX, DialogRequest, Identity, PromptSource, TokenLook
from services.identities.types import SavedUser


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What can be chosen now."""

    models: Sequence[str]
    is_own: bool  # our own gateway: its list is whole, nothing else can be asked
    users: Sequence[SavedUser]
    prompts: Mapping[int, str]
    zone: str
    asked: DialogRequest = field(default_factory=lambda: DialogRequest("", ""))


@dataclass(frozen=True, slots=True)
class FormCalls:
    """What the page does for the form."""

    look_at: Callable[[str], TokenLook]
    add_user: Callable[[], Any]
    drop_user: Callable[[int], Any]
    read_models: Callable[[], Any]  # of another server
    versions: Callable[[int], Any]  # awaitable: version numbers of a prompt


class SettingsForm(ui.element):
    """Everything about a message but its text; what a choice does not use is hidden."""

    def __init__(self, choices: FormChoices, calls: FormCalls) -> None:
        """Show the values of `choices.asked`."""
        super().__init__("div")
        self.classes("si-form")
        self._calls = calls
        self._zone = choices.zone
        self._known = choices.asked
        with self:
            self._draw_model(choices)
            self._draw_identity(choices)
            self._draw_prompt(choices)
            self._draw_more(choices.asked)
        self._follow()

    # -- drawing

    def _draw_model(self, choices: FormChoices) -> None:
        models = list(choices.models)
        chosen = choices.asked.model or (models[0] if models else "")
        if chosen and chosen not in models:
            models.insert(0, chosen)
        self.model = choice_field(tr("Model key"), models, chosen or None, filtered=True)
        self.model.control.mark("model")
        if choices.is_own:
            if not models:
                self.model.note(tr("No model is mapped; add one under Mapping"))
            return
        self.model.control.props("hide-dropdown-icon=false")
        self.model.control.set_value(chosen or None)
        self.model.control.new_value_generator = None
        self.model.control.props("new-value-mode=add-unique")
        with ui.element("div").classes("gb-row"):
            read = self._calls.read_models
            button(tr("Read its model list"), read, icon="sync", small=True, acts=True)

    def _draw_identity(self, choices: FormChoices) -> None:
        asked = choices.asked
        words = {str(identity): tr(name) for identity, name in IDENTITY_WORDS.items()}
        self.identity = choice_field(tr("As"), words, str(asked.identity))
        self.identity.control.mark("identity")
        with ui.element("div").classes("gb-col gap-4") as self._user_box:
            users = {str(user.id): user_text(user) for user in choices.users}
            known = str(asked.test_user_id or "")
            first = known if known in users else next(iter(users), None)
            self.user = choice_field(tr("Saved user"), users, first)
            with ui.element("div").classes("gb-row"):
                add = self._calls.add_user
                button(tr("New test user"), add, icon="person_add", small=True, acts=True)
                if users:
                    name = tr("Forget this user")
                    icon_button("delete", name, self._drop, small=True, acts=True)
            if not users:
                self.user.note(tr("None is saved yet for this sign-in service"))
        with ui.element("div").classes("gb-col gap-4") as self._token_box:
            self.token = Field(tr("Access token"), tr("Stays in memory; never stored or logged"))
            area = ui.textarea(on_change=self._look).props(
                "autocomplete=off spellcheck=false rows=3"
            )
            self.token.hold(area.classes("t-mono").mark("token"))
            area.props("debounce=300 input-class=si-token")
            self._token_look = ui.element("div").classes("gb-col gap-4")

    def _draw_prompt(self, choices: FormChoices) -> None:
        asked = choices.asked
        words = {str(source): tr(name) for source, name in PROMPT_WORDS.items()}
        self.prompt = choice_field(tr("System message"), words, str(asked.prompt))
        self.prompt.control.mark("prompt")
        with ui.element("div").classes("si-pair") as self._stored_box:
            prompts = {str(number): name for number, name in choices.prompts.items()}
            known = str(asked.prompt_id or "")
            first = known if known in prompts else next(iter(prompts), None)
            self.stored = choice_field(tr("Prompt"), prompts, first, filtered=True)
            self.version = choice_field(tr("Version"), {"": tr("Newest")}, "")
            self.stored.control.on_value_change(self._read_versions)
        with ui.element("div") as self._own_box:
            self.system = long_field(tr("Own text"), asked.system_prompt, most=SYSTEM_MAX)

    def _draw_more(self, asked: DialogRequest) -> None:
        more = ui.expansion(tr("How it is sent and judged")).classes("si-more").props("dense")
        with more, ui.element("div").classes("gb-col"):
            modes = {key: tr(name) for key, name in RESULT_MODES.items()}
            self.mode = choice_field(tr("Result mode"), modes, asked.result_mode)
            protocols = {key: tr(name) for key, name in PROTOCOL_WORDS.items()}
            self.protocol = choice_field(
                tr("Output protocol"),
                protocols,
                asked.protocol,
                hint=tr("The server chooses it; this is what is expected and judged"),
            )
            with ui.element("div").classes("si-pair"):
                self.temperature = Field(tr("Temperature"), "0 – 2")
                self.temperature.hold(ui.input(value=_plain(asked.temperature)))
                self.temperature.control.props("inputmode=decimal")
                self.tokens = Field(tr("Tokens at most"), tr("empty: the server's own"))
                self.tokens.hold(ui.number(value=asked.max_tokens, step=1))
            self.tools = ui.switch(tr("Tools offered (auto)"), value=asked.uses_tools)
            self.timeout = number_field(
                tr("Time limit"), asked.timeout_s, low=5, high=600, unit="s"
            )

    # -- what depends on what

    def _follow(self) -> None:
        for one in (self.identity, self.prompt):
            one.control.on_value_change(self._show)
        self._show()

    def _show(self) -> None:
        identity, prompt = self.identity.control.value, self.prompt.control.value
        self._user_box.set_visibility(identity == Identity.SAVED)
        self._token_box.set_visibility(identity == Identity.TOKEN)
        self._stored_box.set_visibility(prompt == PromptSource.STORED)
        self._own_box.set_visibility(prompt == PromptSource.OWN)

    def _look(self) -> None:
        self._token_look.clear()
        text = self.token_text
        if text:
            with self._token_look:
                token_view(self._calls.look_at(text), self._zone)

    async def _read_versions(self) -> None:
        number = self.stored.control.value
        found = await self._calls.versions(int(number)) if number else ()
        options = {"": tr("Newest"), **{str(n): f"v{n}" for n in found or ()}}
        self.version.control.set_options(options, value="")

    async def _drop(self) -> None:
        if self.user.control.value:
            await self._calls.drop_user(int(self.user.control.value))

    def show_models(self, models: Sequence[str]) -> None:
        """Offer other models; the chosen one stays if it is among them."""
        chosen = self.model.control.value
        first = chosen if chosen in models else next(iter(models), None)
        self.model.control.set_options(list(models), value=first)

    # -- what is chosen

    @property
    def token_text(self) -> str:
        """What was pasted."""
        return str(self.token.control.value or "").strip()

    @property
    def uses_token(self) -> bool:
        """Whether the pasted token is what is sent."""
        return self.identity.control.value == Identity.TOKEN

    @property
    def fields(self) -> dict[str, Field]:
        """The fields a refusal may name."""
        return {
            "model": self.model,
            "test_user_id": self.user,
            "token": self.token,
            "prompt_id": self.stored,
            "system_prompt": self.system,
            "temperature": self.temperature,
            "max_tokens": self.tokens,
            "timeout_s": self.timeout,
            "protocol": self.protocol,
        }

    def values(self) -> dict[str, Any]:
        """Return what is chosen, as Dialogs.start takes it; the token is not among it."""
        return {
            "model": str(self.model.control.value or ""),
            "identity": self.identity.control.value,
            "test_user_id": _number(self.user.control.value),
            "prompt": self.prompt.control.value,
            "prompt_id": _number(self.stored.control.value),
            "prompt_version_no": _number(self.version.control.value),
            "system_prompt": str(self.system.control.value or ""),
            "result_mode": self.mode.control.value,
            "protocol": self.protocol.control.value or "",
            "temperature": _decimal(self.temperature.control.value),
            "max_tokens": self.tokens.control.value,
            "uses_tools": bool(self.tools.value),
            "timeout_s": self.timeout.control.value,
        }


def user_text(user: SavedUser) -> str:
    """Return how a saved user is named in a list."""
    return user.email or f"{user.label} ({tr('Anonymous')})"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _number(value: Any) -> int | None:
    return int(value) if value else None


def _decimal(value: Any) -> float | str | None:
    """Return the number that was typed; what is none is left for the service to refuse."""
    text = str(value or "").strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        return text
