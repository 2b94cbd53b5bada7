"""Schedule form: when checks start by themselves, what they ask, and what counts as slow."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.card import heading
from components.primitives.field import Field, choice_field, long_field, number_field, text_field
from components.primitives.formats import age_words, epoch_ms, moment_text
from components.primitives.status_dot import Age
from components.primitives.toolbar import Segment
from components.settings.schedule_values import (
    ANON_METHOD_WORDS,
    RESULT_MODE_WORDS,
    choices,
    plain,
    read_time,
    zone_names,
)
from components.status.looks import SLOT_WORDS, USER_TYPE_WORDS
from components.words import tr, trn
from services.schedules.types import ScheduleView
from services.settings.types import Preferences

_HOURS, _DAILY = "hours", "daily"
USUAL_HOURS = 6  # offered when there was no interval before
Patch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScheduleActs:
    """What the form calls."""

    preview: Callable[[int | None, time, str], ScheduleView]
    calls: Callable[[tuple[str, ...]], int]  # conversations of one launch for these user types
    save: Callable[[Patch, dict[str, Field]], Awaitable[object]]


class ScheduleForm(ui.element):
    """Every setting of the checks; nothing is changed before Save."""

    def __init__(self, preferences: Preferences, view: ScheduleView, acts: ScheduleActs) -> None:
        """Show the present settings; load() replaces them."""
        super().__init__("form")
        self.classes("gb-form").on("submit.prevent", self._save)
        self._acts = acts
        self._now = preferences
        self._fields: dict[str, Field] = {}
        with self:
            self._switch = ui.switch(
                tr("Check by itself"), value=preferences.e2e_enabled, on_change=self._touch
            ).classes("gb-form__wide")
            self._when(preferences)
            self._preview_box(view)
            self._what(preferences)
            self._limits(preferences)
            self._buttons()
        self._show_kind()
        self._touch()

    def load(self, preferences: Preferences) -> None:
        """Show other settings, e.g. after a save here or elsewhere; what is being typed is kept."""
        typed = self._patch()
        self._now = preferences
        self._fill(preferences, typed)
        self._touch()

    # -- parts

    def _when(self, preferences: Preferences) -> None:
        kind = _DAILY if preferences.e2e_interval_hours is None else _HOURS
        with Field(tr("How often")).classes("gb-form__wide") as field:
            self._kind = Segment(
                {_HOURS: tr("Every few hours"), _DAILY: tr("Once a day")},
                kind,
                lambda _: self._touch(),
                name=tr("How often"),
            )
            field.hold(self._kind)
        self._add(
            "e2e_interval_hours",
            number_field(
                tr("Hours between checks"),
                preferences.e2e_interval_hours or USUAL_HOURS,
                low=3,
                high=24,
                unit="h",
            ),
        )
        self._add(
            "e2e_daily_time",
            text_field(tr("Time of day"), preferences.e2e_daily_time, hint="HH:MM"),
        )
        zones = list(zone_names())
        if preferences.e2e_timezone not in zones:
            zones.insert(0, preferences.e2e_timezone)
        self._add(
            "e2e_timezone",
            choice_field(
                tr("Time zone"),
                zones,
                preferences.e2e_timezone,
                filtered=True,
                hint=tr("Times of the whole console are shown in it"),
            ),
        )

    def _preview_box(self, view: ScheduleView) -> None:
        with ui.element("div").classes("gb-next gb-form__wide").props("aria-live=polite"):
            self._next = ui.label("").classes("t-strong")
            self._next_age = Age(None, age_words()).classes("c-muted")
            ui.element("div").classes("gb-grow")
            self._cost = ui.label("").classes("c-muted")
        missed = view.missed[0] if view.missed else None
        if missed is not None:
            text = tr(
                "Last irregular slot: {state}, {at}",
                state=tr(SLOT_WORDS[missed.state]),
                at=moment_text(missed.slot_at, view.zone),
            )
            ui.label(text).classes("t-meta c-faint gb-form__wide")

    def _what(self, preferences: Preferences) -> None:
        heading(tr("What is asked"), level=3).classes("gb-form__part")
        self._add(
            "e2e_prompt_text",
            long_field(
                tr("What every model is asked"), preferences.e2e_prompt_text, most=500
            ).classes("gb-form__wide"),
        )
        with Field(tr("Who asks")) as field:
            with ui.element("div").classes("gb-row gap-16") as row:
                self._types = {
                    str(kind): ui.checkbox(
                        tr(name),
                        value=str(kind) in preferences.e2e_user_types,
                        on_change=self._touch,
                    )
                    for kind, name in USER_TYPE_WORDS.items()
                }
            field.hold(row)
        self._fields["e2e_user_types"] = field
        self._add(
            "e2e_anon_method",
            choice_field(
                tr("Anonymous sign-in"), choices(ANON_METHOD_WORDS), preferences.e2e_anon_method
            ),
        )
        self._add(
            "e2e_result_mode",
            choice_field(
                tr("Reply is judged"), choices(RESULT_MODE_WORDS), preferences.e2e_result_mode
            ),
        )
        with Field(tr("Finer structure rules")) as strict:
            self._strict = ui.switch(
                tr("Fail a reply on them too"),
                value=preferences.e2e_strict,
                on_change=self._touch,
            )
            strict.hold(self._strict)

    def _limits(self, preferences: Preferences) -> None:
        heading(tr("Limits"), level=3).classes("gb-form__part")
        rows = (
            ("e2e_model_timeout_s", tr("Time limit per model"), 10, 600, "s"),
            ("e2e_launch_timeout_s", tr("Time limit of a whole run"), 60, 7200, "s"),
            ("e2e_slow_total_ms", tr("Slow from (whole reply)"), 100, 600_000, "ms"),
            ("e2e_slow_ttft_ms", tr("Slow from (first token)"), 100, 600_000, "ms"),
        )
        for name, label, low, high, unit in rows:
            value = getattr(preferences, name)
            self._add(name, number_field(label, value, low=low, high=high, unit=unit))

    def _buttons(self) -> None:
        with ui.element("div").classes("gb-form__acts gb-form__wide"):
            self._state = ui.label("").classes("t-meta c-faint gb-grow")
            self._discard = button(tr("Discard"), self._reset, kind="quiet")
            self._submit = button(tr("Save"), None, kind="primary", acts=True).props("type=submit")

    def _add(self, name: str, field: Field) -> None:
        self._fields[name] = field
        field.control.on_value_change(self._touch)

    # -- state

    def _values(self) -> Patch:
        hours = self._kind.value == _HOURS
        values: Patch = {
            name: plain(field.control.value)
            for name, field in self._fields.items()
            if name != "e2e_user_types"
        }
        values["e2e_enabled"] = bool(self._switch.value)
        values["e2e_strict"] = bool(self._strict.value)
        values["e2e_user_types"] = tuple(k for k, box in self._types.items() if box.value)
        if not hours:
            values["e2e_interval_hours"] = None
        else:
            values["e2e_daily_time"] = self._now.e2e_daily_time
        return values

    def _patch(self) -> Patch:
        stored = asdict(self._now)
        return {name: value for name, value in self._values().items() if stored[name] != value}

    def _touch(self, *_: object) -> None:
        self._show_kind()
        changed = len(self._patch())
        self._submit.set_enabled(changed > 0)
        self._discard.set_visibility(changed > 0)
        self._state.set_text(
            trn("{n} change not saved", "{n} changes not saved", changed) if changed else ""
        )
        self._show_preview()

    def _show_kind(self) -> None:
        hours = self._kind.value == _HOURS
        self._fields["e2e_interval_hours"].set_visibility(hours)
        self._fields["e2e_daily_time"].set_visibility(not hours)

    def _show_preview(self) -> None:
        values = self._values()
        if not values["e2e_enabled"]:
            self._say_next(tr("No check starts by itself"), None, "", "")
            return
        daily = read_time(values["e2e_daily_time"])
        hours = values["e2e_interval_hours"]
        is_whole = hours is None or (isinstance(hours, int) and 3 <= hours <= 24)
        if daily is None or not is_whole:
            self._say_next(tr("Correct the time to see the next check"), None, "", "")
            return
        zone = str(values["e2e_timezone"])
        view = self._acts.preview(hours, daily, zone)
        calls = self._acts.calls(values["e2e_user_types"])
        per_day = trn(
            "{n} conversation a day", "{n} conversations a day", calls * view.launches_per_day
        )
        self._say_next(tr("Next check"), view.next_at, zone, per_day)

    def _say_next(self, text: str, at: datetime | None, zone: str, cost: str) -> None:
        whole = moment_text(at, zone) if at is not None else ""
        self._next.set_text(f"{text} {whole}".strip())
        self._next_age.set_visibility(at is not None)
        self._next_age.count_from(epoch_ms(at), whole)
        self._cost.set_text(cost)

    def _fill(self, preferences: Preferences, typed: Patch) -> None:
        """Put stored values into the controls, but for the ones that are being changed."""
        if not {"e2e_interval_hours", "e2e_daily_time"} & typed.keys():
            hours = preferences.e2e_interval_hours
            self._kind.choose(_DAILY if hours is None else _HOURS)
            self._fields["e2e_interval_hours"].control.value = hours or USUAL_HOURS
        if "e2e_enabled" not in typed:
            self._switch.value = preferences.e2e_enabled
        if "e2e_strict" not in typed:
            self._strict.value = preferences.e2e_strict
        if "e2e_user_types" not in typed:
            for kind, box in self._types.items():
                box.value = kind in preferences.e2e_user_types
        stored = asdict(preferences)
        for name, field in self._fields.items():
            if name not in typed and name not in ("e2e_interval_hours", "e2e_user_types"):
                field.control.value = stored[name]

    def _reset(self) -> None:
        for field in self._fields.values():
            field.refuse("")
        self._fill(self._now, {})
        self._touch()

    async def _save(self) -> None:
        patch = self._patch()
        if patch:
            await self._acts.save(patch, self._fields)
