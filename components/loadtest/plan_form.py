"""Plan form: what a load test shall do, with an error at each field while it is typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.loadtest.limits import MESSAGE, MESSAGE_MOST, MODES, NUMBERS
from components.loadtest.plan_words import users_word, way_note
from components.loadtest.row_list import Cell, RowList
from components.loadtest.threshold_list import ThresholdList
from components.loadtest.words import MODE_WORDS
from components.primitives.field import Field, choice_field, long_field, number_field, text_field
from components.primitives.toolbar import Segment
from components.status.looks import user_type_word
from components.words import tr
from services.accounts.types import UserType
from services.foundation.messages import Message

LOAD, STAGES, SAFE = "load", "stages", "safe"
CLOSED, OPEN = "closed", "open"
CALLS, TIME = "requests", "seconds"
_MORE = ("cap", "timeout_s", "sign_ins")
_STOPS = ("stop_error_share", "stop_errors", "stop_p95_ttft_ms", "good_ttft_ms", "good_total_ms")
_NOT_OF_FINDER = ("cap", "stop_errors")
_FINDER: Mapping[str, Any] = {"users": 200, "seconds": 10}  # shown when it is chosen
_DEFAULTS: Mapping[str, Any] = {"users": 10, "requests": 20, "seconds": 30, "rate": 5, "ramp_s": 0}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form offers: the models, the cap of the settings, the name to be typed."""

    models: Sequence[str]
    cap: int
    confirm: str = ""  # name of a target marked as production


