"""Status bar: where the data lies, when the next check comes, and what waits to be written."""

from dataclasses import dataclass
from datetime import datetime

from nicegui import ui

from components.primitives.button import copy_button, icon
from components.primitives.formats import age_words, clock_text, epoch_ms, moment_text
from components.primitives.status_dot import Age
from components.status.refusals import advice, why
from components.words import tr, trn


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the bar shows of the schedule and the store."""

    is_enabled: bool
    next_at: datetime | None
    last_tick_at: datetime | None
    zone: str
    waiting_writes: int
    now: datetime
    is_store_alive: bool = True
    waiting_pushes: int = 0  # changes Supabase does not have yet
    waiting_results: int = 0  # results the database refused, kept in the journal
    refusal: str = ""  # why, as the database said it
    role: str = "alone"  # or leader, follower: among several consoles on one store


class StatusBar(ui.element):
    """The row of 28 px below every page; `corner` takes the monitor."""

    def __init__(self, database: str, source: str, version: str) -> None:
        """Draw the fixed parts; show() fills the rest."""
        super().__init__("footer")
        self.classes("gb-foot")
        self._drawn: tuple[object, ...] = ()
        with self:
            self._path(database, source)
            self._next = _part("/settings#schedule", "schedule")
            with self._next:
                self._next_text = ui.label("")
            with _part("/settings#schedule", "").classes("gb-foot__tick") as self._tick:
                ui.label(tr("Scheduler"))
                self._tick_age = Age(None, age_words())
            with _part("/settings#journal", "") as self._writes:
                self._writes_text = ui.label("")
            with _part("/sync", "cloud_upload").classes("gb-hide") as self._pushes:
                self._pushes_text = ui.label("")
            with _part("/settings#about", "hub").classes("gb-hide") as self._role:
                self._role_text = ui.label("")
            ui.element("div").classes("gb-foot__gap")
            with _part("/settings#about", "").classes("gb-foot__version"):
                ui.label(f"v{version}")
            self.corner = ui.element("div").classes("gb-row gap-0")

    def show(self, pulse: Pulse) -> None:
        """Change what moved; nothing is sent when nothing did."""
        self._tick_age.count_from(
            epoch_ms(pulse.last_tick_at), moment_text(pulse.last_tick_at, pulse.zone)
        )
        state = (
            pulse.is_enabled,
            pulse.next_at,
            pulse.zone,
            pulse.waiting_writes,
            pulse.is_store_alive,
            pulse.waiting_pushes,
            pulse.waiting_results,
            pulse.refusal,
            pulse.role,
        )
        if state == self._drawn:
            return
        self._drawn = state
        if not pulse.is_enabled or pulse.next_at is None:
            self._next_text.set_text(tr("Schedule is off"))
        else:
            self._next_text.set_text(
                tr("Next E2E {time}", time=clock_text(pulse.next_at, pulse.zone, pulse.now))
            )
        _say(self._next, moment_text(pulse.next_at, pulse.zone), warn=not pulse.is_enabled)
        self._show_writes(pulse)
        self._show_role(pulse.role)
        has_pushes = pulse.waiting_pushes > 0
        self._pushes.classes(
            add="" if has_pushes else "gb-hide", remove="gb-hide" if has_pushes else ""
        )
        self._pushes_text.set_text(str(pulse.waiting_pushes))
        _say(self._pushes, tr("Changes that Supabase does not have yet"), warn=has_pushes)

    def _show_role(self, role: str) -> None:
        if role == "alone":
            return
        self._role.classes(remove="gb-hide")
        leads = role == "leader"
        self._role_text.set_text(tr("Leads") if leads else tr("Follows"))
        title = (
            tr("This console starts the scheduled checks for every console on this database")
            if leads
            else tr("Another console on this database starts the scheduled checks")
        )
        _say(self._role, title, warn=False)

    def _show_writes(self, pulse: Pulse) -> None:
        count = pulse.waiting_results or pulse.waiting_writes
        self._writes_text.set_text(tr("Pending writes {n}", n=count))
        title = tr("Changes that are not on disk yet")
        if pulse.waiting_results:
            text = trn(
                "{n} result waits to be written back: {reason}",
                "{n} results wait to be written back: {reason}",
                pulse.waiting_results,
                reason=why(pulse.refusal),
            )
            title = f"{text}\n{advice(pulse.refusal)}"
        _say(self._writes, title, warn=count > 0 or not pulse.is_store_alive)

    def _path(self, database: str, source: str) -> None:
        with ui.element("div").classes("gb-foot__part gb-foot__path"):
            icon("database").style("font-size:14px")
            # Cut at its start, so that the file's name stays: a right-to-left box around a text.
            with ui.element("span").classes("gb-foot__cut") as text, ui.element("bdi"):
                ui.label(database).style("display:inline")
            text.props["title"] = f"{database}\n{tr('Chosen by {source}', source=source)}"
            copy_button(database, tr("Copy the database path"))


def _part(path: str, symbol: str) -> ui.link:
    with ui.link(target=path).classes("gb-foot__part", remove="nicegui-link") as part:
        if symbol:
            icon(symbol).style("font-size:14px")
    return part


def _say(part: ui.link, title: str, *, warn: bool) -> None:
    part.props["title"] = title
    part.props["data-warn"] = "true" if warn else "false"
    part.update()
