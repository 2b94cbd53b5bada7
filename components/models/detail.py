"""Endpoint detail: everything that is stored of one endpoint, and what can be done with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.models.rows import protocol_word, state_of, sync_word
from components.primitives.button import button
from components.primitives.drawer import Drawer
from components.primitives.formats import duration_text, moment_text
from components.primitives.status_dot import StatusDot
from components.status.impacts import names_text
from components.status.looks import ENDPOINT_LOOKS
from components.words import tr, trn
from services.models.types import CallCounts, Endpoint, EndpointState, ListingChange


@dataclass(frozen=True, slots=True)
class DetailCalls:
    """What the page does with the endpoint that is open."""

    probe: Callable[[Endpoint], Any]
    listing: Callable[[Endpoint], Any]
    edit: Callable[[Endpoint], Any]
    duplicate: Callable[[Endpoint], Any]
    make_default: Callable[[Endpoint], Any]
    switch: Callable[[Endpoint, bool], Any]
    delete: Callable[[Endpoint], Any]


@dataclass(frozen=True, slots=True)
class DetailFacts:
    """What is known beside the endpoint itself."""

    zone: str
    is_checking: bool
    keys: Sequence[str]  # keys that are answered by it now
    change: ListingChange | None
    calls: CallCounts


class EndpointDetail:
    """The drawer; it follows its endpoint while it is open."""

    def __init__(self, calls: DetailCalls) -> None:
        """Stand closed."""
        self._calls = calls
        self.endpoint_id = 0
        self._drawer = Drawer(tr("Provider"), self._closed)
        self._drawer.classes("mo-drawer")
        with self._drawer.head:
            self._title = ui.label("").classes("t-section t-clip")

    @property
    def is_open(self) -> bool:
        """Whether it shows an endpoint."""
        return self._drawer.is_open

    def show(self, endpoint: Endpoint, facts: DetailFacts) -> None:
        """Show the endpoint, or show it anew."""
        self.endpoint_id = endpoint.id
        self._title.set_text(endpoint.name)
        self._drawer.body.clear()
        with self._drawer.body:
            _state(endpoint, facts)
            _facts(endpoint, facts)
            _used(facts)
            self._acts(endpoint)
        if not self._drawer.is_open:
            self._drawer.open()

    def close(self) -> None:
        """Hide it."""
        self._drawer.close()

    def _closed(self) -> None:
        self.endpoint_id = 0

    def _acts(self, endpoint: Endpoint) -> None:
        calls = self._calls
        with ui.element("div").classes("mo-acts"):
            button(tr("Probe"), lambda: calls.probe(endpoint), icon="network_check", acts=True)
            if not endpoint.is_demo:
                button(tr("Compare models"), lambda: calls.listing(endpoint), icon="sync_alt")
            button(tr("Edit"), lambda: calls.edit(endpoint), icon="edit")
            if not endpoint.is_demo:
                button(
                    tr("Duplicate"),
                    lambda: calls.duplicate(endpoint),
                    icon="content_copy",
                    acts=True,
                )
            if not endpoint.is_default and endpoint.is_active:
                button(
                    tr("Make default"), lambda: calls.make_default(endpoint), icon="star", acts=True
                )
            switch_to = not endpoint.is_active
            text = tr("Switch on") if switch_to else tr("Switch off")
            button(
                text,
                lambda: calls.switch(endpoint, switch_to),
                icon="power_settings_new",
                acts=True,
            )
            button(
                tr("Delete"),
                lambda: calls.delete(endpoint),
                icon="delete",
                kind="danger",
                acts=True,
            )


def _state(endpoint: Endpoint, facts: DetailFacts) -> None:
    checking = (endpoint.id,) if facts.is_checking else ()
    state = state_of(endpoint, checking)
    look = ENDPOINT_LOOKS[str(state)]
    with ui.element("div").classes("gb-col gap-4"):
        with ui.element("div").classes("gb-row gb-wrap"):
            StatusDot(look.tone, look.shape, look.weight, look.label)
            if endpoint.is_demo:
                ui.label(tr("Demo")).classes("gb-badge gb-badge--line")
            if endpoint.is_default:
                ui.label(tr("Default")).classes("gb-badge gb-badge--line")
            if not endpoint.is_active:
                ui.label(tr("Off")).classes("gb-badge gb-badge--line")
        if why := _why(state):
            ui.label(why).classes("t-wrap")
        if endpoint.last_error:
            ui.label(endpoint.last_error).classes("t-mono c-muted t-wrap")


def _why(state: EndpointState) -> str:
    if state is EndpointState.SIGN_IN_FAILED:
        return tr("It answers, but refuses the key. Requests are still sent there.")
    if state is EndpointState.MODELS_NOT_LISTED:
        return tr("It answers, but has no list of models. Type the names of its models by hand.")
    if state is EndpointState.OFFLINE:
        return tr("It did not answer. Nothing is routed there until a probe is answered.")
    return ""


def _calls(counts: CallCounts) -> str:
    if not counts.failures:
        return str(counts.calls)
    text = tr("{n}, {failed} of them failed", n=counts.calls, failed=counts.failures)
    if counts.failed_in_a_row < 2:
        return text
    return f"{text} · {tr('the last {n} all failed', n=counts.failed_in_a_row)}"


def _facts(endpoint: Endpoint, facts: DetailFacts) -> None:
    latency = duration_text(endpoint.latency_ms)
    rows = (
        (tr("Address"), endpoint.base_url, True),
        (tr("Protocol"), protocol_word(endpoint.provider_protocol), False),
        (tr("API key"), endpoint.api_key_masked or tr("not set"), True),
        (tr("Default model"), endpoint.model, True),
        (tr("Models"), trn("{n} model", "{n} models", len(endpoint.offered)), False),
        (tr("Timeout"), duration_text(endpoint.timeout * 1000), False),
        (tr("Latency"), latency, False),
        (tr("Calls since the start"), _calls(facts.calls), False),
        (tr("Checked"), moment_text(endpoint.last_checked_at, facts.zone), False),
        (tr("Sync"), sync_word(endpoint.sync_status), False),
        (tr("Last sync"), moment_text(endpoint.last_synced_at, facts.zone), False),
        (tr("Made"), moment_text(endpoint.created_at, facts.zone), False),
        (tr("Changed"), moment_text(endpoint.updated_at, facts.zone), False),
        (tr("Description"), endpoint.description, False),
    )
    with ui.element("dl").classes("gb-facts"):
        for name, value, is_mono in rows:
            if not value:
                continue
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value).classes("t-mono" if is_mono else "")


def _used(facts: DetailFacts) -> None:
    with ui.element("div").classes("gb-col gap-4"):
        head = trn("{n} key is answered by it", "{n} keys are answered by it", len(facts.keys))
        ui.label(head).classes("t-table t-strong")
        if facts.keys:
            ui.label(names_text(facts.keys, 40)).classes("c-muted t-wrap")
        change = facts.change
        if change is not None and not change.is_empty:
            text = tr(
                "Its own list differs: {added} added, {gone} gone",
                added=len(change.added),
                gone=len(change.gone),
            )
            ui.label(text).classes("gb-badge").props["data-tone"] = "slow"