class PlanForm(ui.element):
    """The fields of a plan; `on_change` is told after each change."""

    def __init__(
        self, offer: Offer, begin: Mapping[str, Any], on_change: Callable[[], Any]
    ) -> None:
        """Show the plan to begin with; what it leaves out has sensible values."""
        super().__init__("div")
        self.classes("lt-form")
        self._offer = offer
        self._begin = {**_DEFAULTS, **{k: v for k, v in begin.items() if v is not None}}
        self._on_change = on_change
        self.fields: dict[str, Field] = {}
        stages = begin.get("stages") or ()
        self._kind = STAGES if stages else LOAD
        self._is_open = bool(begin.get("rate")) or any(s.get("rate") for s in stages)
        self._end = TIME if begin.get("seconds") and not begin.get("requests") else CALLS
        with self:
            self._draw_kind()
            self._draw_amounts()
            self._draw_what()
            self._draw_more()
            self._draw_confirm()
        self._arrange()

    # -- drawing

    def _draw_kind(self) -> None:
        kinds = {
            LOAD: tr("Steady load"),
            STAGES: tr("In stages"),
            SAFE: tr("Find the safe number"),
        }
        with ui.element("div").classes("gb-row gb-wrap gb-form__wide"):
            self._kinds = Segment(kinds, self._kind, self._choose_kind, name=tr("Kind of test"))
            ways = {CLOSED: tr("Users"), OPEN: tr("Arrivals")}
            way = OPEN if self._is_open else CLOSED
            self._ways = Segment(ways, way, self._choose_way, name=tr("Model of load"))
        self._way_note = ui.label("").classes("t-meta c-faint gb-form__wide")

    def _draw_amounts(self) -> None:
        self._number("users")
        self._number("rate")
        end = Field(tr("Ends after"))
        ends = {CALLS: tr("Calls"), TIME: tr("Time")}
        with end:
            end.hold(Segment(ends, self._end, self._choose_end, name=tr("Ends after")))
        self.fields["end"] = end
        self._number(CALLS)
        self._number(TIME)
        self._number("ramp_s")
        self._draw_stages()

    def _draw_stages(self) -> None:
        field = Field(tr("Stages: the level is reached evenly by the end of each"))
        with field:
            cells, fresh = self._stage_cells()
            rows = self._begin.get("stages") or [fresh, {**fresh, "seconds": 30}]
            self._stages = RowList(cells, rows, fresh, tr("Add a stage"), self._changed)
            field.hold(self._stages)
        self.fields["stages"] = field.classes("gb-form__wide")

    def _stage_cells(self) -> tuple[list[Cell], dict[str, Any]]:
        name = "rate" if self._is_open else "users"
        label = tr("Arrivals a second") if self._is_open else tr("Users")
        unit = tr("/s") if self._is_open else tr("users")
        cells = [Cell("seconds", tr("Seconds"), tr("s")), Cell(name, label, unit)]
        return cells, {"seconds": 10, name: 5 if self._is_open else 10}

    def _draw_what(self) -> None:
        models = Field(tr("Models"), tr("Asked in turn"))
        begin = [key for key in self._begin.get("models") or () if key]
        known = list(dict.fromkeys([*self._offer.models, *begin]))
        choice: Any = ui.select(
            known, value=begin, multiple=True, clearable=True, new_value_mode="add-unique"
        )
        choice.props("use-chips").on_value_change(self._models_changed)
        self._models = models.hold(choice)
        self.fields["models"] = models.classes("lt-form__half")
        self._models_changed()
        kinds = {
            str(kind): user_type_word(kind) for kind in (UserType.ANONYMOUS, UserType.PERMANENT)
        }
        identity = Field(tr("Identity"))
        with identity:
            kind = str(self._begin.get("user_type") or UserType.ANONYMOUS)
            self._identity = Segment(kinds, kind, lambda _: self._changed(), name=tr("Identity"))
            identity.hold(self._identity)
        self.fields["user_type"] = identity.classes("lt-form__half")
        text = str(self._begin.get("message") or MESSAGE)
        message = long_field(tr("Message"), text, most=MESSAGE_MOST, on_change=self._changed)
        message.control.props("debounce=300")
        self.fields["message"] = message.classes("gb-form__wide")

    def _draw_more(self) -> None:
        is_used = any(self._begin.get(name) for name in (*_STOPS, "thresholds", "sign_ins"))
        more = ui.expansion(tr("Limits, stop rules, thresholds"), value=is_used)
        with more.classes("gb-form__wide lt-more"), ui.element("div").classes("lt-form"):
            self._begin.setdefault("cap", self._offer.cap)
            self._begin.setdefault("timeout_s", 120)
            for name in (*_MORE, *_STOPS):
                self._number(name)
            self._draw_mode()
            begin = self._begin.get("thresholds") or ()
            self._thresholds = ThresholdList(begin, self._changed)
            self.fields["thresholds"] = self._thresholds.field.classes("gb-form__wide")

    def _draw_mode(self) -> None:
        modes = {mode: tr(MODE_WORDS[mode]) for mode in MODES}
        mode = choice_field(
            tr("Result mode"), modes, str(self._begin.get("result_mode") or MODES[0])
        )
        mode.control.on_value_change(self._changed)
        self.fields["result_mode"] = mode

    def _draw_confirm(self) -> None:
        self._confirm = ui.element("div").classes("gb-form__wide")
        self.ask_name(self._offer.confirm)

    def offer_models(self, models: Sequence[str]) -> None:
        """Offer these keys too: what a foreign target maps is only known once it was asked."""
        known = list(dict.fromkeys([*self._models.options, *models]))
        if known != self._models.options:
            self._models.set_options(known, value=self._models.value)

    def ask_name(self, name: str) -> None:
        """Ask for the name of a production target to be typed; empty: ask for nothing."""
        self.fields.pop("confirm", None)
        self._confirm.clear()
        self._confirm.set_visibility(bool(name))
        if name:
            with self._confirm:
                label = tr("{name} is marked as production. Type its name to go on", name=name)
                self.fields["confirm"] = text_field(label, on_change=self._changed)

    def _number(self, name: str) -> None:
        spec = NUMBERS[name]
        value = self._begin.get(name)
        if value is not None and spec.scale != 1:
            value = round(value / spec.scale, 4)
        field = number_field(
            tr(spec.label),
            value,
            low=spec.low,
            high=spec.high,
            unit=tr(spec.unit) if spec.unit else "",
            hint=tr(spec.hint) if spec.hint else "",
        )
        field.control.props("debounce=200").on_value_change(self._changed)
        self.fields[name] = field

    # -- what is shown

    @property
    def is_finder(self) -> bool:
        """Whether the safe number of users shall be found."""
        return self._kind == SAFE

    def _arrange(self) -> None:
        is_open = self._is_open and not self.is_finder
        is_steady = self._kind == LOAD
        shown = {
            "users": is_steady or is_open or self.is_finder,
            "rate": is_open and is_steady,
            "end": is_steady,
            CALLS: is_steady and self._end == CALLS,
            TIME: (is_steady and self._end == TIME) or self.is_finder,
            "ramp_s": is_steady,
            "stages": self._kind == STAGES,
            "cap": not self.is_finder,
            "stop_errors": not self.is_finder,
        }
        for name, is_shown in shown.items():
            self.fields[name].set_visibility(is_shown)
        self._ways.set_visibility(not self.is_finder)
        self.fields["users"].rename(users_word(is_finder=self.is_finder, is_open=is_open))
        self.fields[TIME].rename(tr("Each step for") if self.is_finder else tr("Begin calls for"))
        self._way_note.set_text(way_note(is_finder=self.is_finder, is_open=is_open))

    def _choose_kind(self, value: str) -> None:
        was, self._kind = self._kind, value
        if SAFE in (was, value):
            begin = _FINDER if value == SAFE else {name: self._begin[name] for name in _FINDER}
            for name, number in begin.items():
                self.fields[name].control.set_value(number)
        self._arrange()
        self._changed()

    def _choose_way(self, value: str) -> None:
        self._is_open = value == OPEN
        cells, fresh = self._stage_cells()
        self._stages.offer(cells, [fresh, {**fresh, "seconds": 30}], fresh)
        self._arrange()
        self._changed()

    def _choose_end(self, value: str) -> None:
        self._end = value
        self._arrange()
        self._changed()

    def _models_changed(self, _event: object = None) -> None:
        word = None if self._models.value else tr("All the target maps")
        if self._models.props.get("placeholder") != word:
            self._models.props["placeholder"] = word
            self._models.update()
        if _event is not None:
            self._changed()

    def _changed(self, _event: object = None) -> None:
        self._on_change()

    # -- the plan

    def values(self) -> dict[str, Any]:
        """Return the plan as programs say it; what is not shown is left out."""
        names = [*_MORE, *_STOPS, "users"]
        if self.is_finder:
            names = [*(name for name in names if name not in _NOT_OF_FINDER), TIME]
        if self._kind == LOAD:
            names += ["ramp_s", self._end, *(["rate"] if self._is_open else [])]
        found = {name: self._typed(name) for name in names}
        if self._kind == STAGES:
            found["stages"] = self._stages.rows
            if not self._is_open:
                found["users"] = max(
                    (row.get("users") or 1 for row in self._stages.rows), default=1
                )
        found |= {
            "models": list(self._models.value or ()),
            "user_type": self._identity.value,
            "result_mode": self.fields["result_mode"].control.value,
            "message": self.fields["message"].control.value or "",
            "thresholds": self._thresholds.values(),
        }
        if "confirm" in self.fields:
            found["confirm"] = self.fields["confirm"].control.value or ""
        return {name: value for name, value in found.items() if value not in (None, [])}

    def _typed(self, name: str) -> Any:
        value, spec = self.fields[name].control.value, NUMBERS[name]
        if not isinstance(value, int | float):
            return value or None
        scaled = value * spec.scale
        return int(scaled) if float(scaled).is_integer() else scaled

    def refuse(self, errors: Mapping[str, Message]) -> None:
        """Show each error at its field and clear the others; unknown fields are left to the page."""
        for name, field in self.fields.items():
            message = errors.get(name)
            field.refuse(message if message is not None else "")
