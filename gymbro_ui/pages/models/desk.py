"""Desk of the models page: what each button does, asking first where something hangs on it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nicegui import context

from components.models.form import EndpointForm, FormCalls
from components.models.listing_dialog import ListingDialog
from components.primitives.confirm import confirm
from components.primitives.field import Field
from components.primitives.toast import toast
from components.status.impacts import impact_text
from components.words import tr
from gymbro_ui.actions import act, save_preferences
from services.mapping.types import Impact
from services.models.types import AddressNote, Endpoint, EndpointEdit, ListingChange

if TYPE_CHECKING:
    from services.console import Console

PROBE = "probe"


class Desk:
    """The acts of one page; every one says what was done, with a way back where there is one."""

    def __init__(self, console: "Console") -> None:
        """Keep the console."""
        self._console = console
        # A drawer redraws its buttons while their click is under way: dialogs stand on the page.
        self._client = context.client

    def keys_by_model(self) -> Mapping[str, Sequence[str]]:
        """Return, for each model, the mappings that name it."""
        found: dict[str, list[str]] = {}
        for mapping in self._console.mapping.all():
            for model in dict.fromkeys((mapping.default_model, *mapping.candidates)):
                found.setdefault(model, []).append(mapping.id)
        return found

    # -- probes

    async def probe_all(self) -> None:
        """Look at every active endpoint."""
        await act(lambda: self._console.executions.start(PROBE, {}))

    async def probe(self, endpoint_id: int) -> None:
        """Look at one endpoint."""
        params = {"endpoint_ids": [endpoint_id]}
        await act(lambda: self._console.executions.start(PROBE, params))

    async def cancel_probe(self, execution_id: str) -> None:
        """End the probe that runs; what was seen is kept."""
        await act(
            lambda: self._console.executions.cancel(execution_id),
            done=tr("Cancelled; what was seen is kept"),
        )

    async def change_pace(self, seconds: int) -> None:
        """Probe by itself at this pace; 0 switches it off."""
        present = self._console.monitor.view()
        if seconds == (present.interval_s if present.is_running else 0):
            return
        patch: dict[str, object] = {"endpoint_probe_enabled": seconds > 0}
        if seconds:
            patch["endpoint_probe_interval_s"] = seconds
        await save_preferences(self._console, patch, {})

    # -- one endpoint

    def edit(self, endpoint: Endpoint | None) -> None:
        """Open the form."""
        undo = None if endpoint is None else _as_edit(endpoint)

        async def save(edit: EndpointEdit, fields: dict[str, Field]) -> bool:
            if endpoint is not None and not await self._agreed(endpoint, edit):
                return False
            # An undo brings the values back, never a deleted key: it is nowhere any more.
            keeps_key = edit.api_key is None and edit.base_url == (endpoint and endpoint.base_url)
            back = undo if keeps_key else None
            stored = await act(
                lambda: self._console.models.save(edit),
                done=tr("{name} saved", name=edit.name or ""),
                undo=None if back is None else lambda: self._console.models.save(back),
                fields=fields,
            )
            if stored is not None and endpoint is not None and endpoint.has_api_key:
                self._say_key(stored)
            return stored is not None

        async def look(typed: str, field: Field) -> AddressNote | None:
            return await act(
                lambda: self._console.models.look_at_address(typed), fields={"base_url": field}
            )

        with self._client:
            EndpointForm(endpoint, FormCalls(look, save))

    def _say_key(self, stored: Endpoint) -> None:
        if not stored.has_api_key and not stored.is_demo:
            toast(tr("{name} has no key now: nothing is routed there", name=stored.name))

    async def _agreed(self, endpoint: Endpoint, edit: EndpointEdit) -> bool:
        """Return whether keys that would lose their model were seen and accepted."""
        changed = replace(
            endpoint,
            model=endpoint.model if edit.model is None else edit.model,
            model_list=endpoint.model_list if edit.model_list is None else edit.model_list,
            is_active=endpoint.is_active if edit.is_active is None else edit.is_active,
        )
        return await self._ask(
            tr("Save {name}?", name=endpoint.name), self._impact(changed), tr("Save")
        )

    async def duplicate(self, endpoint: Endpoint) -> Endpoint | None:
        """Return the copy, or None when it was refused."""
        made = await act(lambda: self._console.models.duplicate(endpoint.id))
        if made is not None:
            with self._client:
                toast(tr("{name} made, switched off", name=made.name))
        return made

    async def make_default(self, endpoint: Endpoint) -> None:
        """Ask this endpoint first from now on."""
        before = next((e for e in self._console.models.endpoints if e.is_default), None)

        async def set_default(endpoint_id: int) -> Endpoint:
            return await self._console.models.save(EndpointEdit(id=endpoint_id, is_default=True))

        await act(
            lambda: set_default(endpoint.id),
            done=tr("{name} is the default now", name=endpoint.name),
            undo=None if before is None else lambda: set_default(before.id),
        )

    async def switch(self, endpoint: Endpoint, *, is_on: bool) -> None:
        """Switch it on or off; keys that would lose their model are named first."""
        if endpoint.is_active == is_on:
            return
        impact = self._impact(replace(endpoint, is_active=is_on))
        question = tr("Switch {name} off?", name=endpoint.name)
        if not is_on and not await self._ask(question, impact, tr("Switch off")):
            return

        async def turn(to: bool) -> Endpoint:  # noqa: FBT001  # the one thing it is about
            return await self._console.models.save(EndpointEdit(id=endpoint.id, is_active=to))

        with self._client:
            text = tr("{name} is on", name=endpoint.name)
            if not is_on:
                text = tr("{name} is off", name=endpoint.name)
            await act(lambda: turn(is_on), done=text, undo=lambda: turn(not is_on))

    async def delete(self, endpoint: Endpoint) -> None:
        """Delete it after what depends on it was named."""
        left = [e for e in self._console.models.endpoints if e.id != endpoint.id]
        impact = self._console.mapping.impact(endpoints=left)
        text = impact_text(impact)
        if endpoint.has_api_key:
            text += "\n" + tr("Its key is deleted too. This cannot be undone.")
        with self._client:
            agreed = await confirm(
                tr("Delete {name}?", name=endpoint.name), text, accept=tr("Delete"), danger=True
            )
            if agreed:
                await act(
                    lambda: self._console.models.delete(endpoint.id),
                    done=tr("{name} deleted", name=endpoint.name),
                )

    # -- models

    async def compare(self, endpoint: Endpoint) -> None:
        """Ask the endpoint for its list and show how it differs; nothing is changed by that."""
        models = self._console.models
        seen = await act(lambda: models.check(endpoint.id, self._console.suppliers))
        change = models.listing_change(endpoint.id)
        if seen is None:
            return
        if change is None:
            with self._client:
                toast(tr("{name} listed no models", name=endpoint.name), tone="failed")
            return
        present = models.endpoint(endpoint.id) or seen
        impact = self._impact(replace(present, model=change.model, model_list=change.models))
        with self._client:
            ListingDialog(present, change, impact, lambda: self._take_over(present, change))

    async def _take_over(self, endpoint: Endpoint, change: ListingChange) -> bool:
        models = self._console.models
        stored = await act(
            lambda: models.apply_listing(change),
            done=tr("The models of {name} are its own list now", name=endpoint.name),
            undo=lambda: models.save(_as_edit(endpoint)),
        )
        return stored is not None

    async def block(self, model: str, *, is_on: bool) -> None:
        """Route nobody to the model any more, or again."""
        before = self._console.models.blocked
        wanted = before | {model} if is_on else before - {model}
        impact = self._console.mapping.impact(blocked=wanted)
        question = tr("Block {model}?", model=model)
        if is_on and not await self._ask(question, impact, tr("Block")):
            return
        text = tr("{model} is routed to again", model=model)
        if is_on:
            text = tr("Nobody is routed to {model}", model=model)
        await act(
            lambda: self._console.models.set_blocked(wanted),
            done=text,
            undo=lambda: self._console.models.set_blocked(before),
        )

    def _impact(self, changed: Endpoint) -> Impact:
        endpoints = [changed if e.id == changed.id else e for e in self._console.models.endpoints]
        return self._console.mapping.impact(endpoints=endpoints)

    async def _ask(self, question: str, impact: Impact, accept: str) -> bool:
        """Return whether to go on; nobody is asked when no key loses anything."""
        if not impact.lost and not impact.broken:
            return True
        with self._client:
            return await confirm(
                question, impact_text(impact), accept=accept, danger=bool(impact.lost)
            )


def _as_edit(endpoint: Endpoint) -> EndpointEdit:
    return EndpointEdit(
        id=endpoint.id,
        name=endpoint.name,
        base_url=endpoint.base_url,
        provider_protocol=endpoint.provider_protocol,
        model=endpoint.model,
        model_list=endpoint.model_list,
        is_active=endpoint.is_active,
        is_default=endpoint.is_default or None,
        timeout=endpoint.timeout,
        description=endpoint.description,
        allows_local=endpoint.allows_local,
    )
