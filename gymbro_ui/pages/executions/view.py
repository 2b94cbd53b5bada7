"""View: the parts of one run's page, read from the store and followed live."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from components.executions.as_json import run_json
from components.executions.copy_text import CopyText
from components.executions.event_words import event_lines
from components.executions.facts import Facts, run_facts
from components.executions.list import ListCalls, RunList
from components.executions.output import OutputView
from components.executions.rows import error_kind_text, error_text, row_texts
from components.executions.run_head import HeadCalls, RunHead
from components.executions.timeline import Timeline
from components.live import on_batch, on_return
from components.primitives.button import copy_button, download_button
from components.primitives.card import card
from components.primitives.toast import toast
from components.words import sentence, tr
from gymbro_ui import run_actions as acts
from gymbro_ui.actions import in_slot
from gymbro_ui.pages.executions.way_back import last_list
from services.executions.types import Execution, ExecutionEvent, OutputChunk
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
EVENTS_MOST = 1_000  # lines of a timeline shown at once
TAIL = 65_536  # characters of the output shown to somebody who comes late
PARTS_MOST = 200


class RunView:
    """One run's page."""

    def __init__(self, console: "Console", one: Execution) -> None:
        """Show this run."""
        self._console = console
        self._one = one
        self._key = one.execution_id
        self._event = 0  # number of the newest event the browser was told
        self._said = 0  # characters of the output the browser was told
        self._is_reading = False
        self._parts_shown = False

    # -- drawing

    def draw(self) -> None:
        """Draw every part from what is known and follow every change."""
        ui.link(tr("← All executions"), last_list()).classes("gb-link t-meta ex-back")
        kinds = self._console.executions.kinds
        self._head = RunHead(self._one, kinds, HeadCalls(self._cancel, self._again, self._tools))
        with ui.element("div").classes("ex-columns"):
            with ui.element("div").classes("gb-col gap-16"):
                self._draw_error()
                with card(tr("Output"), toolbar=self._output_tools, tight=True):
                    self._output = OutputView()
                self._draw_parts()
                self._draw_input()
            with ui.element("div").classes("gb-col gap-16"):
                with card(tr("Facts")):
                    self._facts = Facts()
                with card(tr("Timeline")):
                    self._timeline = Timeline()
        self._show(self._one)
        self._follow()

    def _draw_error(self) -> None:
        with ui.element("section").classes("gb-card ex-error").props("role=alert") as self._error:
            self._error_kind = ui.label("").classes("t-strong")
            self._error_text = ui.label("").classes("t-wrap t-table")

    def _draw_parts(self) -> None:
        with ui.element("div") as self._parts, card(tr("Parts of this run"), tight=True):
            calls = ListCalls(
                older=_nothing,
                fresh=_nothing,
                cancel=partial(acts.cancel_runs, self._console),
                again=partial(acts.run_again, self._console),
                check=_nothing,
                widen=_nothing,
            )
            self._part_list = RunList(
                calls, name=tr("Parts of this run"), compact=True, most=PARTS_MOST, of_one=True
            )
        self._parts.set_visibility(False)

    def _draw_input(self) -> None:
        one = self._one
        params: Any = one.meta.get("params")
        if not one.input and not params:
            return
        with card(tr("Input")) as body:
            body.classes("ex-input")
            if one.input:
                ui.label(one.input).classes("t-wrap t-table")
            if isinstance(params, dict) and params:
                Facts().show(_param_facts(params))  # pyright: ignore[reportUnknownArgumentType]

    def _tools(self) -> None:
        CopyText(tr("Copy as JSON"), self._as_json)

    def _output_tools(self) -> None:
        self._copy = copy_button("", tr("Copy the output"))
        self._copy.set_visibility(False)
        self._save = download_button(
            f"/executions/{self._key}/output.txt", tr("Download the whole output")
        )

    def _follow(self) -> None:
        executions, number = self._console.executions, self._one.id
        on_batch(
            executions.changed,
            self._changed,
            keep=lambda one: number in (one.id, one.parent_id),
        )
        on_batch(executions.noted, self._noted, keep=lambda event: event.execution_id == number)
        on_batch(executions.output, self._heard, keep=lambda c: c.execution_id == self._key)
        on_return(lambda: in_slot(self._head, self.load))

    # -- reading

    async def load(self) -> None:
        """Read state, timeline, output and parts anew; nothing told before is told twice."""
        executions = self._console.executions
        one = await executions.get(self._key)
        self._show(one)
        await self._read_events()
        await self._read_output()
        await self._read_parts()

    async def _read_events(self) -> None:
        executions = self._console.executions
        found = await executions.events(self._key, since=self._event, limit=EVENTS_MOST)
        if self._event:
            self._add_events(found)
            return
        self._timeline.show(self._lines(found))
        self._event = found[-1].seq if found else 0

    async def _read_output(self) -> None:
        """Show the newest end, or what was said since the browser heard last."""
        if self._is_reading:
            return
        self._is_reading = True
        try:
            one = await self._console.executions.get(self._key)
            start = max(self._said, one.output_size - TAIL, 0)
            text = await self._console.executions.read_output(
                self._key, offset=start, limit=TAIL * 2
            )
            if self._said and start == self._said:
                told = self._output.add(text)
            else:
                self._output.show(text, is_cut=start > 0)
                told = True
            if told:
                self._said = start + len(text)
        finally:
            self._is_reading = False

    async def _read_parts(self) -> None:
        parts = (await self._console.executions.children(self._key))[-PARTS_MOST:]
        self._parts.set_visibility(bool(parts))
        self._parts_shown = bool(parts)
        self._part_list.show(self._rows(reversed(parts)), None)

    # -- what changes

    def _changed(self, batch: Sequence[Execution]) -> None:
        number = self._one.id
        newest = {one.id: one for one in batch}
        mine = newest.pop(number, None)
        if mine is not None:
            self._show(mine)
        if newest and not self._parts_shown:
            self._background(self._read_parts)
        elif newest:
            self._part_list.patch(self._rows(newest.values()))

    def _noted(self, batch: Sequence[ExecutionEvent]) -> None:
        if batch[0].seq > self._event + 1:
            self._background(self._read_events)
        else:
            self._add_events(batch)

    def _add_events(self, events: Sequence[ExecutionEvent]) -> None:
        fresh = [event for event in events if event.seq > self._event]
        if fresh and self._timeline.add(self._lines(fresh)):
            self._event = fresh[-1].seq

    def _heard(self, batch: Sequence[OutputChunk]) -> None:
        if self._is_reading:
            self._background(self._read_output)
            return
        text, at = "", self._said
        for chunk in batch:
            if chunk.offset > at:  # something is missing between
                self._background(self._read_output)
                return
            text += chunk.text[at - chunk.offset :]
            at = max(at, chunk.offset + len(chunk.text))
        if self._output.add(text):
            self._said = at

    def _show(self, one: Execution) -> None:
        if one.seq < self._one.seq:
            return
        was_open = not self._one.status.is_final
        self._one = one
        zone = self._console.settings.preferences.e2e_timezone
        now = self._console.clock.now()
        self._head.show(one)
        self._facts.show(run_facts(one, self._console.executions.kinds, zone, now))
        self._error.set_visibility(bool(one.error))
        self._error.props["data-tone"] = "failed" if one.status == "failed" else "ended"
        self._error_kind.set_text(error_kind_text(one))
        self._error_text.set_text(error_text(one))
        if one.status.is_final:
            self._output.close()
            self._copy.props["data-copy"] = one.output
            self._copy.set_visibility(bool(one.output))
            self._copy.update()
            if was_open:
                self._background(self._settle)
        self._save.set_visibility(one.output_size > 0)

    async def _settle(self) -> None:
        """Show the output as it was kept: the ending may have replaced what was streamed."""
        if self._one.output_size != self._said:
            self._said = 0
            await self._read_output()

    def _rows(self, found: Iterable[Execution]) -> list[str]:
        console = self._console
        zone = console.settings.preferences.e2e_timezone
        return row_texts(found, console.executions.kinds, zone, console.clock.now())

    def _lines(self, events: Sequence[ExecutionEvent]) -> list[dict[str, Any]]:
        zone = self._console.settings.preferences.e2e_timezone
        return event_lines(events, self._console.executions.kinds, zone, self._one.created_at)

    # -- what an operator does

    async def _cancel(self) -> None:
        await acts.cancel_runs(self._console, [self._key])

    async def _again(self) -> None:
        started = await acts.run_again(self._console, self._key)
        if started is not None:
            ui.navigate.to(f"/executions/{started.execution_id}")

    async def _as_json(self) -> str | None:
        try:
            one = await self._console.executions.get(self._key)
            events = await self._console.executions.events(self._key, limit=EVENTS_MOST)
        except ConsoleError as error:
            toast(sentence(error.message), tone="failed")
            return None
        return run_json(one, events)

    def _background(self, work: Callable[[], Awaitable[None]]) -> None:
        background_tasks.create(in_slot(self._head, work), name="page of a run")


def _param_facts(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": str(name), "text": _short(value), "title": "", "href": "", "mono": True}
        for name, value in list(params.items())[:50]
        if value not in (None, "", [], {})
    ]


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return text if len(text) <= 2000 else f"{text[:2000]}…"


def _nothing(*_: object) -> None:
    return None
