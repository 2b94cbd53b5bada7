"""Supplier form: paste address and key, test them, choose models, save and map."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, choice_field, text_field
from components.primitives.formats import duration_text
from components.primitives.status_dot import StatusDot
from components.status.looks import ENDPOINT_LOOKS
from components.words import tr, trn, word
from services.suppliers.types import ProbeResult, ProbeState
from services.wire.types import LOCAL_REFUSED

PROTOCOLS: Mapping[str, str] = {
    "openai": word("OpenAI-compatible"),
    "claude": word("Anthropic messages"),
}
MODELS_MOST = 50
_PROBE_WORDS: Mapping[ProbeState, str] = {
    ProbeState.ONLINE: word("It answers and the key is accepted"),
    ProbeState.OFFLINE: word("No answer"),
    ProbeState.SIGN_IN_FAILED: word("It answers, but the key is refused"),
    ProbeState.MODELS_NOT_LISTED: word("It answers, but lists no models: type the model's name"),
}


@dataclass(frozen=True, slots=True)
class SupplierDraft:
    """What was typed."""

    base_url: str
    protocol: str
    api_key: str
    models: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    allows_local: bool = False

    @property
    def name(self) -> str:
        """A name for the endpoint: the host it answers at."""
        return urlsplit(self.base_url).hostname or self.base_url[:60]


@dataclass(frozen=True, slots=True)
class SupplierCalls:
    """What the page does; both tell what was wrong at the fields themselves."""

    probe: Callable[[SupplierDraft, dict[str, Field]], Awaitable[ProbeResult | None]]
    save: Callable[[SupplierDraft, dict[str, Field]], Awaitable[bool]]


class SupplierForm(ui.element):
    """Three fields, one test, then the models to map."""

    def __init__(self, calls: SupplierCalls) -> None:
        """Draw the fields; the models appear after a test that was answered."""
        super().__init__("form")
        self.classes("ov-supplier").on("submit.prevent", self._test)
        self._calls = calls
        self._offered: tuple[str, ...] = ()
        protocols = {key: tr(name) for key, name in PROTOCOLS.items()}
        with self:
            self.fields: dict[str, Field] = {
                "base_url": text_field(
                    tr("Address"),
                    placeholder="https://api.openai.com",
                    hint=tr("With or without /v1"),
                ),
                "provider_protocol": choice_field(tr("Protocol"), protocols, "openai"),
                "api_key": text_field(tr("API key"), secret=True),
            }
            self._local = ui.switch(tr("Allow an address of this machine or a private network"))
            self._local.classes("ov-wide").mark("allow-local").set_visibility(False)
            with ui.element("div").classes("gb-row ov-wide"):
                self._probe = button(tr("Test"), None, icon="network_check", acts=True).props(
                    "type=submit"
                )
                self._found = ui.element("div").classes("gb-row").props("aria-live=polite")
            self._choice = ui.element("div").classes("gb-col ov-wide gb-hide")
        for name in ("base_url", "provider_protocol", "api_key"):
            self.fields[name].control.on_value_change(self._forget)
        self._local.on_value_change(self._forget)

    def _forget(self) -> None:
        """Take back what the last test found: it was about another address or key."""
        self._offered = ()
        self.fields.pop("model", None)
        self._found.clear()
        self._choice.clear()
        self._choice.classes(add="gb-hide")

    def _draft(self, models: Sequence[str] = ()) -> SupplierDraft:
        read = {name: str(field.control.value or "").strip() for name, field in self.fields.items()}
        return SupplierDraft(
            base_url=read["base_url"],
            protocol=read["provider_protocol"],
            api_key=read["api_key"],
            models=tuple(models),
            offered=self._offered,
            allows_local=bool(self._local.value),
        )

    async def _test(self) -> None:
        self._probe.props("loading")
        asked = self._draft()
        try:
            result = await self._calls.probe(asked, self.fields)
        finally:
            self._probe.props(remove="loading")
        self._found.clear()
        if result is not None and result.error.endswith(LOCAL_REFUSED):
            self._local.set_visibility(True)
        if result is not None and self._draft() == asked:
            self._show(result)

    def _show(self, result: ProbeResult) -> None:
        is_good = result.state in (ProbeState.ONLINE, ProbeState.MODELS_NOT_LISTED)
        look = ENDPOINT_LOOKS["online" if is_good else "offline"]
        text = tr(_PROBE_WORDS[result.state])
        if is_good:
            text += f" · {duration_text(result.latency_ms)}"
            if result.models:
                text += " · " + trn("{n} model", "{n} models", len(result.models))
        elif result.error.endswith(LOCAL_REFUSED):
            text = tr("This is this machine or a private network: allow it, if you mean it")
        elif result.error:
            text += f" · {result.error}"
        with self._found:
            StatusDot(look.tone, look.shape, look.weight, text)
        self._offered = result.models
        self._choice.classes(add="" if is_good else "gb-hide", remove="gb-hide" if is_good else "")
        if is_good:
            self._draw_choice()

    def _draw_choice(self) -> None:
        self._choice.clear()
        with self._choice:
            field = Field(
                tr("Models to map"), tr("Each gets a key of the same name that clients ask for")
            )
            chosen = ui.select(
                list(self._offered),
                multiple=True,
                with_input=True,
                new_value_mode="add-unique",
                value=list(self._offered) if len(self._offered) == 1 else [],
            ).props("use-chips")
            self._placeholder(chosen)
            chosen.on_value_change(lambda: self._placeholder(chosen))
            field.hold(chosen)
            self.fields["model"] = field
            with ui.element("div").classes("gb-row"):
                save = button(tr("Save and map"), None, kind="primary", acts=True)

                async def keep() -> None:
                    names = cast(list[object], chosen.value or [])
                    models = [str(name) for name in names][:MODELS_MOST]
                    save.props("loading")
                    try:
                        await self._calls.save(self._draft(models), self.fields)
                    finally:
                        if not save.is_deleted:
                            save.props(remove="loading")

                save.on_click(keep)

    @staticmethod
    def _placeholder(chosen: ui.select) -> None:
        """Say what the empty field is for; beside chosen models it would only take room."""
        chosen.props["placeholder"] = "" if chosen.value else tr("Choose models to map")
        chosen.update()
