"""Explainer: what a request would get and why, by the function the gateway itself asks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nicegui import ui

from components.mapping.rows import scope_word
from components.primitives.field import Field, choice_field, text_field
from components.primitives.status_dot import StatusDot
from components.theme.apply import add_sheet
from components.words import sentence, tr
from services.mapping.types import RequestContext, ScopeLook, ScopeState, Trace

add_sheet(Path(__file__).with_name("mapping.css"))


class Explainer(ui.element):
    """Key, user, module and prompt in; the model, its endpoint and every step out."""

    def __init__(self, trace: Callable[[str, RequestContext], Trace]) -> None:
        """Draw the inputs; show() fills the answer."""
        super().__init__("div")
        self.classes("ma-explain")
        self._trace = trace
        self._keys: tuple[str, ...] = ()
        with self:
            with ui.element("div").classes("ma-asks"):
                with Field(tr("Key")) as key:
                    self._key = ui.select(
                        [], with_input=True, new_value_mode="add", on_change=self._ask
                    )
                    key.hold(self._key)
                self._prompt = choice_field(tr("Active system prompt"), {"": tr("None")}, "")
                self._prompt.control.on_value_change(self._ask)
                self._user = text_field(tr("User id"), on_change=self._ask)
                self._module = text_field(tr("Module"), on_change=self._ask)
                self._premium = ui.switch(tr("Premium user"), on_change=self._ask)
            self._answer = ui.element("div").classes("ma-answer").props("aria-live=polite")
        self._user.control.props("debounce=150")
        self._module.control.props("debounce=150")

    def offer(self, keys: Sequence[str], prompts: Mapping[str, str], active: str) -> None:
        """Offer the keys and prompts there are; what was chosen stays."""
        key = str(self._key.value or "") or next(iter(keys), "")
        self._keys = tuple(dict.fromkeys((*keys, key) if key else keys))
        self._key.set_options(list(self._keys), value=key or None)
        choices = {"": tr("None"), **prompts}
        control = self._prompt.control
        chosen = str(control.value or "") if control.value in choices else active
        if not self._answer.default_slot.children:
            chosen = active
        control.set_options(choices, value=chosen if chosen in choices else "")
        self._ask()

    def ask_for(self, key: str) -> None:
        """Ask for another key."""
        self._keys = tuple(dict.fromkeys((*self._keys, key)))
        self._key.set_options(list(self._keys), value=key)
        self._ask()

    def _ask(self, _event: object = None) -> None:
        key = str(self._key.value or "").strip()
        context = RequestContext(
            user_id=str(self._user.control.value or "").strip(),
            is_premium=bool(self._premium.value),
            prompt_id=str(self._prompt.control.value or ""),
            module=str(self._module.control.value or "").strip(),
        )
        self._show(key, self._trace(key, context))

    def _show(self, key: str, trace: Trace) -> None:
        found = trace.explanation.resolution
        self._answer.clear()
        with self._answer:
            with ui.element("div").classes("ma-result"):
                if found is None:
                    text = tr("{key} is refused: model_not_allowed", key=key or tr("No key"))
                    StatusDot("failed", "cross", "solid", text)
                else:
                    StatusDot("ok", "tick", "tint", found.model)
                    ui.label(found.endpoint.name).classes("gb-badge gb-badge--line")
                    if found.endpoint.is_demo:
                        ui.label(tr("Demo")).classes("gb-badge gb-badge--line")
                    ui.label(f"{found.provider} · {found.dialect}").classes("t-meta c-faint")
            with ui.element("div").classes("ma-why"):
                _scopes(trace.looks)
                with ui.element("ol").classes("ma-steps"):
                    for reason in trace.explanation.reasons:
                        with ui.element("li"):
                            ui.label(sentence(reason)).classes("t-wrap")


def _scopes(looks: Sequence[ScopeLook]) -> None:
    with ui.element("ol").classes("ma-scopes") as box:
        box.props["aria-label"] = tr("Scopes, the most specific first")
        for look in looks:
            with ui.element("li") as line:
                line.props["data-state"] = str(look.state)
                ui.label(scope_word(look.scope)).classes("ma-scope")
                ui.label(_state_text(look)).classes("ma-state")
                if look.mapping_id and look.state is not ScopeState.NOT_CARRIED:
                    ui.label(look.mapping_id).classes("t-mono c-faint t-clip")


def _state_text(look: ScopeLook) -> str:
    words = {
        ScopeState.NOT_CARRIED: tr("not carried by this request"),
        ScopeState.NO_MAPPING: tr("no mapping"),
        ScopeState.SWITCHED_OFF: tr("switched off"),
        ScopeState.APPLIES: tr("applies"),
        ScopeState.OVERRULED: tr("a more specific one applies"),
    }
    return words[look.state]
